import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK = 1024 * 1024;

/** A pipe that the shell has opened already (`-i /dev/stdin`, `-i <(command)`): somebody is writing. */
const OPENED = /^\/dev\/(?:stdin|fd\/\d+)$/;

/**
 * The content of a file on this machine, at most `limit` bytes. Throws for everything that is no regular file, nor a
 * pipe from the shell: a FIFO would keep us waiting, and a device never ends.
 */
export function readLocalFile(path: string, limit: number): Buffer {
  const isOpened = OPENED.test(path);
  const file = openSync(path, constants.O_RDONLY | (isOpened ? 0 : constants.O_NONBLOCK));
  try {
    const found = fstatSync(file);
    if (found.isDirectory()) throw new Error('it is a directory');
    if (!found.isFile() && !(isOpened && found.isFIFO()))
      throw new Error('it is not a regular file');
    return readUpTo(file, limit);
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
