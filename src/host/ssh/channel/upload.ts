import { posix } from 'node:path';
import type SftpClient from 'ssh2-sftp-client';
import { bounded, type Link } from '../link/link.ts';
import { openSftp, type SftpSession } from './sftp.ts';

/** Far more than a key or a certificate takes; what hangs shall leave time for the other way. */
const UPLOAD_TIMEOUT_MS = 20_000;

/** The one file of a private directory on a host (install-file.sh). */
const NAME = 'content';

/** The script that has made the directory runs in a channel of its own, and waits. */
const HELD = 1;

/** Puts the content into a private directory of the SSH user, by SFTP. Rejects where anything is in the way of that. */
export async function upload(link: Link, directory: string, content: Uint8Array): Promise<void> {
  const bound = { what: 'the SFTP transfer', timeoutMs: UPLOAD_TIMEOUT_MS };
  const opening = openSftp(link, HELD);
  let session: SftpSession | undefined;
  try {
    session = await bounded(link, bound, opening);
    await bounded(link, bound, put(session.sftp, posix.join(directory, NAME), content));
  } finally {
    if (session !== undefined) session.close();
    // It may still be opened after its time, and would take a session of the host for nothing.
    else
      void opening
        .then((late) => {
          late.close();
        })
        .catch(() => undefined);
  }
}

/** Never into a file that is there, and readable by nobody else at any moment. */
async function put(sftp: SftpClient, path: string, content: Uint8Array): Promise<void> {
  await sftp.put(Buffer.from(content), path, {
    writeStreamOptions: { flags: 'wx' as 'w', mode: 0o600 },
  });
  // A write that fails half-way (no space left) closes the stream without an error, and put() resolves.
  const { size } = await sftp.stat(path);
  if (size !== content.length)
    throw new Error(`only ${size} of ${content.length} bytes could be written`);
}
