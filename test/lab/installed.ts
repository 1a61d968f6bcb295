/** outrigger as an operator installs it: built and installed from its sources, on the control seat or on a host. */
import { spawnSync } from 'node:child_process';
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

/** Where it was built, and the folder that belongs into PATH. */
export type Installed = { folder: string; bin: string };

/** `npm run build && npm install --global .`, in a copy of the project. */
export async function install(lab: Lab): Promise<Installed> {
  const folder = join(lab.dir, 'outrigger');
  mkdirSync(folder);
  for (const path of SOURCES) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const options = { cwd: folder, env: process.env, timeoutMs: 1_800_000 };
  await must(['npm', 'run', '-s', 'build'], options);
  const prefix = join(lab.dir, 'usr');
  await must(
    ['npm', 'install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', '.'],
    options,
  );
  return { folder, bin: join(prefix, 'bin') };
}

/** The same on a host: what was built, what it needs, and Node.js. */
export async function installOn(lab: Lab, host: string, { folder }: Installed): Promise<void> {
  const { stdout } = spawnSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const modules = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((path) => path.slice(ROOT.length + 1));
  const archive = (cwd: string, ...paths: string[]): Buffer =>
    spawnSync('tar', ['-ch', '-C', cwd, ...paths], { maxBuffer: 1 << 30 }).stdout;
  const unpack = (to: string) => `mkdir -p ${to} && tar -x -C ${to} --no-same-owner`;
  const limits = { timeoutMs: 600_000 };
  await lab.sh(host, unpack('/'), { ...limits, stdin: archive('/', process.execPath.slice(1)) });
  await lab.sh(host, unpack('/opt/outrigger'), { ...limits, stdin: archive(ROOT, ...modules) });
  await lab.sh(
    host,
    `${unpack('/opt/outrigger')} && ln -s /opt/outrigger/dist/cli/start.cjs /usr/local/bin/outrigger`,
    { ...limits, stdin: archive(folder, 'dist', 'schemas', 'playbooks', 'package.json') },
  );
}
