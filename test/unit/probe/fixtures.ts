import { readHost } from '../../../src/probe/readers/read-host.ts';
import { splitSections, type Sections } from '../../../src/probe/readers/sections.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import { readReply, recordedAt, replyOf, replyTo, sectionsOf } from '../../support/replies.ts';

export const NONCE = '0123456789abcdef';

export const FIXTURES = [
  'bare-host',
  'bare-host-firewalld',
  'remote-node',
  'query-node',
  'member',
  'cluster-node-as-host',
];

export const recorded = (name: string): string =>
  readReply(new URL(`fixtures/${name}.txt`, import.meta.url));

export const framed = (text: string): string =>
  replyTo({ script: '', params: [NONCE], timeoutMs: 0 }, text);

export const sections = (text: string): Sections => splitSections(framed(text), NONCE, 'h1');

export const factsOf = (text: string): HostFacts =>
  readHost('h1', sections(text), recordedAt(recorded('query-node')));

/** A recorded reply in which sections are replaced, or left out where the text is undefined. */
export function changed(
  name: string,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const all = sectionsOf(recorded(name));
  for (const [section, text] of Object.entries(changes)) {
    if (text === undefined) all.delete(section);
    else all.set(section, `${text}\n`);
  }
  return replyOf(all);
}
