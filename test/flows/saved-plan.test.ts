import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  loadPlan,
  refuseOtherSources,
  refuseStale,
  savePlan,
} from '../../src/flows/saved-plan-file.ts';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import { element } from '../../src/pacemaker/basics/xml.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { CLUSTER_KEY, FakeLab } from '../support/fake-lab.ts';

const VERSION = '1.2.3';
const sources = {
  inventory: { path: 'inventory.yml', text: 'cluster: { name: prod }\n' },
  playbook: { path: undefined, text: 'plays: []\n' },
  limit: undefined,
};

const meta = (id: string): ReturnType<typeof element> =>
  element('meta_attributes', { id: `${id}-by-hand` }, [
    element('nvpair', { id: `${id}-by-hand-priority`, name: 'priority', value: '7' }),
  ]);

/** Somebody gives a resource another priority. */
const prioritise = (lab: FakeLab, primitive: Readonly<Record<string, string>>): void => {
  const { id = '' } = primitive;
  lab.merge(
    element('cib', {}, [
      element('configuration', {}, [
        element('resources', {}, [element('primitive', primitive, [meta(id)])]),
      ]),
    ]),
  );
};

describe('a saved plan', () => {
  useStateFolder();
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-plan-'));
    file = join(folder, 'plan');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const save = (planned: Planned): void => {
    savePlan(file, planned, sources, VERSION);
  };

  /** Why the saved plan cannot be carried out by now; undefined: it can. */
  async function refusal(lab: FakeLab): Promise<string | undefined> {
    const saved = loadPlan(file);
    const planned = await planOf(lab);
    try {
      refuseStale(saved, planned);
      return undefined;
    } catch (thrown) {
      assert.ok(thrown instanceof Error && 'code' in thrown);
      assert.equal(thrown.code, 'REFUSED');
      return thrown.message;
    }
  }

  it('is shown as it was, and can be carried out while nothing has changed', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const planned = await planOf(lab);
    save(planned);
    assert.equal(renderPlan(loadPlan(file).plan), renderPlan(planned.plan));
    assert.equal(planAsJson(loadPlan(file).plan), planAsJson(planned.plan));
    assert.equal(await refusal(lab), undefined);
  });

  it('is refused once it was carried out', async () => {
    const lab = new FakeLab(['h1']);
    save(await planOf(lab));
    await apply(lab);
    const reported = (await refusal(lab)) ?? '';
    for (const step of ['h1 package', 'h1 authkey', 'h1 service', 'h1 connection-resource'])
      assert.match(reported, new RegExp(`^  ${step}: no longer necessary`, 'm'));
    assert.match(reported, /^ {2}CIB <primitive> h1: changed since$/m);
  });

  it('is refused when the key of a host that it touches is another, which the plan shows alike', async () => {
    const lab = new FakeLab(['h1', 'h2'], { h1: { key: Buffer.from('the first wrong key') } });
    const before = await planOf(lab);
    save(before);
    lab.tamperKey('h1');
    assert.deepEqual((await planOf(lab)).plan.plays, before.plan.plays);
    const reported = (await refusal(lab)) ?? '';
    assert.deepEqual(reported.split('\n').slice(1), ['  h1 authkey: changed since']);
  });

  it('is refused when the cluster has other credentials', async () => {
    const lab = new FakeLab(['h1']);
    save(await planOf(lab));
    for (const node of ['c1', 'c2']) lab.tamperKey(node);
    assert.match((await refusal(lab)) ?? '', /the credentials of the cluster nodes have changed/);
  });

  it('is refused when a connection that it changes was edited, and not for another resource', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    const desired = new FakeLab(['h1', 'h2'], {}, { reconnectInterval: '77s' });
    desired.takeCibFrom(lab);
    save(await planOf(desired));
    const remote = { class: 'ocf', provider: 'pacemaker', type: 'remote' };
    prioritise(desired, { ...remote, type: 'Dummy', id: 'db' });
    assert.equal(await refusal(desired), undefined);
    prioritise(desired, { ...remote, id: 'h2' });
    const reported = (await refusal(desired)) ?? '';
    assert.deepEqual(reported.split('\n').slice(1), ['  CIB <primitive> h2: changed since']);
  });

  it('is refused when something that it would remove was edited, in the CIB or on the host, naming it', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    const constrain = (more: Readonly<Record<string, string>> = {}): void => {
      const away = { id: 'away', rsc: 'h1', node: 'c2', score: '-5', ...more };
      const section = element('constraints', {}, [element('rsc_location', away)]);
      lab.merge(element('cib', {}, [element('configuration', {}, [section])]));
    };
    constrain();
    const { remoteNodes, ...spec } = lab.spec;
    const isAbsent = ({ name }: { readonly name: string }): boolean => name === 'h1';
    const absent = { remoteNodes: remoteNodes.filter(isAbsent), guestNodes: [] };
    const present = remoteNodes.filter((node) => !isAbsent(node));
    Object.assign(lab, { spec: { ...spec, remoteNodes: present, absent } });
    const planned = await planOf(lab);
    const shown = planned.plan.plays;
    save(planned);
    const remote = { class: 'ocf', provider: 'pacemaker', type: 'remote' };
    prioritise(lab, { ...remote, id: 'h2' });
    assert.equal(await refusal(lab), undefined);
    const digest = createHash('sha256').update(CLUSTER_KEY).digest('hex');
    const edits: Readonly<Record<string, () => void>> = {
      'CIB <primitive> h1': () => {
        prioritise(lab, { ...remote, id: 'h1' });
      },
      'CIB <rsc_location> away': () => {
        constrain({ 'resource-discovery': 'never' });
      },
      'h1 authkey': () => {
        const rights = 'rights=root root 644 1767323045';
        lab.change('h1', 'authkey', `path=/etc/pacemaker/authkey\ndigest=${digest}\n${rights}`);
      },
    };
    for (const [object, edit] of Object.entries(edits)) {
      edit();
      assert.deepEqual((await planOf(lab)).plan.plays, shown);
      assert.deepEqual((await refusal(lab))?.split('\n').slice(1), [`  ${object}: changed since`]);
      save(await planOf(lab));
    }
  });

  it('is refused when a host that it leaves out answers again, or no longer answers', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const whole = lab.network.connect;
    const down = { ...lab.network, connect: failing(whole, 'h2') };
    Object.assign(lab, { network: down });
    save(await planOf(lab));
    Object.assign(lab, { network: { ...down, connect: whole } });
    assert.match((await refusal(lab)) ?? '', /h2: was left out, but can be included now/);
    save(await planOf(lab));
    Object.assign(lab, { network: down });
    assert.match((await refusal(lab)) ?? '', /h2: left out now, because cannot reach h2/);
  });

  it('is refused when the way it is carried out would be another: fencing is off by now', async () => {
    const lab = new FakeLab(['h1']);
    save(await planOf(lab));
    lab.setProperty('stonith-enabled', 'false');
    assert.match((await refusal(lab)) ?? '', /fencing is off now/);
  });

  it('is refused for a risk that it did not show, whatever is allowed', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    save(planned);
    const risks = [{ code: 'unfenceable', subjects: ['h1'] }] as const;
    assert.throws(() => {
      refuseStale(loadPlan(file), { ...planned, plan: { ...planned.plan, risks } });
    }, /the risk unfenceable is new \(h1\)/);
  });

  it('is refused for another inventory, another playbook and another outrigger, naming each', async () => {
    const lab = new FakeLab(['h1']);
    save(await planOf(lab));
    const saved = loadPlan(file);
    refuseOtherSources(saved, sources, VERSION);
    const others = {
      inventory: { ...sources.inventory, text: 'another' },
      playbook: { path: undefined, text: 'another' },
    };
    assert.throws(() => {
      refuseOtherSources(saved, others, '9.9.9');
    }, /outrigger 1\.2\.3, but this is 9\.9\.9\n.*inventory inventory\.yml has changed\n.*playbook built into outrigger has changed/);
  });

  it('holds no secret, in no form, and only its owner may read it', async () => {
    const lab = new FakeLab(['h1'], { h1: { key: Buffer.from('a key of its own') } });
    save(await planOf(lab));
    const bytes = readFileSync(file);
    for (const key of [CLUSTER_KEY, Buffer.from('a key of its own')]) {
      const digest = createHash('sha256').update(key).digest();
      for (const secret of [key, digest]) {
        assert.ok(!bytes.includes(secret));
        for (const form of ['hex', 'base64', 'base64url'] as const)
          assert.ok(!bytes.includes(secret.toString(form)), form);
      }
    }
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('takes the place of an older one, and of nothing else', async () => {
    const lab = new FakeLab(['h1']);
    const planned = await planOf(lab);
    save(planned);
    const first = readFileSync(file, 'utf8');
    chmodSync(file, 0o644);
    save(planned);
    assert.notEqual(readFileSync(file, 'utf8'), first);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    writeFileSync(file, 'a letter\n');
    assert.throws(() => {
      save(planned);
    }, /not a saved plan: it is not overwritten/);
    assert.equal(readFileSync(file, 'utf8'), 'a letter\n');
    assert.throws(() => {
      savePlan(join(folder, 'none', 'plan'), planned, sources, VERSION);
    }, /its directory does not exist/);
  });
});

const failing =
  (connect: FakeLab['network']['connect'], down: string): FakeLab['network']['connect'] =>
  (name, connection, signal) =>
    connect(name === down ? `${name} is down` : name, connection, signal);
