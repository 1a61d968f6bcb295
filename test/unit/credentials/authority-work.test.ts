import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Secret } from '../../../src/support/secret.ts';
import type { AuthorityFiles } from '../../../src/credentials/x509/authority.ts';
import {
  isIdle,
  workOf,
  type AuthorityWork,
  type DesiredOfAuthority,
} from '../../../src/credentials/x509/authority-work.ts';
import { stepIn } from '../../../src/credentials/x509/rollover.ts';
import { DAY_MS } from '../../../src/credentials/x509/time-left.ts';
import { inDays, issue, makeAuthority, NOW, revoke, type Issued } from '../../support/pki.ts';
import { SubjectAlternativeNameExtension } from '@peculiar/x509';
import { cases } from '../../support/cases.ts';

const TERMS = { validityMs: 365 * DAY_MS, renewBeforeMs: 30 * DAY_MS, revoked: [] };

describe('what an authority of our own has still to make', () => {
  let authority: Issued;
  let whole: AuthorityFiles;
  const made = new Map<string, Issued>();

  const issueFor = (name: string, notAfter = inDays(300)): Promise<Issued> =>
    issue(
      {
        name,
        notAfter,
        more: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
      },
      authority,
    );

  const heldOf = ({ pem, key }: Issued) => ({
    certificate: pem,
    key: new Secret(Buffer.from(key)),
  });

  before(async () => {
    authority = await makeAuthority({ notAfter: inDays(7000) });
    for (const name of ['c1', 'r1', 'gone']) made.set(name, await issueFor(name));
    whole = {
      ca: authority.pem,
      hasKey: true,
      crl: await revoke(authority, [], { until: inDays(300) }),
      nodes: new Map(['c1', 'r1'].map((name) => [name, heldOf(of(name))])),
      issued: [...made.values()].map(({ pem }) => pem),
    };
  });

  const of = (name: string): Issued => made.get(name) ?? assert.fail(name);

  const work = (
    files: Partial<AuthorityFiles> = {},
    {
      terms,
      ...desired
    }: Partial<Omit<DesiredOfAuthority, 'terms'>> & {
      terms?: Partial<DesiredOfAuthority['terms']>;
    } = {},
  ) =>
    workOf(
      { ...whole, ...files },
      {
        nodes: ['c1', 'r1'],
        renewed: new Set(),
        now: NOW,
        ...desired,
        terms: { ...TERMS, ...terms },
      },
    );

  /** Serial numbers and days of all lists. */
  const revokedIn = (lists: AuthorityWork['lists']) =>
    (lists ?? []).flatMap(({ revoked }) => [...revoked]);

  const withR1 = (held: Partial<ReturnType<typeof heldOf>>) => ({
    nodes: new Map(whole.nodes).set('r1', { certificate: undefined, key: undefined, ...held }),
  });

  it('is nothing where everything lies there', async () => {
    const { faults, ...rest } = await work();
    assert.deepEqual(faults, []);
    assert.ok(isIdle(rest));
  });

  it('is nothing without its key too: it may lie in a safe', async () => {
    assert.deepEqual((await work({ hasKey: false })).faults, []);
  });

  it('waits for its key where a node has no certificate, and where something is due', async () => {
    const without = await work({ hasKey: false, ...withR1({}) });
    assert.deepEqual([[...without.unsigned], without.faults], [['r1'], []]);
    assert.ok(isIdle(without));
    const soon = heldOf(await issueFor('r1', inDays(20)));
    const due = await work({ hasKey: false, ...withR1(soon) });
    assert.deepEqual([[...due.unsigned], due.postponed, due.faults], [[], ['r1'], []]);
    assert.ok(isIdle(due));
    const crl = await revoke(authority, [], { until: inDays(20) });
    assert.deepEqual((await work({ hasKey: false, crl })).postponed, ['the CRL']);
    const over = heldOf(await issueFor('r1', inDays(-0.5)));
    assert.deepEqual([...(await work({ hasKey: false, ...withR1(over) })).unsigned], ['r1']);
  });

  it('is a fault without its key where the operator has asked for it', async () => {
    for (const desired of [
      { renewed: new Set(['r1']) },
      { terms: { revoked: ['gone'] } },
      { step: 'begin' },
    ] as const)
      assert.deepEqual((await work({ hasKey: false }, desired)).faults, [
        'ca.key is missing, but certificates have to be signed: restore it until they are signed',
      ]);
  });

  it('is everything where nothing lies there, or just the key of a run that died', async () => {
    const nothing = { ca: undefined, crl: undefined, nodes: new Map(), issued: [] };
    for (const hasKey of [false, true]) {
      const { makesAuthority, nodes, lists, faults } = await work({ ...nothing, hasKey });
      assert.deepEqual(
        { makesAuthority, nodes: [...nodes], lists, faults },
        { makesAuthority: true, nodes: ['c1', 'r1'], lists: [], faults: [] },
      );
    }
  });

  it('is no second authority where the certificate of the first is lost', async () => {
    assert.match((await work({ ca: undefined })).faults.join(), /^ca\.pem is missing/);
    assert.match(
      (await work({ ca: 'nonsense' })).faults.join(),
      /^ca\.pem contains no readable certificate/,
    );
  });

  it('is no empty list where one is lost: what was revoked would be valid again', async () => {
    assert.match((await work({ crl: undefined })).faults.join(), /^crl\.pem is missing/);
    const other = await revoke(await makeAuthority(), []);
    for (const crl of [other, 'nonsense'])
      assert.match((await work({ crl })).faults.join(), /^crl\.pem is not a CRL of/);
  });

  it('is a certificate for whoever has none that serves', async () => {
    const other = await makeAuthority();
    const foreign = await issue(
      { name: 'r1', more: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'r1' }])] },
      other,
    );
    const { certificate, key } = heldOf(of('r1'));
    for (const [what, held] of [
      ['none', {}],
      ['no key', { certificate }],
      ['no certificate', { key }],
      ['the key of another certificate', { certificate, key: heldOf(of('gone')).key }],
      ['a damaged key', { certificate, key: new Secret(Buffer.from('nonsense')) }],
      ['that of another node', heldOf(of('gone'))],
      ['that of another authority', heldOf(foreign)],
      ['one that expires soon', heldOf(await issueFor('r1', inDays(29)))],
      ['one that has expired', heldOf(await issueFor('r1', inDays(-0.5)))],
    ] as const) {
      assert.deepEqual([...(await work(withR1(held))).nodes], ['r1'], what);
    }
    const later = await work(withR1(heldOf(await issueFor('r1', inDays(31)))));
    assert.deepEqual([...later.nodes], []);
  });

  it('is one for whom it is asked for, and only for the nodes that a run is about', async () => {
    assert.deepEqual([...(await work({}, { renewed: new Set(['c1']) })).nodes], ['c1']);
    assert.deepEqual([...(await work(withR1({}), { nodes: ['c1'] })).nodes], []);
  });

  it('is not one that would end at the same time: that of the authority', async () => {
    const short = await makeAuthority({ notAfter: inDays(20) });
    const last = await issue(
      {
        name: 'r1',
        notAfter: inDays(20),
        more: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'r1' }])],
      },
      short,
    );
    const crl = await revoke(short, [], { until: inDays(20) });
    const files = { ca: short.pem, crl, nodes: new Map([['r1', heldOf(last)]]) };
    assert.ok(isIdle(await work(files, { nodes: ['r1'] })));
  });

  it('is a list that holds who was revoked, by name or by serial number in any spelling', async () => {
    const { serialNumber } = of('gone').certificate;
    const spelled = [serialNumber, `0x${serialNumber.toUpperCase()}`, `00:${serialNumber}`];
    for (const entry of ['gone', ...spelled]) {
      const { lists, faults } = await work({}, { terms: { revoked: [entry] } });
      assert.deepEqual([revokedIn(lists), faults], [[[serialNumber, NOW]], []], entry);
    }
  });

  it('is a list that forgets nobody, made anew only when it grows or is about to lapse', async () => {
    const list = (until: Date) => revoke(authority, [of('gone')], { until });
    const crl = await list(inDays(300));
    assert.equal((await work({ crl })).lists, undefined);
    assert.equal((await work({ crl }, { terms: { revoked: ['gone'] } })).lists, undefined);
    const lapsing = await work({ crl: await list(inDays(29)) });
    assert.deepEqual(
      revokedIn(lapsing.lists).map(([serial]) => serial),
      [of('gone').certificate.serialNumber],
    );
    const older = await issueFor('older');
    const files = { crl, issued: [...whole.issued, older.pem] };
    const grown = await work(files, { terms: { revoked: ['older'] } });
    assert.equal(revokedIn(grown.lists).length, 2);
  });

  it('is a certificate for a node whose own was revoked, once it is back', async () => {
    const crl = await revoke(authority, [of('r1')], { until: inDays(300) });
    assert.deepEqual([...(await work({ crl })).nodes], ['r1']);
  });

  it('is nothing for who is unknown, and for a certificate that is in use', async () => {
    const { serialNumber } = of('r1').certificate;
    const { lists, faults } = await work({}, { terms: { revoked: ['nobody', serialNumber] } });
    assert.equal(lists, undefined);
    assert.match(faults[0] ?? '', /^it has issued no certificate to `nobody`/);
    assert.match(
      faults[1] ?? '',
      /is the certificate that r1 uses.*rotate certificates --limit r1/,
    );
  });

  describe('while another authority takes its place', () => {
    let next: Issued;
    let both: string;

    before(async () => {
      next = await makeAuthority({ name: 'the authority 2', notAfter: inDays(8000) });
      both = [whole.crl, await revoke(next, [], { until: inDays(300) })].join('');
    });

    const gone = { terms: { revoked: ['gone'] } };

    it('is nothing once both and their lists lie there, until the next step begins', async () => {
      const files = { ca: authority.pem + next.pem, crl: both };
      assert.equal(stepIn(files.ca), 'begin');
      assert.ok(isIdle(await work(files)));
      const issue = await work(files, { step: 'issue' });
      assert.deepEqual([...issue.nodes], ['c1', 'r1']);
      assert.equal(issue.lists, undefined);
      assert.equal(stepIn(issue.ca ?? ''), 'issue');
      assert.equal(issue.ca, next.pem + authority.pem);
      const last = await work({ ...files, ca: issue.ca }, { step: 'finish' });
      assert.equal(last.ca, next.pem);
      assert.deepEqual(
        last.lists?.map(({ authority: { subject }, stays }) => [subject, stays !== undefined]),
        [['CN=the authority 2', true]],
        'the list of the one that goes goes with it',
      );
    });

    it('is a list for the second one, which has issued nothing yet', async () => {
      const { lists, faults, nodes } = await work({ ca: authority.pem + next.pem });
      assert.deepEqual(
        [faults, [...nodes], lists?.map(({ stays }) => stays !== undefined)],
        [[], [], [true, false]],
      );
    });

    it('is a certificate of the second one for whoever has none, once it issues', async () => {
      const { nodes, faults } = await work({ ca: next.pem + authority.pem, crl: both });
      assert.deepEqual([[...nodes], faults], [['c1', 'r1'], []]);
    });

    it('puts whom a certificate belongs to on the list of its own authority', async () => {
      const { serialNumber } = of('gone').certificate;
      const { lists } = await work({ ca: next.pem + authority.pem, crl: both }, gone);
      assert.deepEqual(
        lists?.map(({ revoked }) => [...revoked.keys()]),
        [[], [serialNumber]],
      );
      const after = await work(
        { ca: next.pem, crl: await revoke(next, [], { until: inDays(300) }) },
        gone,
      );
      assert.deepEqual(after.faults, [], 'nobody trusts its certificate any more');
      assert.equal(after.lists, undefined);
    });
  });

  it('is told for whatever lies there, and never by an accident', async () => {
    const anyText = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc
        .constantFrom('ca', 'crl', 'c1', 'key')
        .map((what) =>
          what === 'ca'
            ? authority.pem
            : what === 'crl'
              ? whole.crl
              : what === 'key'
                ? of('c1').key
                : of('c1').pem,
        ),
    );
    const anyHeld = fc.record({
      certificate: anyText,
      key: anyText.map((text) => (text === undefined ? undefined : new Secret(Buffer.from(text)))),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ca: anyText,
          hasKey: fc.boolean(),
          crl: anyText,
          nodes: fc.tuple(anyHeld, anyHeld).map(([c1, r1]) => new Map(Object.entries({ c1, r1 }))),
          issued: fc.array(
            anyText.map((text) => text ?? ''),
            { maxLength: 3 },
          ),
        }),
        fc.array(fc.constantFrom('gone', 'c1', 'zz', '12'), { maxLength: 2 }),
        async (files, revoked) => {
          const found = await work(files, { terms: { revoked } });
          // A certificate that is kept is the one that was issued for this node, with its key.
          const isMade = found.nodes.has('c1') || found.unsigned.has('c1');
          if (found.faults.length === 0 && !found.makesAuthority && !isMade)
            assert.equal(files.nodes.get('c1')?.certificate, of('c1').pem);
        },
      ),
      { numRuns: cases(200) },
    );
  });
});
