/** Cluster nodes on which credentials cannot be written. */
import assert from 'node:assert/strict';
import { keysOn } from './credential-cluster.ts';
import type { Lab } from './lab.ts';
import { outrigger } from './outrigger.ts';

const FOLDER = '/etc/pacemaker';

/** What is done on a cluster node, what is said then, and what takes it back. */
const UNWRITABLE = [
  {
    does: `cp -a ${FOLDER} /root/kept && mount -t tmpfs -o size=16k,mode=750 tmpfs ${FOLDER} && chgrp haclient ${FOLDER} && cp -a /root/kept/. ${FOLDER}/ && cat /dev/zero >${FOLDER}/filler || test -s ${FOLDER}/filler`,
    mends: `umount ${FOLDER} && rm -r /root/kept`,
    says: /c2: try-files: cannot write \/etc\/pacemaker\/?\S*: .*No space left/,
  },
  {
    does: `mv ${FOLDER} /root/kept`,
    mends: `mv /root/kept ${FOLDER}`,
    says: /c2: try-files: the directory \/etc\/pacemaker does not exist/,
  },
] as const;

/** A rotation names the cluster node, protects nothing and writes nothing. */
export async function assertNothingBegun(lab: Lab, inventory: string): Promise<void> {
  const keys = await keysOn(lab);
  const configuration = 'cibadmin --query --scope resources';
  const before = await lab.sh('c1', configuration);
  for (const { does, mends, says } of UNWRITABLE) {
    await lab.sh('c2', does);
    const args = ['rotate', 'authkey', '--yes', '-i', inventory, '--allow', 'authkey-replaced'];
    const { code, stdout, stderr } = await outrigger(lab, args);
    await lab.sh('c2', mends);
    assert.equal(code, 4, stderr);
    assert.match(stdout + stderr, says);
    assert.equal(await lab.sh('c1', configuration), before);
    assert.deepEqual(await keysOn(lab), keys);
  }
}
