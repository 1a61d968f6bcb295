import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK = 1024 * 1024;

/** A pipe that the shell has opened already (`-i /dev/stdin`, `-i <(command)`): somebody is writing. */
const OPENED = /^\/dev\/(?:stdin|fd\/\d+)$/;

/** A file on this machine: what is in it, and who may do what with it. */
export interface LocalFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
}

/** The content of a file on this machine; see `openLocalFile`. */
export const readLocalFile = (path: string, limit: number): Buffer =>
  openLocalFile(path, limit).content;

/**
 * A file on this machine, at most `limit` bytes. Throws for everything that is no regular file, nor a pipe from the
 * shell: a FIFO would keep us waiting, and a device never ends. `/dev/null` is empty, as ssh_config uses it.
 */
export function openLocalFile(path: string, limit: number): LocalFile {
  const isOpened = OPENED.test(path);
  const file = openSync(path, constants.O_RDONLY | (isOpened ? 0 : constants.O_NONBLOCK));
  try {
    const found = fstatSync(file);
    if (found.isDirectory()) throw new Error('it is a directory');
    const isReadable = found.isFile() || path === '/dev/null' || (isOpened && found.isFIFO());
    if (!isReadable) throw new Error('it is not a regular file');
    return { content: readUpTo(file, limit), mode: found.mode, uid: found.uid };
  } finally {
    closeSync(file);
  }
}

function readUpTo(file: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(Math.min(CHUNK, limit + 1 - length));
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks);
    length += read;
    if (length > limit) throw new Error(`it is larger than ${limit / 1024 / 1024} MiB`);
    chunks.push(chunk.subarray(0, read));
  }
}
