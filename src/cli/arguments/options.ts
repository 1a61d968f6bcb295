import { Command, InvalidArgumentError, Option } from 'commander';
import { newCode } from '../../model/renamed-codes.ts';
import { BY_NAME, RISKS } from '../../model/risk.ts';
import type { BatchSize } from '../../playbook/playbook.ts';
import { durationMs } from '../../support/values/duration.ts';
import { OutriggerError } from '../../support/errors.ts';

/** Options that several commands share, as commander hands them over. */
export interface SharedOptions {
  readonly inventory: string;
  readonly json?: true;
  readonly limit?: string | undefined;
  readonly forks: number;
  readonly playbook?: string | undefined;
  /** Milliseconds. */
  readonly lockWait?: number;
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9][0-9]{0,4}$/.test(text))
    throw new InvalidArgumentError('must be an integer from 1 to 99999');
  return Number(text);
};

/** `5` or `20%`. */
export const batchSize = (text: string): BatchSize => {
  const found = /^([0-9]{1,5})(%?)$/.exec(text);
  if (found?.[1] === undefined)
    throw new InvalidArgumentError('must be a number of hosts (5) or a percentage (20%)');
  return found[2] === '%' ? `${Number(found[1])}%` : Number(found[1]);
};

/** `1,10%,50` */
export const batchSizes = (text: string): readonly BatchSize[] => text.split(',').map(batchSize);

const duration = (text: string): number => {
  if (!/^[0-9]{1,6}(ms|s|m|min|h)?$/.test(text))
    throw new InvalidArgumentError('must be a duration such as 30s or 10min');
  return durationMs(text);
};

/** 64 hexadecimal digits, as sha256sum prints them. */
export const sha256 = (text: string): string => {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new InvalidArgumentError('must be a SHA-256 digest (64 hexadecimal digits)');
  return text;
};

/** Below that a lease could not outlast one edit of the CIB, and above it a day goes by. */
const [SHORTEST_LEASE, LONGEST_LEASE] = ['10s', '24h'] as const;

const leaseTime = (text: string): number => {
  const ms = duration(text);
  if (ms < durationMs(SHORTEST_LEASE) || ms > durationMs(LONGEST_LEASE))
    throw new InvalidArgumentError(`must be a duration from ${SHORTEST_LEASE} to ${LONGEST_LEASE}`);
  return ms;
};

const riskCode = (text: string, before: readonly string[] = []): readonly string[] => {
  const [code = '', name] = text.split(':');
  const renamed = newCode(code);
  if (renamed !== undefined)
    throw new InvalidArgumentError(`the risk \`${code}\` was renamed to \`${renamed}\``);
  if (!Object.hasOwn(RISKS, code)) {
    throw new InvalidArgumentError(`the risk codes are ${Object.keys(RISKS).join(', ')}`);
  }
  if (BY_NAME.has(code) !== Boolean(name)) {
    const meant = BY_NAME.has(code) ? `${code}:NAME, once for each node` : code;
    throw new InvalidArgumentError(`use ${meant}`);
  }
  return [...before, text];
};

export const inventoryOption = (): Option =>
  new Option('-i, --inventory <file>', 'the inventory').makeOptionMandatory();

/** For commands that may learn from elsewhere which inventory is meant. */
export const optionalInventory = (otherwise: string): Option =>
  new Option('-i, --inventory <file>', `the inventory (${otherwise})`);

/** Throws USAGE: JSON leaves no room for a question. */
export function checkJson({ json, yes }: JsonConsent): void {
  if (json && !yes)
    throw new OutriggerError('USAGE', '--json does not prompt for confirmation: add --yes');
}

interface JsonConsent {
  readonly json?: true | undefined;
  readonly yes?: true | undefined;
}

export const jsonOption = (what: string): Option => new Option('--json', what);

/** What a command takes that reads the live state. */
export const addLiveOptions = (command: Command, inventory = inventoryOption()): Command =>
  command
    .addOption(inventory)
    .option(
      '--limit <pattern>',
      'only these nodes: names, ranges (r[1-9]), globs (db*), groups, remoteNodes or guestNodes, separated by commas',
    )
    .option(
      '--playbook <file>',
      'order, batches and gates of the run (default: the built-in playbook)',
    )
    .option('--forks <n>', 'maximum number of hosts processed in parallel', wholeNumber, 64);

export const lockWaitOption = (): Option =>
  new Option(
    '--lock-wait <time>',
    'how long to wait for the lock if another run holds it; then plan again (default: do not wait)',
  ).argParser(duration);

/** What a command takes that asks before it changes something. */
export const addConsent = (command: Command): Command =>
  command
    .option('--yes', 'do not prompt for confirmation')
    .option('--no-input', 'never prompt: fail if input would be required')
    .option('--allow <code>', 'allow a risk by its code (repeatable)', riskCode);

/** What a command takes that carries out a plan. */
export const addRunOptions = (command: Command): Command =>
  addConsent(command)
    .option('--batch <sizes>', 'how many nodes join at a time, such as 1,10%,50', batchSizes)
    .option(
      '--max-fail <n>',
      'start no further batch after more hosts than this have failed (5 or 10%)',
      batchSize,
    )
    .addOption(lockWaitOption())
    .option(
      '--lock-lease <time>',
      'lease time of the cluster lock, which the run extends (default: 30min)',
      leaseTime,
    );
