import assert from 'node:assert/strict';
import { forgetNodes } from '../../src/apply/cluster/undo.ts';
import { element, type XmlElement } from '../../src/pacemaker/basics/xml.ts';
import { apply, editsOf, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

/** A part of the configuration. */
const configured = (section: string, part: XmlElement): XmlElement =>
  element('cib', {}, [element('configuration', {}, [element(section, {}, [part])])]);

/** A remote node that others have added. */
function addConnection(lab: FakeLab, id: string, server: string): void {
  const remote = { class: 'ocf', provider: 'pacemaker', type: 'remote' };
  const nvpair = element('nvpair', { id: `${id}-server`, name: 'server', value: server });
  const values = element('instance_attributes', { id: `${id}-values` }, [nvpair]);
  lab.merge(configured('resources', element('primitive', { id, ...remote }, [values])));
}

describe('a node whose name differs in case only from one that is in the cluster', () => {
  useStateFolder();

  it('is refused by the plan, and nothing is written', async () => {
    const lab = new FakeLab(['H2', 'h3']);
    addConnection(lab, 'h2', '192.0.2.2');
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.problems.map(({ host, code }) => [host, code]),
      [['H2', 'NAME_TAKEN']],
    );
    await apply(lab);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h2', 'h3']);
    assert.deepEqual(
      editsOf(lab).filter((edit) => edit.startsWith('H2 ')),
      [],
    );
    assert.ok(!lab.host('c1').ran.includes('forget-nodes'));
  });

  it('is not joined where the other came in since the plan was made', async () => {
    const lab = new FakeLab(['H2', 'h3']);
    const planned = await planOf(lab);
    lab.beforeWrite = () => {
      if (!lab.cib.remoteConnections.has('h2')) addConnection(lab, 'h2', '192.0.2.2');
    };
    const { failed } = await apply(lab, { planned });
    assert.match(failed.get('H2') ?? '', /so H2 is the same as the remote node h2/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()].sort(), ['h2', 'h3']);
    assert.ok(!lab.host('c1').ran.includes('forget-nodes'));
  });

  it('is not forgotten by an undo while the other is in, whatever went wrong before', async () => {
    const lab = new FakeLab(['H2']);
    const planned = await planOf(lab);
    addConnection(lab, 'h2', '192.0.2.2');
    const forgetting = forgetNodes(
      {
        queryNode: lab.host('c1'),
        lease: { confirm: () => Promise.resolve() } as never,
        log: { write: () => undefined } as never,
        emit: () => undefined,
      },
      { name: 'Undo' },
      ['H2'],
    );
    await assert.rejects(
      forgetting,
      /record of H2 is kept: .*so H2 is the same as the remote node h2/,
    );
    assert.ok(!lab.host('c1').ran.includes('forget-nodes'));
    assert.ok(planned);
  });
});

describe('the undo of a join', () => {
  useStateFolder();

  it('puts the entry back that others had made for the node before', async () => {
    const lab = new FakeLab(['h1']);
    const rack = element('nvpair', { id: 'nodes-h1-rack', name: 'rack', value: '7' });
    const values = element('instance_attributes', { id: 'nodes-h1' }, [rack]);
    const entry = element('node', { id: 'h1', uname: 'h1', type: 'remote' }, [values]);
    lab.merge(configured('nodes', entry));
    lab.failing.add('h1');
    const { failed } = await apply(lab);
    assert.match(failed.get('h1') ?? '', /; the join was rolled back$/);
    const { attributes, standby } = lab.cib.nodeEntries.get('h1') ?? assert.fail('it is gone');
    assert.deepEqual([attributes.get('rack')?.value, standby], ['7', false]);
  });
});
