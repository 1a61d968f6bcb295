/** lab.json: what is written down about a lab, so that any process can work on it. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './paths.ts';
import type { LabRecord } from './types.ts';

export function readRecord(dir: string): LabRecord {
  const file = join(dir, 'lab.json');
  if (!existsSync(file)) throw new Error(`lab: no lab in ${dir}`);
  return JSON.parse(readFileSync(file, 'utf8')) as LabRecord;
}

export function writeRecord(lab: LabRecord): void {
  const file = join(lab.dir, 'lab.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(lab, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Names of all labs that left a directory, whole or not. */
export function labNames(): string[] {
  return existsSync(stateDir) ? readdirSync(stateDir) : [];
}
