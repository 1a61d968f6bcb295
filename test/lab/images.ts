/** The images that hosts are overlays of: built once per machine, shared by all labs. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, rhelRecipe, scripts } from './paths.ts';

export type Images = {
  /** Packages for offline installs, mounted at /srv/repo of every host. */
  repo: string;
  /** Directories for overlayfs, top first. */
  layers(kind: ImageKind): string[];
};

/** `libvirt` (QEMU too) goes on top of a cluster node, `kernel` on top of a bare host that is a domain. */
export type ImageKind = 'bare' | 'firewalld' | 'cluster' | 'pcs' | 'rhel' | 'libvirt' | 'kernel';

/** What a lab needs beyond what every lab needs. */
export type Extras = { rhel: boolean; domains: boolean };

type Layer = {
  name: Exclude<ImageKind, 'rhel' | 'libvirt' | 'kernel'>;
  over: ImageKind[];
  packages: string[];
};

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

/** What stands below a host that behaves as RHEL does: RHEL has firewalld from the start. */
const BELOW_RHEL: readonly ImageKind[] = ['firewalld', 'bare'];

const BUILT_FROM = ['sh/image.sh', 'sh/in-layer.sh', 'sh/customize.sh', 'sh/fence_lab'];
const RHEL_BUILT_FROM = [
  'sh/build-rhel.sh',
  ...readdirSync(rhelRecipe).map((file) => `rhel/${file}`),
];
const DOMAINS_BUILT_FROM = ['sh/build-domains.sh'];

/**
 * Builds what is missing, waiting for another process that builds the same. Most labs have no host that behaves as
 * RHEL does and no domain: the layers for these are made when the first lab asks for them.
 */
export async function ensureImages(
  suite = 'trixie',
  extras: Extras = { rhel: false, domains: false },
): Promise<Images> {
  if (!/^[a-z]+$/.test(suite)) throw new Error(`lab: '${suite}' is no name of a Debian suite`);
  const recipe = hashOf([JSON.stringify(LAYERS)], BUILT_FROM);
  const dir = join(cacheDir, `${suite}-${recipe}`);
  await script('dependencies.sh', []);
  await ensure(dir, `the images of ${suite}`, ['build-images.sh', suite, ...LAYERS.map(layerLine)]);
  const repo = join(dir, 'repo');
  const rhelDir = join(cacheDir, `rhel-${suite}-${hashOf([recipe], RHEL_BUILT_FROM)}`);
  const domainsDir = join(cacheDir, `domains-${suite}-${hashOf([recipe], DOMAINS_BUILT_FROM)}`);
  const layers: Images['layers'] = (kind) => {
    if (kind === 'libvirt' || kind === 'kernel') return [join(domainsDir, kind)];
    if (kind === 'rhel') {
      return [join(rhelDir, kind), ...BELOW_RHEL.map((name) => join(dir, name))];
    }
    return [kind, ...overOf(kind)].map((name) => join(dir, name));
  };
  if (extras.rhel) {
    const lower = layers('rhel').slice(1).join(':');
    await ensure(rhelDir, `the RHEL-like image over ${suite}`, [
      'build-rhel.sh',
      suite,
      lower,
      repo,
    ]);
  }
  if (extras.domains) {
    const lowers = [layers('cluster').join(':'), layers('bare').join(':')];
    await ensure(domainsDir, `libvirt and a kernel over ${suite}`, [
      'build-domains.sh',
      suite,
      ...lowers,
      repo,
    ]);
  }
  return { repo, layers };
}

/** Has a directory built that is not there yet. */
async function ensure(dir: string, label: string, builder: readonly string[]): Promise<void> {
  if (!existsSync(dir)) {
    mkdirSync(cacheDir, { recursive: true });
    await script('build-once.sh', [dir, label, ...builder]);
  }
  // Images that nobody used for a week are removed by the next build.
  utimesSync(dir, new Date(), new Date());
}

function overOf(kind: ImageKind): ImageKind[] {
  return LAYERS.find((layer) => layer.name === kind)?.over ?? [];
}

/** One layer as the build script takes it: `name over,over package package`. */
function layerLine(layer: Layer): string {
  return [layer.name, layer.over.join(','), ...layer.packages].join(' ');
}

/** Another recipe is another image. */
function hashOf(texts: readonly string[], files: readonly string[]): string {
  const hash = createHash('sha256').update(process.env['OUTRIGGER_LAB_MIRROR'] ?? '');
  for (const text of texts) hash.update(text);
  for (const file of files) hash.update(readFileSync(join(scripts, '..', file)));
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
