/** Edits of a CIB whose status never rests, on each Pacemaker there is: written in few tries, and nothing of others lost. */
import assert from 'node:assert/strict';
import { hostScript } from '../../support/host-script.ts';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp, type Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  settled,
  writeInventory,
  type Meddling,
} from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';

const WRITE = hostScript('apply/cluster/write-cib.sh');

/** Attributes of nodes, each of which moves num_updates, one after the other until /run/rest is there. */
const noise = (pause: number): string => `rm -f /run/rest; i=0
while [ ! -e /run/rest ]; do i=$((i + 1)); attrd_updater -n noise-$((i % 7)) -U $i || exit 1; sleep ${pause}; done`;

const MATRIX = `mkdir -p /run/matrix && cd /run/matrix && cat >base.xml <<'E'
<cib crm_feature_set="3.15.0" validate-with="pacemaker-3.0" epoch="5" num_updates="3" admin_epoch="0" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config/>
    <nodes><node id="1" uname="c1"/></nodes>
    <resources><primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/></resources>
    <constraints/>
  </configuration>
  <status>
    <node_state id="1" uname="c1"/>
    <node_state id="r1" uname="r1" remote_node="true"/>
  </status>
</cib>
E
cat >merge.xml <<'E'
<cib><configuration><resources><primitive id="r2" class="ocf" provider="pacemaker" type="remote"/></resources></configuration><status><node_state id="r2" uname="r2" remote_node="true" crm-debug-origin="outrigger"/></status></cib>
E
cp base.xml new.xml
CIB_file=new.xml cibadmin --delete-all --force --xpath "//node_state[@id='r1']"
CIB_file=new.xml cibadmin --modify --allow-create --xml-file merge.xml
crm_diff --original base.xml --new new.xml >patch.xml
work=/run/matrix expected=0.5
FUNCTION
without_source || exit 9
while read -r epoch updates quorum; do
  sed "1s/ epoch=\\"5\\"/ epoch=\\"$epoch\\"/; 1s/num_updates=\\"3\\"/num_updates=\\"$updates\\"/; 1s/have-quorum=\\"1\\"/have-quorum=\\"$quorum\\"/" base.xml >cib.xml
  CIB_file=cib.xml cibadmin --patch --xml-file patch.xml >/dev/null 2>&1
  status=$?
  printf '%s.%s: %s %s %s\\n' "$epoch" "$updates" "$status" "$(sed -n '1s/.* epoch="\\([0-9]*\\)".*/\\1/p' cib.xml)" "$(sed -n '1s/.* have-quorum="\\([01]\\)".*/\\1/p' cib.xml)"
done <<'E'
5 3 1
5 9 0
6 0 1
7 2 1
E`;

/** Rounds of an edit under noise, each tried anew while the configuration moves on: exits of the script, in a row. */
const ROUNDS = `i=0
while [ "$i" -lt 100 ]; do
  i=$((i + 1))
  until
    epochs=$(cibadmin --query | sed -n 's/.* epoch="\\([0-9]*\\)".*/\\1/p;q')
    printf '<cib><configuration><crm_config><cluster_property_set id="rounds"><nvpair id="round" name="round" value="%s"/></cluster_property_set></crm_config></configuration></cib>' "$i" | sh -c "$WRITE" sh "0.$epochs" ''
    status=$?
    echo "$status"
    [ "$status" -eq 0 ]
  do [ "$status" -eq 3 ] || exit "$status"; done
done`;

for (const suite of ['trixie', 'bookworm', 'sid'])
  describe(`a busy cluster on Debian's ${suite}`, function () {
    inOrder(this);
    const name = `story-busy-${suite}`;
    let lab: Lab;

    before(async function () {
      skipWithoutLab(this);
      const kind = { clusterNodes: 2, bareHosts: 3, firewalld: 0, fencing: true };
      lab = await labUp({ name, replace: true, suite, ...kind });
    });
    after(async () => {
      await labDown(name);
    });

    const numUpdates = async (): Promise<number> => {
      const cib = await lab.sh('c1', 'cibadmin --query --no-children');
      return Number(/ num_updates="(\d+)"/.exec(cib)?.[1]);
    };

    /** Runs something while c2 sets attributes, with a pause of so many seconds after each (default: as fast as it can). */
    async function duringNoise<T>(work: () => Promise<T>, pause = 0): Promise<T> {
      const made = lab.sh('c2', noise(pause));
      try {
        return await work();
      } finally {
        await lab.sh('c2', 'touch /run/rest');
        await made;
      }
    }

    it('takes a patch at the epoch that it was made for, whatever the status did, and at no other', async () => {
      const [text = ''] = /^without_source\(\) \{\n[^]*?^\}\n/m.exec(WRITE) ?? [];
      assert.equal(
        await lab.sh(
          'c1',
          MATRIX.replace('FUNCTION', () => text),
        ),
        '5.3: 0 6 1\n5.9: 0 6 0\n6.0: 103 6 1\n7.2: 103 7 1\n',
      );
    });

    it('is busy: its status changes several times a second', async () => {
      await duringNoise(async () => {
        const before = await numUpdates();
        await lab.sh('c1', 'sleep 2');
        const changes = (await numUpdates()) - before;
        assert.ok(changes > 10, `${changes} changes of the status in two seconds`);
      });
    });

    it('takes 100 edits in few tries, and is the same on every cluster node afterwards', async () => {
      const exits = await duringNoise(async () =>
        (await lab.sh('c1', `WRITE=${quoted(WRITE)}\n${ROUNDS}`)).trim().split('\n'),
      );
      assert.equal(exits.filter((exit) => exit === '0').length, 100);
      // Only the configuration can make one late, and nobody changes it here.
      assert.ok(exits.length <= 105, `${exits.length} tries`);
      await settled(lab);
      const [one, other] = await Promise.all(
        ['c1', 'c2'].map((host) => lab.sh(host, 'cibadmin --query --local')),
      );
      assert.equal(one, other);
    });

    it('joins while a colleague edits it as well, and none of their edits is lost', async () => {
      const inventory = writeInventory(lab, {
        remoteNodes: ['h1', 'h2', 'h3'].map((host) => ({ name: host, host })),
      });
      const rounds = 40;
      let colleague: Promise<string> | undefined;
      const meddling: Meddling = {
        when: (line) => line.type === 'play-started' && line.play === 'Connect',
        meddle: () => {
          colleague = lab.sh(
            'c2',
            `for i in $(seq ${rounds}); do crm_attribute -t crm_config -n colleague-$i -v $i || exit 1; sleep 0.4; done`,
          );
          return Promise.resolve();
        },
      };
      await duringNoise(async () => {
        await applied(lab, 0, ['-i', inventory, '--batch', '100%'], meddling);
        await colleague;
      }, 0.1);
      const cib = await lab.sh('c1', 'cibadmin -Q -o crm_config');
      assert.equal([...cib.matchAll(/name="colleague-\d+"/g)].length, rounds);
      const states = await lab.sh('c1', "cibadmin -Q -o status | grep -o '<node_state [^>]*'");
      for (const host of ['h1', 'h2', 'h3'])
        assert.equal(states.split(` id="${host}"`).length, 2, `one state of ${host}`);
      await assertInSync(lab, inventory);
      await assertQuiet(lab);
    });
  });

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
