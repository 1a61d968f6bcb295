import { readFileSync, unlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isGone, processIdentity } from '../host/files/process-identity.ts';
import { whileLocked } from '../host/files/file-lock.ts';
import { writePrivateFile } from '../host/files/private-file.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/text/printable.ts';
import { authorityPaths, ifThere, makeDirectories, unusable } from './authority-directory.ts';

/**
 * Runs `work` while no other run signs with the authority in this directory: two at a time would each write the list and
 * the certificates of its own. Rejects with REFUSED, saying who does. An interrupted run is known by its process, on its
 * own machine.
 */
export async function whileInUse<T>(directory: string, work: () => Promise<T>): Promise<T> {
  makeDirectories(directory);
  const { inUse: path } = authorityPaths(directory);
  const own = `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}\n${processIdentity() ?? ''}\n`;
  await briefly(path, () => {
    const [holder = '', process = ''] = textOf(path)?.split('\n') ?? [];
    if (holder !== '' && !isGone(process)) throw inUse(directory, path, holder);
    writePrivateFile(path, own);
  });
  try {
    return await work();
  } finally {
    await briefly(path, () => {
      if (textOf(path) === own) unlinkSync(path);
    });
  }
}

async function briefly(path: string, work: () => void): Promise<void> {
  try {
    await whileLocked(path, () => {
      work();
      return Promise.resolve();
    });
  } catch (thrown) {
    throw thrown instanceof OutriggerError ? thrown : unusable(path, messageOf(thrown));
  }
}

const inUse = (directory: string, path: string, holder: string): OutriggerError =>
  new OutriggerError('REFUSED', `the CA ${directory} is in use: ${printable(holder)}`, {
    hint: `wait until that run has ended, then run this command again; if its process has ended, remove ${path}`,
  });

const textOf = (path: string): string | undefined => ifThere(() => readFileSync(path, 'utf8'));
