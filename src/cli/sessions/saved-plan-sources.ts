import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { PlanFile } from '../../flows/saved-plan-file.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';

/** What was said on the command line about a saved plan. */
export interface GivenSources {
  readonly inventory?: string | undefined;
  readonly playbook?: string | undefined;
  readonly planSha256?: string | undefined;
  readonly yes?: true;
  readonly input: boolean;
}

export interface Asking {
  readonly inIsTerminal: boolean;
  /** Rejects unless somebody says yes. */
  readonly ask: (question: string) => Promise<void>;
}

/** What a saved plan is planned anew from. */
export interface ChosenSources {
  readonly inventory: string;
  /** Undefined: the playbook that comes with outrigger. */
  readonly playbook: string | undefined;
}

/**
 * The inventory and the playbook of a saved plan. An inventory names programs to run and hosts to connect to, so what the file
 * says counts only where its digest was given, or where somebody has seen the paths and said yes. Nothing is read before. Throws
 * USAGE where nobody can be asked, REFUSED where the file is not what it was or others can write it.
 */
export async function chooseSources(
  plan: PlanFile,
  given: GivenSources,
  { inIsTerminal, ask }: Asking,
): Promise<ChosenSources> {
  const { saved, file, foreign } = plan;
  const isKnown = isThatPlan(plan, given.planSha256);
  if (foreign !== undefined && !isKnown) throw notOurs(file, foreign);
  const named = namedByFile(plan, given);
  if (named.length > 0 && !isKnown) {
    const what = named.join(' and ');
    if (given.yes === true || !given.input || !inIsTerminal) throw notNamed(given, what);
    await ask(
      `This plan was made from ${what}. Read it, run the programs it names and connect to its hosts?`,
    );
  }
  return {
    inventory: given.inventory ?? saved.inventory.path,
    playbook: given.playbook ?? saved.playbook.path,
  };
}

/** What would be read because the file says so. */
function namedByFile({ file, saved }: PlanFile, given: GivenSources): readonly string[] {
  const { inventory, playbook } = saved;
  return [
    ...(given.inventory === undefined ? [`the inventory ${placeOf(file, inventory.path)}`] : []),
    ...(given.playbook === undefined && playbook.path !== undefined
      ? [`the playbook ${placeOf(file, playbook.path)}`]
      : []),
  ];
}

function isThatPlan({ file, digest }: PlanFile, desired: string | undefined): boolean {
  if (desired === undefined) return false;
  if (desired.toLowerCase() === digest) return true;
  throw new OutriggerError(
    'REFUSED',
    `${printable(file)} does not match --plan-sha256: its digest is ${digest}`,
    { hint: 'review it with `outrigger show`, or plan again' },
  );
}

const notOurs = (file: string, why: string): OutriggerError =>
  new OutriggerError('REFUSED', `the saved plan ${printable(file)} is not trusted: ${why}`, {
    hint: 'plan again into a directory of your own, or pass the digest that `plan --out` printed: --plan-sha256 DIGEST',
  });

function notNamed({ inventory }: GivenSources, what: string): OutriggerError {
  const missing = inventory === undefined ? '-i INVENTORY' : '--playbook FILE';
  return new OutriggerError(
    'USAGE',
    `the saved plan was made from ${what}, and there is no terminal to confirm that: nothing was read`,
    {
      hint: `name it on the command line (${missing}), or pass the digest that \`plan --out\` printed (--plan-sha256 DIGEST)`,
    },
  );
}

/** A path as it may be shown, with where it leads. Throws INPUT_INVALID for one that `plan --out` does not write. */
function placeOf(file: string, path: string): string {
  if (!isAbsolute(path))
    throw new OutriggerError(
      'INPUT_INVALID',
      `${printable(file)} was damaged or edited: ${printable(path)} is not an absolute path`,
    );
  const target = realPathOf(path);
  return target === path ? printable(path) : `${printable(path)} (which is ${printable(target)})`;
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
