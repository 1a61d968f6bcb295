import type { Client, SFTPWrapper } from 'ssh2';
import SftpClient from 'ssh2-sftp-client';

const ignore = (): void => undefined;

/** The fields of ssh2-sftp-client that its connect() fills; its types do not show them. */
interface Inside {
  client: Client;
  sftp: SFTPWrapper;
}

/**
 * SFTP in a channel of a connection that is already up. ssh2-sftp-client can only connect by itself, which would be a
 * second login; handed both halves, all its operations work. Never call its `end`: the connection is not its own.
 */
export async function attachSftp(client: Client): Promise<SftpClient> {
  const channel = await openChannel(client);
  // Without a listener an error of the channel would end this process; the operation under way rejects as well.
  channel.on('error', ignore);
  const sftp = new SftpClient('outrigger', { error: ignore, end: ignore, close: ignore });
  const inside: Inside = { client, sftp: channel };
  return Object.assign(sftp, inside);
}

const openChannel = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
