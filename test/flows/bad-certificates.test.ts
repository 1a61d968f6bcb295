import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { KeyUsageFlags, PemConverter } from '@peculiar/x509';
import { load } from 'js-yaml';
import { newKey } from '../support/fake-sshd.ts';
import { DAY_MS, issue, makeAuthority, revoke, type Issued } from '../support/pki.ts';

interface Case {
  readonly put: string;
  readonly as: string;
  readonly file?: string;
  readonly code?: string;
  readonly said: string;
  /** Other errors follow from it. */
  readonly more?: true;
}

const CASES = load(
  readFileSync(new URL('bad-certificates.yml', import.meta.url), 'utf8'),
) as readonly Case[];

/** Certificates are of this moment, since the command line looks at the clock of this machine. */
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const VALID = { notBefore: inDays(-30), notAfter: inDays(365) };
const EXPIRED = { notBefore: inDays(-9), notAfter: inDays(-2) };
const NOT_YET = { notBefore: inDays(2), notAfter: inDays(365) };

/** Lines of the inventory that name a file, by the file's name. */
const PLACES: Readonly<Record<string, number>> = {
  'ca.pem': 7,
  'r1.pem': 8,
  'r1.key': 9,
  'crl.pem': 10,
};

/** What is put in the place of a file: its new content, or what else is done to it. */
type Bad = string | Buffer | ((path: string) => void);

describe('bad certificates', function () {
  this.timeout(60_000);
  let folder = '';
  let server: Server;
  let connections = 0;
  let bad: Readonly<Record<string, Bad>>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-bad-'));
    const good = join(folder, 'good');
    mkdirSync(good);
    const authority = await makeAuthority(VALID);
    const nodes = new Map<string, Issued>();
    for (const name of ['c1', 'r1']) {
      const issued = await issue({ ...VALID, name }, authority);
      nodes.set(name, issued);
      writeFileSync(join(good, `${name}.pem`), issued.pem);
      writeFileSync(join(good, `${name}.key`), issued.key, { mode: 0o600 });
    }
    const [c1, r1] = [nodes.get('c1'), nodes.get('r1')];
    assert.ok(c1 && r1);
    const revoked = await issue({ ...VALID, name: 'r1' }, authority);
    const list = { from: inDays(-1), until: inDays(30) };
    writeFileSync(join(good, 'id'), newKey('ed25519').private, { mode: 0o600 });
    writeFileSync(join(good, 'ca.pem'), authority.pem);
    writeFileSync(join(good, 'crl.pem'), await revoke(authority, [revoked], list));
    bad = await makeBad({ authority, c1, r1, revoked });
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** A folder with an inventory and its files, of which one is bad. */
  function prepare(name: string, broken?: Pick<Case, 'put' | 'as'>): string {
    const directory = join(folder, name);
    cpSync(join(folder, 'good'), directory, { recursive: true });
    const { port } = server.address() as AddressInfo;
    const inventory = join(directory, 'inventory.yml');
    writeFileSync(
      inventory,
      [
        'apiVersion: outrigger/v1',
        'cluster: { name: prod }',
        `connection: { port: ${port}, sshConfig: none, identityFile: id, connectTimeout: 1s }`,
        'authentication:',
        '  method: x509',
        '  x509:',
        '    ca: ca.pem',
        "    certificate: '{node}.pem'",
        "    key: '{node}.key'",
        '    crl: crl.pem',
        'clusterNodes: [{ name: c1, address: 127.0.0.1 }]',
        'remoteNodes: [{ name: r1, address: localhost }]',
        '',
      ].join('\n'),
    );
    if (broken === undefined) return inventory;
    const path = join(directory, broken.as);
    const content = bad[broken.put];
    assert.ok(content !== undefined, `nobody knows what is “${broken.put}”`);
    if (typeof content === 'function') content(path);
    else writeFileSync(path, content);
    return inventory;
  }

  it('are not what good ones are called', async () => {
    const inventory = prepare('fine');
    const { code, text } = await run(['validate', '-i', inventory]);
    assert.deepEqual([code, text], [0, `${inventory} is valid: 1 cluster node, 1 remote node.\n`]);
    connections = 0;
    const { text: planned } = await run(['plan', '-i', inventory]);
    assert.ok(connections > 0, planned);
  });

  for (const [index, one] of CASES.entries()) {
    it(`are told in one line, and nobody is asked: ${one.put} as ${one.as}`, async () => {
      const inventory = prepare(String(index), one);
      const directory = join(folder, String(index));
      const file = one.file ?? one.as;
      const expected = one.said
        .replace(/\{day (-?\d+)\}/, (_all, days: string) =>
          inDays(Number(days)).toISOString().slice(0, 10),
        )
        .replace(/\{([a-z0-9]+\.\w+)\}/, (_all, name: string) => join(directory, name));
      connections = 0;

      const validated = await run(['validate', '-i', inventory]);
      assert.equal(validated.code, 1, validated.text);
      const reported = validated.text.split('\n').filter((line) => line.includes(': error: '));
      const [line = ''] = reported;
      assert.ok(line.startsWith(`${inventory}:${PLACES[file] ?? 0}:`), validated.text);
      assert.ok(line.includes(join(directory, file)), line);
      assert.ok(line.includes(expected), `${line}\ndoes not say\n${expected}`);
      assert.ok(line.endsWith(`[${one.code ?? 'invalid-certificate'}]`), line);
      if (one.more !== true) assert.equal(reported.length, 1, validated.text);

      for (const command of [['plan'], ['drift'], ['apply', '--yes']]) {
        const { code, text } = await run([...command, '-i', inventory]);
        assert.equal(code, 1, text);
        const lines = text.split('\n').filter((each) => each.includes(expected));
        assert.equal(lines.length, 1, text);
        assert.ok(lines[0]?.includes(join(directory, file)), text);
      }
      assert.equal(connections, 0, 'a host was asked');
    });
  }

  it('are all told at once', async () => {
    const inventory = prepare('several', { put: 'an expired certificate', as: 'r1.pem' });
    const directory = join(folder, 'several');
    writeFileSync(join(directory, 'crl.pem'), bad['a list that has lapsed'] as string);
    cpSync(join(directory, 'r1.key'), join(directory, 'c1.key'));
    const { text } = await run(['validate', '-i', inventory]);
    assert.match(text, /3 errors/);
    const { text: planned } = await run(['plan', '-i', inventory]);
    for (const said of [/expired on/, /its CRL expired/, /c1\.key: it is not the key/])
      assert.match(planned, said);
  });
});

/**
 * Runs a command as the program does; gives its exit code and all that it said. What is imported here is what the
 * program's own late imports give: mocha loads the files of tests in another way, which makes two of each module.
 */
async function run(argv: readonly string[]): Promise<{ code: number; text: string }> {
  const { runCommandLine } = await import('../../src/cli/program.ts');
  const { describeError } = await import('../../src/cli/process/describe-error.ts');
  const { exitCodeOf } = await import('../../src/cli/process/exit-code.ts');
  const { OutriggerError } = await import('../../src/support/errors.ts');
  let text = '';
  const say = (more: string): void => {
    text += more;
  };
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;
  try {
    const code = await runCommandLine(argv, {
      out: say,
      err: say,
      outStream: stream(),
      errStream: stream(),
      inIsTerminal: false,
      env: {},
      signal: new AbortController().signal,
    });
    return { code, text };
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    return { code: exitCodeOf(thrown.code), text: text + describeError(thrown) };
  }
}

/** All that is bad, by what the cases call it. */
async function makeBad(good: {
  readonly authority: Issued;
  readonly c1: Issued;
  readonly r1: Issued;
  readonly revoked: Issued;
}): Promise<Readonly<Record<string, Bad>>> {
  const { authority, c1, r1, revoked } = good;
  const namesake = await makeAuthority(VALID);
  const another = await makeAuthority({ ...VALID, name: 'another authority' });
  const list = { from: inDays(-1), until: inDays(30) };
  /** A certificate that differs, with its key in the place of r1's. */
  const certificate = async (made: Parameters<typeof issue>[0], issuer = authority) => {
    const { pem, key } = await issue({ ...VALID, name: 'r1', ...made }, issuer);
    return (path: string): void => {
      writeFileSync(path, pem);
      writeFileSync(path.replace(/pem$/, 'key'), key, { mode: 0o600 });
    };
  };
  /** As if the authority itself, which has signed all others, were another. */
  const sameKeys = (made: Parameters<typeof issue>[0]) =>
    issue({ ...VALID, name: 'the authority', isAuthority: true, ...made, keys: authority.keys });
  const encrypted = (type: 'pkcs8' | 'sec1'): string =>
    String(
      createPrivateKey(r1.key).export({
        type,
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      }),
    );
  const der = (pem: string): Buffer => Buffer.from(PemConverter.decodeFirst(pem));
  return {
    'an expired certificate': await certificate(EXPIRED),
    'a certificate that is not valid yet': await certificate(NOT_YET),
    'a certificate of another authority': await certificate({}, another),
    'a certificate of another authority of the same name': await certificate({}, namesake),
    'a certificate signed by a node': await certificate({}, c1),
    'the certificate of another node': c1.pem,
    'a revoked certificate': (path) => {
      writeFileSync(path, revoked.pem);
      writeFileSync(path.replace(/pem$/, 'key'), revoked.key, { mode: 0o600 });
    },
    'a certificate for keys only': await certificate({ usages: KeyUsageFlags.keyEncipherment }),
    'a certificate with a short key': await certificate({ algorithm: 'rsa1024' }),
    'a certificate that is cut off': r1.pem.slice(0, 200),
    'a damaged certificate': r1.pem.replace(/\n[A-Za-z0-9+/]{4}/, '\n????'),
    nothing: '',
    'a certificate in DER form': der(r1.pem),
    'a certificate and its key': r1.pem + r1.key,
    'a key': authority.key,
    'a link to itself': (path) => {
      rmSync(path);
      symlinkSync(path, path);
    },
    'no file': (path) => {
      rmSync(path);
    },
    'a directory': (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    'the key of another node': c1.key,
    'an encrypted key': encrypted('pkcs8'),
    'an encrypted key of the old form': encrypted('sec1'),
    'two keys': r1.key + c1.key,
    'a certificate': r1.pem,
    'a key in DER form': der(r1.key),
    'a key that is cut off': r1.key.slice(0, 100),
    'a key that others can read': (path) => {
      chmodSync(path, 0o644);
    },
    'an expired authority': (await sameKeys(EXPIRED)).pem,
    'a certificate that is no authority': (await sameKeys({ isAuthority: false })).pem,
    'a list that has lapsed': await revoke(authority, [], { from: inDays(-9), until: inDays(-1) }),
    'a list that is about to lapse': await revoke(authority, [], { ...list, until: inDays(0.49) }),
    'a list of another authority': await revoke(namesake, [], list),
    'a list that is not valid yet': await revoke(authority, [], { ...list, from: inDays(2) }),
    'a list in DER form': der(await revoke(authority, [], list)),
  };
}
