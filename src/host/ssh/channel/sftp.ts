import type { Client, SFTPWrapper } from 'ssh2';
import SftpClient from 'ssh2-sftp-client';
import type { Link } from '../link/link.ts';

const ignore = (): void => undefined;

/** The fields of ssh2-sftp-client that its connect() fills; its types do not show them. */
interface Inside {
  client: Client;
  sftp: SFTPWrapper;
}

/** SFTP for a while; it counts as a session of the connection until it is closed. */
export interface SftpSession {
  readonly sftp: SftpClient;
  close(): void;
}

/**
 * SFTP in a channel of a connection that is already up. ssh2-sftp-client can only connect by itself, which would be a
 * second login; handed both halves, all its operations work. Never call its `end`: the connection is not its own.
 * `held`: the channels of ours that wait for this one.
 */
export async function openSftp({ client, channels }: Link, held: number): Promise<SftpSession> {
  const channel = await channels.open(() => openChannel(client), held);
  channel.once('close', () => {
    channels.release();
  });
  // Without a listener an error of the channel would end this process; the operation under way rejects as well.
  channel.on('error', ignore);
  const sftp = new SftpClient('outrigger', { error: ignore, end: ignore, close: ignore });
  const inside: Inside = { client, sftp: channel };
  return {
    sftp: Object.assign(sftp, inside),
    close: () => {
      channel.end();
    },
  };
}

const openChannel = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
