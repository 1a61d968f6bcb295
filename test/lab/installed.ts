/** outrigger as an operator installs it: built and installed from its sources on the control seat. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './handle.ts';
import { must } from './run.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = [
  'src',
  'schemas',
  'playbooks',
  'docs/man',
  'scripts',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** The folder that belongs into PATH. */
export type Installed = { bin: string };

/** `npm run build && npm install --global .`, in a copy of the project. */
export async function install(lab: Lab): Promise<Installed> {
  const folder = join(lab.dir, 'outrigger');
  mkdirSync(folder);
  for (const path of SOURCES) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const options = { cwd: folder, env: process.env, timeoutMs: 300_000 };
  await must(['npm', 'run', '-s', 'build'], options);
  const prefix = join(lab.dir, 'usr');
  await must(
    ['npm', 'install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', '.'],
    options,
  );
  return { bin: join(prefix, 'bin') };
}
