import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../src/cli/program.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { issue, makeAuthority } from '../support/pki.ts';

for (const what of ['certificates', 'authority'])
  describe(`rotate ${what}`, () => {
    let folder = '';

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'outrigger-rotate-'));
      const dates = {
        notBefore: new Date(Date.now() - 1000),
        notAfter: new Date(Date.now() + 9e9),
      };
      const authority = await makeAuthority(dates);
      const { pem, key } = await issue({ ...dates, name: 'c1' }, authority);
      writeFileSync(join(folder, 'ca.pem'), authority.pem);
      writeFileSync(join(folder, 'c1.pem'), pem);
      writeFileSync(join(folder, 'c1.key'), key, { mode: 0o600 });
    });

    after(() => {
      rmSync(folder, { recursive: true });
    });

    /** What it says of an inventory whose only host nobody can reach: to ask it would take another error. */
    const saidOf = async (authentication: unknown, ...more: string[]): Promise<string> => {
      const inventory = join(folder, 'inventory.yml');
      writeFileSync(
        inventory,
        JSON.stringify({
          apiVersion: 'outrigger/v1',
          cluster: { name: 'prod' },
          connection: { sshConfig: 'none', connectTimeout: '1s' },
          clusterNodes: [{ name: 'c1', address: '127.0.0.1', connection: { port: 1 } }],
          authentication,
        }),
      );
      const stream = Object.assign(new PassThrough(), {
        isTTY: false,
      }) as unknown as NodeJS.WriteStream;
      const run = runCommandLine(['rotate', what, '-i', inventory, ...more], {
        out: () => undefined,
        err: () => undefined,
        outStream: stream,
        errStream: stream,
        inIsTerminal: false,
        env: {},
        signal: new AbortController().signal,
      });
      const thrown: unknown = await run.then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(thrown instanceof OutriggerError, String(thrown));
      return `${thrown.code}: ${thrown.message}`;
    };

    const OTHERS =
      'USAGE: the certificates of this inventory are issued by a CA that outrigger does not keep';

    for (const [which, authentication, said] of [
      [
        'the authkey',
        { method: 'psk' },
        'USAGE: this inventory uses the authkey: there are no certificates',
      ],
      [
        'files of an existing authority',
        { method: 'x509', x509: { ca: 'ca.pem', certificate: '{node}.pem', key: '{node}.key' } },
        OTHERS,
      ],
      [
        'certificates that are on the hosts already',
        { method: 'x509', x509: { onHosts: { ca: '/a', certificate: '/c', key: '/k' } } },
        OTHERS,
      ],
    ] as const) {
      it(`asks no host where the inventory has ${which}`, async () => {
        assert.equal(await saidOf(authentication), said);
      });
    }

    it('asks the hosts where the inventory has an authority of outrigger', async () => {
      const said = await saidOf({ method: 'x509', x509: { authority: 'pki' } });
      assert.doesNotMatch(said, /^USAGE/);
    });

    it('is of --limit only where that makes sense', async () => {
      const said = await saidOf({ method: 'x509', x509: { authority: 'pki' } }, '--limit', 'r1');
      assert.equal(said === 'USAGE: a CA is shared by all nodes', what === 'authority', said);
    });

    it('cannot ask while it prints JSON', async () => {
      const said = await saidOf({ method: 'x509', x509: { authority: 'pki' } }, '--json');
      assert.equal(said, 'USAGE: --json does not prompt for confirmation: add --yes');
    });
  });
