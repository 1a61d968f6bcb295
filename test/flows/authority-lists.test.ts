import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DAY_MS } from '../../src/credentials/x509/time-left.ts';
import { useAuthority } from '../support/own-authority.ts';
import { needs } from '../support/needs.ts';

describe("the revocation lists of outrigger's own authority", function () {
  this.timeout(20_000);
  before(needs('openssl'));
  const at = useAuthority();
  const { load, make, refused } = at;

  /** Number and begin of the list that lies there. */
  function list(): { number: bigint; from: Date } {
    const args = [
      'crl',
      '-in',
      join(at.directory, 'crl.pem'),
      '-noout',
      '-crlnumber',
      '-lastupdate',
    ];
    const said = execFileSync('openssl', args, { encoding: 'utf8' });
    const [, number = '', from = ''] = /crlNumber=(\S+)\nlastUpdate=(.*)/.exec(said) ?? [];
    return { number: BigInt(number), from: new Date(from) };
  }

  it('have numbers that grow within a second, and while the clock goes back', async () => {
    const now = new Date();
    await make({ now });
    const members = { nodes: ['c1', 'c2'], declared: ['c1', 'c2'] };
    const lists = [list()];
    const clocks = [0, -3_600_000, -7_200_000];
    const revoked = ['r1'];
    for (const offset of clocks) {
      const at = new Date(now.getTime() + offset);
      // Another certificate for r1, so that there is something to revoke anew.
      await make({ now: at, renewed: ['r1'] });
      await make({ ...members, now: at, revoked });
      lists.push(list());
    }
    for (const [index, one] of lists.slice(1).entries()) {
      const before = lists[index];
      assert.ok(before && one.number > before.number, `${String(one.number)} has ended`);
      assert.ok(one.from >= before.from, 'it begins before the one before');
    }
  });

  it('are made by no clock that is behind the last of them', async () => {
    await make();
    const now = new Date(Date.now() - 3 * DAY_MS);
    assert.match(
      await refused(load({ now, renewed: ['r1'] })),
      /crl\.pem is valid from \S+ on, but the clock of this machine shows \S+: correct the clock$/,
    );
  });
});
