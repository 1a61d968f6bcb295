import { writtenAt, type ById } from '../basics/nvpairs.ts';
import type { XmlElement } from '../basics/xml.ts';

/** The agent of a resource; empty: the CIB does not say it. */
export interface Agent {
  /** `ocf`, `systemd` */
  readonly standard: string;
  readonly provider: string;
  readonly type: string;
}

/** The agent of a primitive, which its template may name. */
export function agentOf({ attributes }: XmlElement, byId: ById): Agent {
  const template = byId.get(attributes['template'] ?? '')?.attributes;
  const of = (name: string): string => attributes[name] ?? template?.[name] ?? '';
  return { standard: of('class'), provider: of('provider'), type: of('type') };
}

/**
 * Every value of a parameter that is written anywhere for a primitive, its template and shared blocks included: which of
 * them a rule puts in force only Pacemaker can tell.
 */
export const valuesWritten = (
  primitive: XmlElement,
  parameter: string,
  byId: ById,
): readonly string[] =>
  writtenAt(primitive, 'instance_attributes', parameter, byId).map(({ value }) => value);
