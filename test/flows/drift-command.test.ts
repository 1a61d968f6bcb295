import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf } from '../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { unusedPort } from '../support/ports.ts';

/** Runs `drift` with these arguments; what an error says counts as output. */
async function drift(...argv: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const say = (more: string): void => void (text += more);
  const terminal = {
    out: say,
    err: say,
    outStream: process.stdout,
    errStream: process.stderr,
    inIsTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  try {
    return { code: await runCommandLine(['drift', ...argv], terminal), text };
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    return { code: exitCodeOf(thrown.code), text: text + thrown.message };
  }
}

describe('drift with reports', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-drift-'));
    const port = await unusedPort();
    await writeFile(
      at('inventory.yml'),
      `apiVersion: outrigger/v1
cluster: { name: prod }
connection: { port: ${port}, sshConfig: none, connectTimeout: 5s }
clusterNodes: [{ name: c1, address: 127.0.0.1 }]
`,
    );
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('says before it asks a host that a report cannot be written', async () => {
    const { code, text } = await drift(
      '-i',
      at('inventory.yml'),
      '--report',
      `html=${at('none/x')}`,
    );
    assert.equal(code, 1);
    assert.match(text, /^cannot write the html report .*ENOENT/);
  });

  it('knows four kinds of reports', async () => {
    for (const wrong of ['csv=x', 'html', 'html=', '=x', 'constructor=x']) {
      const { code, text } = await drift('-i', at('inventory.yml'), '--report', wrong);
      assert.equal(code, 1);
      assert.match(text, /junit, sarif, prometheus, html/);
    }
  });

  it('writes that nothing could be compared', async () => {
    const { code } = await drift(
      ...['-i', at('inventory.yml'), '--report', `prometheus=${at('x.prom')}`],
      ...['--report', `junit=${at('x.xml')}`, '--report', `html=${at('x.html')}`],
    );
    assert.equal(code, 3);
    assert.match(
      await readFile(at('x.prom'), 'utf8'),
      /^outrigger_drift_success\{cluster="prod"\} 0$/m,
    );
    assert.match(await readFile(at('x.xml'), 'utf8'), /errors="1"/);
    assert.match(await readFile(at('x.html'), 'utf8'), /The comparison failed/);
  });

  it('writes the same of an inventory that is wrong', async () => {
    await writeFile(at('inventory.yml'), 'apiVersion: outrigger/v1\n');
    const { code } = await drift(
      '-i',
      at('inventory.yml'),
      '--report',
      `prometheus=${at('x.prom')}`,
    );
    assert.equal(code, 1);
    assert.match(
      await readFile(at('x.prom'), 'utf8'),
      /^outrigger_drift_success\{cluster=""\} 0$/m,
    );
    assert.deepEqual((await readdir(folder)).sort(), ['inventory.yml', 'x.prom']);
  });
});
