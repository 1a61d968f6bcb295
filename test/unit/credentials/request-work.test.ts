import assert from 'node:assert/strict';
import type { ReportedKey } from '../../../src/model/facts.ts';
import { checkRequest } from '../../../src/credentials/x509/requests/check-request.ts';
import {
  requestState,
  shortOf,
  type RequestedNode,
} from '../../../src/credentials/x509/requests/request-work.ts';
import {
  DAY_MS,
  inDays,
  makeAuthority,
  NOW,
  request,
  signRequest,
  type Issued,
} from '../../support/pki.ts';

type Request = Awaited<ReturnType<typeof request>>;

const reported = (
  { publicDigest }: Pick<Request, 'publicDigest'>,
  more: Partial<ReportedKey> = {},
) => ({
  count: 1,
  isEncrypted: false,
  publicDigest,
  ...more,
});

describe('a node whose key is made on its host', () => {
  let old: Request;
  let next: Request;
  let authority: Issued;
  let oldCertificate = '';
  let nextCertificate = '';

  before(async () => {
    [old, next, authority] = [await request('h1'), await request('h1'), await makeAuthority()];
    oldCertificate = (await signRequest(old.pem, authority)).pem;
    nextCertificate = (await signRequest(next.pem, authority)).pem;
  });

  const stateOf = (
    node: Partial<Omit<RequestedNode, 'keys'>> & Partial<RequestedNode['keys']>,
    { isRenewed = false, byHand = false, now = NOW } = {},
  ) => {
    const { inUse, waiting, certificate, request: text } = node;
    const terms = { isSignedByHand: byHand, renewBeforeMs: 30 * DAY_MS, now };
    return requestState({ keys: { inUse, waiting }, certificate, request: text }, isRenewed, terms);
  };

  it('has to ask for a certificate when there is nothing', () => {
    assert.deepEqual(stateOf({}), { kind: 'to-request' });
    assert.deepEqual(stateOf({}, { byHand: true }), { kind: 'to-request' });
  });

  it('uses the certificate of its key, be it in use or waiting', () => {
    const [inUse, waiting] = [reported(old), reported(next)];
    assert.deepEqual(stateOf({ inUse, certificate: oldCertificate }), { kind: 'held', key: inUse });
    assert.deepEqual(stateOf({ inUse, waiting, certificate: nextCertificate }), {
      kind: 'held',
      key: waiting,
    });
  });

  it('asks for another one when somebody wants that, when it is about to expire, or is of no key of it', () => {
    const inUse = reported(old);
    const node = { inUse, certificate: oldCertificate };
    assert.deepEqual(stateOf(node, { isRenewed: true }), { kind: 'to-request' });
    assert.deepEqual(stateOf(node, { now: inDays(334) }), { kind: 'held', key: inUse });
    assert.deepEqual(stateOf(node, { now: inDays(335) }), { kind: 'to-request' });
    assert.deepEqual(stateOf({ inUse: reported(next), certificate: oldCertificate }), {
      kind: 'to-request',
    });
  });

  it('goes on with a key that waits already', () => {
    const node = { inUse: reported(old), waiting: reported(next), certificate: oldCertificate };
    assert.deepEqual(stateOf(node), { kind: 'to-request' });
    const ready = { ...node, certificate: nextCertificate };
    assert.deepEqual(stateOf(ready, { isRenewed: true }), { kind: 'held', key: node.waiting });
  });

  it('makes another key where the one that waits cannot be read', () => {
    for (const wrong of [{ count: 2 }, { isEncrypted: true }, { publicDigest: '' }]) {
      const waiting = reported(next, wrong);
      assert.deepEqual(stateOf({ waiting, certificate: nextCertificate }), { kind: 'to-request' });
    }
  });

  it('waits for what is signed by hand, and goes on with the old pair as long as it lasts', () => {
    const [inUse, waiting] = [reported(old), reported(next)];
    const asked = { waiting, request: next.pem };
    const byHand = { byHand: true };
    assert.deepEqual(stateOf(asked, byHand), { kind: 'awaited', inUse: undefined });
    const both = { ...asked, inUse, certificate: oldCertificate };
    assert.deepEqual(stateOf(both, byHand), { kind: 'awaited', inUse });
    assert.deepEqual(stateOf(both, { byHand: true, now: inDays(366) }), {
      kind: 'awaited',
      inUse: undefined,
    });
    assert.deepEqual(stateOf({ ...both, certificate: nextCertificate }, byHand), {
      kind: 'held',
      key: waiting,
    });
  });

  it('writes a request again that is lost, or is for another key', () => {
    const waiting = reported(next);
    for (const text of [undefined, old.pem, 'rubbish'])
      assert.deepEqual(stateOf({ waiting, request: text }, { byHand: true }), {
        kind: 'to-request',
      });
  });

  it('lets the checks tell what is wrong with a file that is damaged', () => {
    const [inUse, waiting] = [reported(old), reported(next)];
    const certificate = nextCertificate.slice(0, 200);
    assert.deepEqual(stateOf({ inUse, certificate }), { kind: 'held', key: inUse });
    assert.deepEqual(stateOf({ inUse, waiting, certificate }), { kind: 'held', key: waiting });
    assert.deepEqual(stateOf({ inUse, certificate }, { isRenewed: true }), { kind: 'to-request' });
  });

  it('gets no certificate that would be asked for anew at once', () => {
    const terms = { renewBeforeMs: 30 * DAY_MS, now: inDays(340) };
    assert.match(shortOf(oldCertificate, terms) ?? '', /^it expires in 25 days, on 2031-06-01, /);
    assert.equal(shortOf(oldCertificate, { ...terms, now: NOW }), undefined);
  });
});

describe('a certificate request of a host', () => {
  const faultOf = async (text: string): Promise<string> => {
    const checked = await checkRequest(text, 'h1');
    return 'fault' in checked ? checked.fault : assert.fail('it was taken');
  };

  it('is taken, with the digest of its public half', async () => {
    const { pem, publicDigest } = await request('h1');
    assert.deepEqual(await checkRequest(`noise\n${pem}more`, 'h1'), { pem, publicDigest });
  });

  it('is not, when it names another node, in whatever way', async () => {
    assert.match(
      await faultOf((await request('h2')).pem),
      /it names CN=h2, dns:h2 instead of this node only/,
    );
    const mixed = await request('h2', { subject: 'h1' });
    assert.match(await faultOf(mixed.pem), /it names CN=h1, dns:h2 instead of this node only/);
    const more = await request('h1', { subject: 'h1,O=\u001b[2J' });
    assert.match(
      await faultOf(more.pem),
      /it names CN=h1, O=\\u\{1b\}\[2J, dns:h1 instead of this node only/,
    );
  });

  it('is not, when it is signed with another key, cut off, doubled or none', async () => {
    const [one, other] = [await request('h1'), await request('h1')];
    const forged = await request('h1', { keys: one.keys, signedWith: other.keys });
    assert.equal(await faultOf(forged.pem), 'it is not signed with its own key');
    assert.match(await faultOf(one.pem.slice(0, 100)), /^it is truncated/);
    assert.match(await faultOf(one.pem + other.pem), /^it is not a single CSR/);
    assert.match(await faultOf(''), /^it is not in PEM format/);
    assert.match(await faultOf((await makeAuthority()).pem), /^it is not a single CSR/);
    const damaged = `-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n`;
    assert.equal(await faultOf(damaged), 'it cannot be parsed');
  });
});
