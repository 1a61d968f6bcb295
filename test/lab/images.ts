/** The images that hosts are overlays of: built once per machine, shared by all labs. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, scripts } from './paths.ts';

export type Images = {
  /** Packages for offline installs, mounted at /srv/repo of every host. */
  repo: string;
  /** Directories for overlayfs, top first. */
  layers(kind: ImageKind): string[];
};

export type ImageKind = 'bare' | 'firewalld' | 'cluster' | 'pcs';

type Layer = { name: ImageKind; over: ImageKind[]; packages: string[] };

/** Layers over the bare image, in building order. */
const LAYERS: readonly Layer[] = [
  { name: 'firewalld', over: ['bare'], packages: ['firewalld'] },
  {
    name: 'cluster',
    over: ['bare'],
    packages: ['pacemaker', 'pacemaker-cli-utils', 'corosync', 'resource-agents'],
  },
  { name: 'pcs', over: ['cluster', 'bare'], packages: ['pcs'] },
];

const BUILT_FROM = ['image.sh', 'customize.sh', 'fence_lab'];

/** Builds what is missing (half a minute), waiting for another process that builds the same. */
export async function ensureImages(suite = 'trixie'): Promise<Images> {
  if (!/^[a-z]+$/.test(suite)) throw new Error(`lab: '${suite}' is no name of a Debian suite`);
  const dir = join(cacheDir, `${suite}-${hashOf()}`);
  await script('dependencies.sh', []);
  if (!existsSync(dir)) {
    mkdirSync(cacheDir, { recursive: true });
    await script('build-images.sh', [dir, suite, ...LAYERS.map(layerLine)]);
  }
  // Images that nobody used for a week are removed by the next build.
  utimesSync(dir, new Date(), new Date());
  return {
    repo: join(dir, 'repo'),
    layers: (kind) => [kind, ...overOf(kind)].map((name) => join(dir, name)),
  };
}

function overOf(kind: ImageKind): ImageKind[] {
  return LAYERS.find((layer) => layer.name === kind)?.over ?? [];
}

/** One layer as the build script takes it: `name over,over package package`. */
function layerLine(layer: Layer): string {
  return [layer.name, layer.over.join(','), ...layer.packages].join(' ');
}

/** Another recipe is another image. */
function hashOf(): string {
  const hash = createHash('sha256').update(JSON.stringify(LAYERS));
  hash.update(process.env['OUTRIGGER_LAB_MIRROR'] ?? '');
  for (const file of BUILT_FROM) hash.update(readFileSync(join(scripts, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Runs one of the lab's own scripts, its messages on our standard error. */
function script(name: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(scripts, name), args, { stdio: ['ignore', 2, 2] });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`lab: ${name} failed (exit ${code ?? 'by a signal'})`));
    });
  });
}
