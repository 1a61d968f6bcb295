import { readFileSync } from 'node:fs';
import type { ExecRequest } from '../../src/host/host.ts';
import {
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/basics/xml.ts';

const MARK = '@NONCE ';

/** A recorded reply, as a host prints it to this request: framed by the request's nonce. */
export const replyTo = ({ params = [] }: ExecRequest, recorded: string): string =>
  recorded.replaceAll(MARK, `@${params[0] ?? ''} `);

/** A reply by its sections, for tests that change one. */
export function sectionsOf(recorded: string): Map<string, string> {
  const sections = new Map<string, string>();
  for (const part of recorded.split(`\n${MARK}`)) {
    const end = part.indexOf('\n');
    if (end > 0) sections.set(part.slice(0, end), part.slice(end + 1));
  }
  return sections;
}

/** The reply that has these sections. */
export const replyOf = (sections: ReadonlyMap<string, string>): string =>
  [...sections].map(([name, text]) => `\n${MARK}${name}\n${text}`).join('');

export const readReply = (url: URL): string => readFileSync(url, 'utf8');

/** When a recorded host looked at its clock, in seconds. */
export const recordedAt = (recorded: string): number =>
  Number(sectionsOf(recorded).get('clock')?.split('\n')[0]);

const STAND_IN = 'NODE';

const namesNode = ({ attributes }: XmlElement): boolean =>
  Object.values(attributes).some((value) => value.includes(STAND_IN));

function renamed({ name, attributes, children }: XmlElement, node: string): XmlElement {
  const values = Object.entries(attributes).map(([key, value]) => [
    key,
    value.replaceAll(STAND_IN, node),
  ]);
  return element(
    name,
    Object.fromEntries(values) as Record<string, string>,
    children.map((inner) => renamed(inner, node)),
  );
}

const unfold = (parent: XmlElement, nodes: readonly string[]): XmlElement =>
  element(
    parent.name,
    parent.attributes,
    parent.children.flatMap((inner) =>
      namesNode(inner) ? nodes.map((node) => renamed(inner, node)) : [unfold(inner, nodes)],
    ),
  );

/** A reply recorded for one node named NODE, as it would be for all of these. */
export const unfoldReply = (recorded: string, nodes: readonly string[]): string =>
  replyOf(
    new Map(
      [...sectionsOf(recorded)].map(([name, text]) => [
        name,
        text.includes(STAND_IN) ? serializeXml(unfold(parseXml(text.trim(), name), nodes)) : text,
      ]),
    ),
  );
