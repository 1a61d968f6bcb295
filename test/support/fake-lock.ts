import { takeLock } from '../../src/apply/lock/lock.ts';
import type { ExecRequest } from '../../src/host/host.ts';
import type { CibOperation } from '../../src/pacemaker/procedures/edit.ts';
import { LOCK_ID, lockIn } from '../../src/pacemaker/procedures/lock.ts';
import {
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/basics/xml.ts';
import type { Answer } from './fake-host.ts';
import type { FakeLab } from './fake-lab.ts';

/** Somebody else takes the lock, for so many milliseconds from now on. */
export const holdLock = (
  lab: Pick<FakeLab, 'host'>,
  leaseMs = 60_000,
  process = '',
): ReturnType<typeof takeLock> =>
  takeLock(lab.host('c2'), { holder: 'eve@seat2, process 7', process, leaseMs });

/** How often the lead asked for the lock, or told of it. */
export const locksRun = (lab: Pick<FakeLab, 'host'>): number =>
  lab.host('c1').ran.filter((script) => script === 'lock').length;

/** Takes the lock away, whoever holds it. */
export const LOCK_AWAY: CibOperation = {
  kind: 'delete',
  targets: [{ element: 'cluster_property_set', id: LOCK_ID }],
};

/** What src/apply/lock/lock.sh does and says, by the clock of this machine. */
export function answerLock(
  lab: Pick<FakeLab, 'cib' | 'merge' | 'releaseLock'>,
  { params: [verb, id, seconds, oldId, oldExpires] = [], input }: ExecRequest,
): Answer {
  const now = Math.floor(Date.now() / 1000);
  const held = lockIn(lab.cib);
  const isFree = held === undefined || (held.id === oldId && String(held.expires) === oldExpires);
  if (verb === 'take' && isFree) {
    lab.releaseLock();
    const expires = String(now + Number(seconds));
    const text = String(input).replace('@TAKEN@', String(now)).replace('@EXPIRES@', expires);
    lab.merge(inConfig(parseXml(text, 'the lock')));
  }
  if (verb === 'release' && held?.id === id) lab.releaseLock();
  const lock = lab.cib.ids.get(LOCK_ID);
  const stdout = `${now}\n${lock === undefined ? '' : serializeXml(lock)}`;
  return { code: verb === 'take' && !isFree ? 3 : 0, stdout };
}

/** A property set as an edit of the CIB. */
export const inConfig = (lock: XmlElement): XmlElement =>
  element('cib', {}, [element('configuration', {}, [element('crm_config', {}, [lock])])]);
