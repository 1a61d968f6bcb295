/** What commands print with --json is what its published schema says. */
import assert from 'node:assert/strict';
import { loadSchema, SCHEMAS } from '../../../src/flows/load-document.ts';
import { importAsJson, undoAsJson, unlockedAsJson } from '../../../src/report/command-json.ts';
import { eventAsJson, summaryAsJson, versionAsJson } from '../../../src/report/run/run-json.ts';
import { statusAsJson } from '../../../src/report/status/status-json.ts';
import type { RunEvent } from '../../../src/model/run-event.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { findSchemaFaults } from '../../../src/support/yaml/json-schema.ts';
import { diagnosticsAsJson } from '../../../src/support/yaml/render-diagnostics.ts';
import { apply, planOf, useStateFolder } from '../../support/apply-lab.ts';
import { FakeLab } from '../../support/fake-lab.ts';

const assertIs = (name: (typeof SCHEMAS)[number], text: string): void => {
  assert.deepEqual(findSchemaFaults(loadSchema(name), JSON.parse(text)), [], text);
};

describe('the documents of --json', () => {
  useStateFolder();

  it('of validate', () => {
    assertIs('validate', diagnosticsAsJson([]));
    const place = { file: 'inventory.yml', line: 1, column: 2 };
    const found = { severity: 'error', code: 'wrong-type', path: '/a', message: 'm' } as const;
    const more = { ...found, ...place, expected: 'e', suggestion: 's' };
    assertIs('validate', diagnosticsAsJson([{ ...found, ...place }, more]));
  });

  it('of status', async () => {
    const lab = new FakeLab(['h1', 'h2'], {}, {}, ['g1']);
    await apply(lab, { allowed: ['guest-joins'] });
    const { cluster } = await planOf(lab);
    assertIs('status', statusAsJson(cluster, lab.spec));
    lab.failing.add('h1');
    const silent = [new OutriggerError('HOST_UNREACHABLE', 'no route', { host: 'c2', hint: 'h' })];
    assertIs('status', statusAsJson((await planOf(lab)).cluster, lab.spec, silent));
  });

  it('of a run, line by line', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    lab.failing.add('h2');
    const { events, ...result } = await apply(lab);
    const at = new Date(0).toISOString();
    const kinds = new Set(events.map(({ type }) => type));
    assert.ok(kinds.size >= 5, [...kinds].join());
    const notice: RunEvent = { type: 'notice', play: 'Lock', message: 'm' };
    for (const event of [...events, notice]) assertIs('run', eventAsJson(event, at));
    assertIs('run', versionAsJson('1.2.3'));
    for (const stopped of [undefined, 'it was stopped'])
      assertIs('run', summaryAsJson({ result, events, seconds: 1.5, stopped }, at));
  });

  it('of undo, unlock and import', () => {
    const ended = { run: 'r', cluster: 'c', removedNodes: ['h1'], stopped: undefined, log: '/x' };
    assertIs('undo', undoAsJson({ ...ended, failed: [{ host: 'h2', message: 'm', hint: 'h' }] }));
    assertIs('undo', undoAsJson({ ...ended, failed: [], stopped: 's', log: undefined }));
    assertIs('unlock', unlockedAsJson('abc'));
    assertIs('import', importAsJson('a: b\n', undefined, []));
    const text = `${'x'.repeat(5000)}\n`;
    const document = JSON.parse(importAsJson(text, undefined, ['n'])) as { inventory: string };
    assert.equal(document.inventory, text);
    assertIs('import', importAsJson(text, 'inventory.yml', ['n']));
  });
});
