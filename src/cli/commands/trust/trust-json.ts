import { jsonText } from '../../../report/text/json.ts';
import { messageOf, OutriggerError } from '../../../support/errors.ts';
import type { ReplacedKey } from './trust-replace.ts';
import type { Subject } from './trust-subjects.ts';
import type { Scanned } from './trust-text.ts';

/** What `trust --json` prints: the document of `schemas/trust.schema.json`. */
export const scannedAsJson = (recorded: number, scanned: readonly Scanned[]): string =>
  jsonText({ formatVersion: '1.0', recorded, hosts: scanned.map(hostOf), replaced: null }, 2);

/** The same of `trust --replace`. */
export function replacedAsJson({ subject, key, replaced }: ReplacedKey): string {
  const { type, fingerprint } = key;
  const host = { ...whoIs(subject), state: 'recorded', keys: [{ type, fingerprint }], why: null };
  const { file, removed, copy } = replaced;
  const lines = removed.map(({ line, print, remaining }) => ({
    line,
    fingerprint: print,
    remaining: remaining === '' ? null : remaining,
  }));
  const taken = { file, removed: lines, copy: copy ?? null };
  return jsonText({ formatVersion: '1.0', recorded: 1, hosts: [host], replaced: taken }, 2);
}

const whoIs = ({ name, server, jumps }: Subject) => ({
  name,
  address: server.address,
  port: server.port,
  jumpHosts: jumps.map(({ alias }) => alias),
});

const STATES = {
  new: 'recorded',
  known: 'known',
  refused: 'refused',
  unreachable: 'unreachable',
} as const;

function hostOf({ subject, offered, judged }: Scanned) {
  const shown = judged.kind === 'new' ? judged.keys : offered;
  return {
    ...whoIs(subject),
    state: STATES[judged.kind],
    keys: shown.map(({ type, fingerprint }) => ({ type, fingerprint })),
    why: 'why' in judged ? reasonOf(judged.why) : null,
  };
}

const reasonOf = (thrown: unknown) => ({
  message: messageOf(thrown),
  hint: (thrown instanceof OutriggerError ? thrown.hint : undefined) ?? null,
});
