import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readLocalFile } from '../host/local-file.ts';
import { syncFolder, writePrivateFile } from '../host/private-file.ts';
import { fingerprint } from '../plan/fingerprint.ts';
import { savedPlan, staleness, type SavedPlan, type KnownPlaybook } from '../plan/saved-plan.ts';
import { isSavedPlan, readSavedPlan, savedPlanAsJson } from '../report/saved-plan-json.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/printable.ts';
import { loadSchema } from './load-document.ts';
import type { Planned } from './plan-cluster.ts';

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
    throw new OutriggerError('USAGE', `cannot save the plan in ${file}: its folder does not exist`);
  }
  if (isSavedPlan(textOf(file))) return;
  throw new OutriggerError('USAGE', `${file} is there, and no saved plan: it is not overwritten`, {
    hint: 'name another file',
  });
}

/** Keeps a plan in a file that only its owner can read, whole or not at all. */
export function savePlan(file: string, planned: Planned, sources: Sources, version: string): void {
  checkPlanFile(file);
  const { inventory, playbook, limit } = sources;
  const saved = savedPlan(
    { ...planned, x509: planned.credentials?.wanted },
    {
      outrigger: version,
      savedAt: new Date().toISOString(),
      inventory: { ...inventory, path: resolve(inventory.path) },
      playbook: { ...playbook, path: playbook.path && resolve(playbook.path) },
      limit,
      key: randomBytes(32).toString('hex'),
    },
  );
  try {
    writePrivateFile(file, savedPlanAsJson(saved), { isNew: !existsSync(file) });
    syncFolder(dirname(resolve(file)));
  } catch (thrown) {
    throw new OutriggerError('USAGE', `cannot save the plan in ${file}: ${messageOf(thrown)}`);
  }
}

/** Reads a saved plan. Throws USAGE when it cannot be read, INPUT_INVALID when it is none or damaged. */
export const loadPlan = (file: string): SavedPlan =>
  readSavedPlan(file, textOf(file), { saved: loadSchema('saved-plan'), plan: loadSchema('plan') });

function textOf(file: string): string {
  try {
    return readLocalFile(file, MAX_BYTES).toString();
  } catch (thrown) {
    throw new OutriggerError('USAGE', `cannot read the saved plan ${file}: ${messageOf(thrown)}`);
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
      : [`it was made by outrigger ${saved.outrigger}, and this is ${version}`]),
    ...(isThat(saved.inventory, inventory) ? [] : [`the inventory ${inventory.path} is another`]),
    ...(isThat(saved.playbook, playbook)
      ? []
      : [`the playbook ${playbook.path ?? 'that comes with outrigger'} is another`]),
  ];
  refuse(others);
}

/** Throws REFUSED when something that a saved plan changes, or depends on, is not what it was, naming it. */
export function refuseStale(saved: SavedPlan, planned: Planned): void {
  refuse(staleness(saved, { ...planned, x509: planned.credentials?.wanted }));
}

/** As many as anybody reads before planning again. */
const MOST_REASONS = 20;

function refuse(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const more = reasons.length - MOST_REASONS;
  const told = [
    ...reasons.slice(0, MOST_REASONS).map(printable),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  throw new OutriggerError(
    'REFUSED',
    `the saved plan is stale, nothing was changed:\n  ${told.join('\n  ')}`,
    { hint: 'plan again, read it, and apply that' },
  );
}
