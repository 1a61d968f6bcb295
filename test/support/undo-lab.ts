import assert from 'node:assert/strict';
import { cibBefore, runRecords } from '../../src/records/run-records.ts';
import { underLock } from '../../src/flows/lock/under-lock.ts';
import { prepareUndo, undoRun, type PreparedUndo } from '../../src/flows/undo-run.ts';
import { at, element, serializeXml } from '../../src/pacemaker/basics/xml.ts';
import { withFakeClock } from './fake-clock.ts';
import type { FakeLab } from './fake-lab.ts';

export const configurationOf = (lab: FakeLab): string =>
  serializeXml(at(lab.cib.root, 'configuration') ?? element('none'));

export const records = () => runRecords(process.env, 'prod');

/** What an undo of the first run takes. */
export function prepare(
  lab: FakeLab,
  { signal }: Pick<AbortController, 'signal'> = new AbortController(),
) {
  const [record, ...later] = records();
  assert.ok(record);
  const found = cibBefore(process.env, record);
  return prepareUndo({
    spec: lab.spec,
    record,
    later,
    found,
    connect: lab.network.connect,
    signal,
  });
}

/** As the command does it. */
export const undoing = (
  prepared: PreparedUndo,
  options: Omit<Parameters<typeof undoRun>[1], 'lease'>,
): ReturnType<typeof undoRun> =>
  withFakeClock(() =>
    underLock({ ...prepared, leaseMs: undefined, report: () => undefined }, (lease) =>
      undoRun(prepared, { ...options, lease }),
    ),
  );

export async function undo(lab: FakeLab) {
  const prepared = await prepare(lab);
  return undoing(prepared, {
    allowed: new Set(prepared.risks.map(({ code }) => code)),
    origin: { inventory: '/x' },
    onEvent: () => undefined,
  });
}
