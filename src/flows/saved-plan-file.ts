import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { whyForeign } from '../host/files/foreign-file.ts';
import { openLocalFile, type LocalFile } from '../host/files/local-file.ts';
import { syncDirectory, writePrivateFile } from '../host/files/private-file.ts';
import { fingerprint } from '../plan/saved/fingerprint.ts';
import {
  savedPlan,
  staleness,
  type SavedPlan,
  type KnownPlaybook,
} from '../plan/saved/saved-plan.ts';
import { isSavedPlan, readSavedPlan, savedPlanAsJson } from '../report/plan/saved-plan-json.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/text/printable.ts';
import { loadSchema } from './load-document.ts';
import type { Planned } from './plan/plan-cluster.ts';

/** Plans of thousands of hosts are a few MiB. */
const MAX_BYTES = 256 * 1024 * 1024;

/** A document of the operator's as it was read. */
export interface Source {
  /** Undefined: the playbook that comes with outrigger. */
  readonly path: string | undefined;
  readonly text: string;
}

/** What a plan was made from. */
export interface Sources {
  readonly inventory: Source & { readonly path: string };
  readonly playbook: Source;
  readonly limit: string | undefined;
}

/** Throws USAGE where a plan must not or cannot be saved: another kind of file is never overwritten. */
export function checkPlanFile(file: string): void {
  if (!existsSync(file)) {
    if (existsSync(dirname(resolve(file)))) return;
    throw new OutriggerError(
      'USAGE',
      `cannot save the plan in ${file}: its directory does not exist`,
    );
  }
  if (isSavedPlan(textOf(file))) return;
  throw new OutriggerError(
    'USAGE',
    `${file} exists and is not a saved plan: it is not overwritten`,
    {
      hint: 'name another file',
    },
  );
}

/** Keeps a plan in a file that only its owner can read, whole or not at all. Returns the digest of the file. */
export function savePlan(
  file: string,
  planned: Planned,
  sources: Sources,
  version: string,
): string {
  checkPlanFile(file);
  const { inventory, playbook, limit } = sources;
  const saved = savedPlan(
    { ...planned, x509: planned.credentials?.desired },
    {
      outrigger: version,
      savedAt: new Date().toISOString(),
      inventory: { ...inventory, path: resolve(inventory.path) },
      playbook: { ...playbook, path: playbook.path && resolve(playbook.path) },
      limit,
      key: randomBytes(32).toString('hex'),
    },
  );
  const text = savedPlanAsJson(saved);
  try {
    writePrivateFile(file, text, { isNew: !existsSync(file) });
    syncDirectory(dirname(resolve(file)));
  } catch (thrown) {
    throw new OutriggerError('USAGE', `cannot save the plan in ${file}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  return digestOf(text);
}

/** A saved plan, and the file that it was read from. */
export interface PlanFile {
  readonly file: string;
  readonly saved: SavedPlan;
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  /** Why it may be the work of another user; undefined: it is not. */
  readonly foreign: string | undefined;
}

/** Reads a saved plan. Throws USAGE when it cannot be read, INPUT_INVALID when it is none or damaged. */
export function readPlanFile(file: string): PlanFile {
  const found = open(file);
  const schemas = { saved: loadSchema('saved-plan'), plan: loadSchema('plan') };
  return {
    file,
    saved: readSavedPlan(file, found.content.toString(), schemas),
    digest: digestOf(found.content),
    foreign: whyForeign(file, found),
  };
}

/** The plan alone, see `readPlanFile`. */
export const loadPlan = (file: string): SavedPlan => readPlanFile(file).saved;

const digestOf = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

const textOf = (file: string): string => open(file).content.toString();

function open(file: string): LocalFile {
  try {
    return openLocalFile(file, MAX_BYTES);
  } catch (thrown) {
    throw new OutriggerError('USAGE', `cannot read the saved plan ${file}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Throws REFUSED when a saved plan was made by another outrigger, or from other documents than these. */
export function refuseOtherSources(
  saved: SavedPlan,
  { inventory, playbook }: Pick<Sources, 'inventory' | 'playbook'>,
  version: string,
): void {
  const isThat = (known: KnownPlaybook, { text }: Source): boolean =>
    known.fingerprint === fingerprint(saved.key, text);
  const others = [
    ...(saved.outrigger === version
      ? []
      : [`it was made by outrigger ${saved.outrigger}, but this is ${version}`]),
    ...(isThat(saved.inventory, inventory) ? [] : [`the inventory ${inventory.path} has changed`]),
    ...(isThat(saved.playbook, playbook)
      ? []
      : [`the playbook ${playbook.path ?? 'built into outrigger'} has changed`]),
  ];
  refuse(others);
}

/** Throws REFUSED when something that a saved plan changes, or depends on, is not what it was, naming it. */
export function refuseStale(saved: SavedPlan, planned: Planned): void {
  refuse(staleness(saved, { ...planned, x509: planned.credentials?.desired }));
}

/** As many as anybody reads before planning again. */
const MOST_REASONS = 20;

function refuse(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const more = reasons.length - MOST_REASONS;
  const reported = [
    ...reasons.slice(0, MOST_REASONS).map(printable),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  throw new OutriggerError(
    'REFUSED',
    `the saved plan is stale; nothing was changed:\n  ${reported.join('\n  ')}`,
    { hint: 'plan again, review the new plan, and apply it' },
  );
}
