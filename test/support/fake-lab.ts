import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ExecRequest, HostFile } from '../../src/host/host.ts';
import { cibView } from '../../src/pacemaker/cib/cib.ts';
import { LOCK_ID, lockIn } from '../../src/pacemaker/procedures/lock.ts';
import {
  applyToTree,
  isHeldInMaintenance,
  type CibOperation,
} from '../../src/pacemaker/procedures/edit.ts';
import {
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/basics/xml.ts';
import {
  nodesOf,
  type PacemakerRemoteSpec,
  type RemoteNodeSpec,
  type Spec,
} from '../../src/inventory/spec.ts';
import { reveal } from '../../src/support/secret.ts';
import { crmMonXml, failedStart, optionsOf, type ReportedConnection } from './crm-mon.ts';
import { certificateAnswers, startWithCertificates, takeCertificate } from './fake-certificates.ts';
import { examination } from './fake-examination.ts';
import { targetsOf } from './deletions.ts';
import { fencersIn } from './fake-fencers.ts';
import { FakeGuests } from './fake-guests.ts';
import { FakePacemakers } from './fake-pacemakers.ts';
import { FakeResources } from './fake-resources.ts';
import { triedPorts } from './ports-tried.ts';
import { reportUpgrades, upgraded } from './fake-upgrades.ts';
import { FakeHost, fakeNetwork, type Answer, type Answers, type FakeNetwork } from './fake-host.ts';
import { replyOf, replyTo, sectionsOf, unfoldReply } from './replies.ts';
import { answerLock, inConfig, LOCK_AWAY } from './fake-lock.ts';
import { BARE_HOST, REMOTE_NODE, CLUSTER_NODE, QUERY_NODE, SIMULATION } from './recorded-hosts.ts';
import type { HostTrouble } from './host-trouble.ts';
import { guestNode, remoteNode, sshTo } from './specs.ts';

export const CLUSTER_KEY = Buffer.from('the cluster’s authkey: never shown');

interface HostState {
  key: Buffer | undefined;
  sections: Map<string, string>;
  tick: () => number;
}

const section = (text: string): string => `${text.trim()}\n`;

/** What the script prints where Pacemaker does not run. */
const NOTHING = new Map([['end', '']]);

/** Runs read the same CIB many times before they change it. */
function oncePerTree<Read>(read: (root: XmlElement) => Read): (root: XmlElement) => Read {
  const known = new WeakMap<XmlElement, { readonly result: Read }>();
  return (root) => {
    const { result } = known.get(root) ?? { result: read(root) };
    known.set(root, { result });
    return result;
  };
}

const viewOf = oncePerTree(cibView);
const textOf = oncePerTree(serializeXml);

/**
 * Cluster nodes c1 and c2 and any number of hosts, all in this process: recorded replies of real hosts, of which those
 * parts change that outrigger's scripts change. A connection in the CIB is at once in, unless it is known to fail.
 */
export class FakeLab {
  readonly hosts: readonly FakeHost[];
  readonly network: FakeNetwork;
  readonly spec: Spec;
  /** Each edit of the CIB that was accepted. */
  readonly cibWrites: string[] = [];
  /** Names whose connection fails to start. */
  readonly failing = new Set<string>();
  /** Names that are remembered still after they were forgotten once. */
  readonly lingering = new Set<string>();
  /** What an upgrade answers instead of doing its work. */
  readonly upgrading = new Map<string, () => Answer>();
  /** What crm_mon says of a connection instead. */
  readonly reported = new Map<string, ReportedConnection>();
  readonly pacemakers = new FakePacemakers();
  readonly others = new FakeResources();
  readonly guests: FakeGuests;
  dcState = (): string => 'S_IDLE';
  /** Called before each edit of the CIB is looked at. */
  beforeWrite: () => void = () => undefined;
  /** Called with the parameters before the lock is looked at. */
  beforeLock: (params: readonly string[]) => void = () => undefined;
  #cib: XmlElement = parseXml(sectionsOf(QUERY_NODE).get('cib')?.trim() ?? '', 'the CIB');
  readonly #states = new Map<string, HostState>();
  #clock = Date.now() / 1000;

  constructor(
    names: readonly string[],
    trouble: Readonly<Record<string, HostTrouble>> = {},
    settings: Partial<RemoteNodeSpec> = {},
    guests: readonly string[] = [],
  ) {
    this.spec = {
      cluster: { name: 'prod' },
      driftIgnores: [],
      clusterNodes: ['c1', 'c2'].map((name) => ({ name, address: name, connection: sshTo })),
      remoteNodes: names.map((name) =>
        remoteNode(name, { address: name, server: name, ...settings }),
      ),
      guestNodes: guests.map((name) => guestNode(name, { address: name, server: name })),
      absent: { remoteNodes: [], guestNodes: [] },
      authentication: { method: 'psk', isStated: false, authkey: { kind: 'cluster' } },
    };
    this.guests = new FakeGuests(this);
    this.guests.addVms();
    const all = nodesOf(this.spec);
    this.hosts = [
      ...['c1', 'c2'].map((name) => this.#clusterNode(name, all, trouble[name])),
      ...[...names, ...guests].map((name) => this.#remoteHost(name, trouble[name])),
    ];
    this.network = fakeNetwork(this.hosts);
  }

  host(name: string): FakeHost {
    return this.hosts.find((host) => host.name === name) ?? assert.fail(`no host ${name}`);
  }

  get cib(): ReturnType<typeof cibView> {
    return viewOf(this.#cib);
  }

  /** As if somebody else had edited the configuration. */
  editByOthers(): void {
    const { attributes, name, children } = this.#cib;
    const { epoch } = attributes;
    this.#cib = element(name, { ...attributes, epoch: String(Number(epoch) + 1) }, children);
  }

  readonly cibText = (): string => textOf(this.#cib);

  /** Time passes on every host. */
  readonly pass = (milliseconds: number): number => (this.#clock += milliseconds / 1000);

  /** The authkey that a host holds, hexadecimal. */
  readonly keyOf = (name: string): string | undefined =>
    this.#states.get(name)?.key?.toString('hex');

  /** Puts another key on a host, as somebody on it might. */
  tamperKey(name: string): void {
    const state = this.#states.get(name) ?? assert.fail(`no host ${name}`);
    this.#putKey(state, Buffer.from('somebody else’s key'), 'hacluster haclient 400');
  }

  /** Sets a cluster option. */
  setProperty(name: string, value: string): void {
    const id = 'cib-bootstrap-options';
    const option = element('nvpair', { id: `${id}-${name}`, name, value });
    this.merge(inConfig(element('cluster_property_set', { id }, [option])));
  }

  /** Merges into the CIB without an edit of outrigger's. */
  merge(fragment: XmlElement): void {
    this.#cib = applyToTree(this.#cib, [{ kind: 'merge', fragment }]);
  }

  /** As if what happened in another lab had happened here; who holds the lock holds it still. */
  takeCibFrom(other: FakeLab): void {
    const lock = this.cib.ids.get(LOCK_ID);
    this.#cib = other.#cib;
    if (lock !== undefined) this.merge(inConfig(lock));
  }

  /** What a host's probe prints in a section from now on. */
  change(name: string, part: string, text: string): void {
    this.#states.get(name)?.sections.set(part, section(text));
  }

  /** Forgets what ran, so that the next run can be counted alone. */
  forget(): void {
    for (const host of this.hosts) {
      host.ran.length = 0;
      host.written.length = 0;
      host.isClosed = false;
    }
    this.cibWrites.length = 0;
  }

  #clusterNode(
    name: string,
    nodes: readonly PacemakerRemoteSpec[],
    trouble: HostTrouble = {},
  ): FakeHost {
    const state = this.#addState(name, name === 'c1' ? QUERY_NODE : CLUSTER_NODE, {
      key: CLUSTER_KEY,
      ...trouble,
    });
    return new FakeHost(
      name,
      {
        probe: (request) => this.#probe(state, request, nodes),
        cluster: (request) => replyTo(request, replyOf(this.#clusterSections())),
        'read-cluster': (request) =>
          replyTo(
            request,
            replyOf(this.pacemakers.offline.includes(name) ? NOTHING : this.#clusterSections()),
          ),
        simulate: (request) => replyTo(request, this.#simulation()),
        examine: examination,
        'write-cib': (request) => this.#writeCib(request),
        lock: (request) => {
          this.beforeLock(request.params ?? []);
          return answerLock(this, request);
        },
        reach: ({ input }) => triedPorts(String(input), this.#states),
        'read-authkey': () => state.key?.toString('base64') ?? { code: 1, stderr: 'missing' },
        cleanup: ({ params = [] }) => this.#cleanUp(params),
        'forget-nodes': ({ params = [] }) => this.#forgetNodes(params),
        ...certificateAnswers(state),
        'restart-pacemaker': () => this.pacemakers.restart(name, state),
        ...trouble.answers,
      },
      this.#takerOf(state),
    );
  }

  #remoteHost(name: string, trouble: HostTrouble = {}): FakeHost {
    const state = this.#addState(name, BARE_HOST, trouble);
    const ready = sectionsOf(REMOTE_NODE);
    const answers: Answers = {
      probe: (request) => this.#probe(state, request, []),
      examine: examination,
      'install-apt': ({ params: [how] = [] }) => {
        if (how !== 'install') return upgraded(how, state, this.upgrading.get(name));
        state.sections.set('packages', ready.get('packages') ?? '');
        state.sections.set('capability', section('yes'));
        return '';
      },
      'start-service': () => {
        for (const part of ['units', 'listening']) state.sections.set(part, ready.get(part) ?? '');
        state.sections.set('started', section(`t ${Math.round(state.tick() * 1e6)}`));
        startWithCertificates(state);
        return '';
      },
      ...certificateAnswers(state),
      ...trouble.answers,
    };
    return new FakeHost(name, answers, this.#takerOf(state));
  }

  #addState(name: string, reply: string, { key, clockAhead = 0 }: HostTrouble): HostState {
    const tick = (): number => this.#tick() + clockAhead;
    const state = { key: undefined, sections: sectionsOf(reply), tick };
    this.#states.set(name, state);
    if (key === 'none') state.sections.set('authkey', section('path=/etc/pacemaker/authkey'));
    else if (key !== undefined) this.#putKey(state, key, 'root haclient 640');
    return state;
  }

  #tick(): number {
    this.#clock += 0.1;
    return this.#clock;
  }

  readonly #takerOf = (state: HostState) => (file: HostFile) => {
    if (takeCertificate(state, file)) return;
    const { path, content, owner, group, mode } = file;
    if (path !== '/etc/pacemaker/authkey') throw new Error(`an unexpected file: ${path}`);
    this.#putKey(state, Buffer.from(reveal(content)), `${owner} ${group} ${mode.slice(1)}`);
  };

  #putKey(state: HostState, key: Buffer, rights: string): void {
    state.key = key;
    const digest = createHash('sha256').update(key).digest('hex');
    const lines = `path=/etc/pacemaker/authkey\ndigest=${digest}\nrights=${rights} ${state.tick()}`;
    state.sections.set('authkey', section(lines));
  }

  #probe(state: HostState, request: ExecRequest, nodes: readonly PacemakerRemoteSpec[]): string {
    const role = request.params?.[1];
    const sections = new Map(state.sections).set('clock', section(String(state.tick())));
    const notRequested = [
      'crm_mon',
      'dc_state',
      'cib',
      'waiting_certificate',
      'waiting_key',
      'end',
    ];
    for (const part of notRequested) sections.delete(part);
    reportUpgrades(sections, request);
    if (role !== 'remote') {
      const routes = nodes.map(({ server }, index) => `10.77.0.1${index % 2} ${server}`);
      sections.set('routes', section(routes.join('\n')));
      sections.set('fencers', section(fencersIn(this.cib, String(request.input))));
      const { name, attributes } = this.#cib;
      sections.set('membership', serializeXml(element(name, attributes)));
    }
    const cluster = role === 'query-node' ? this.#clusterSections() : NOTHING;
    return replyTo(request, replyOf(new Map([...sections, ...cluster])));
  }

  #cleanUp(names: readonly string[]): Answer {
    const known = [...this.cib.remoteConnections.keys(), ...this.guests.names];
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) return { code: 1, stderr: `Resource '${unknown}' not found\n` };
    this.guests.cleanUp(names);
    return '';
  }

  #clusterSections(): Map<string, string> {
    this.guests.settle();
    const connections = [...this.cib.remoteConnections.values()].map(
      ({ id, quiet, isManaged }): [string, ReportedConnection] => {
        const known = this.reported.get(id);
        if (known !== undefined) return [id, known];
        if (this.others.isDisconnected(this.cib, id)) return [id, {}];
        const managed = isManaged && !quiet && !isHeldInMaintenance(this.cib);
        if (this.failing.has(id)) return [id, failedStart(managed)];
        return [id, { on: this.network.down.has('c1') ? 'c2' : 'c1', managed }];
      },
    );
    const report = {
      down: [...this.network.down, ...this.pacemakers.offline],
      connections: { ...Object.fromEntries(connections), ...this.guests.connections() },
      vms: this.guests.vms(),
      options: optionsOf(this.cib),
      ...this.others.reported(this.cib),
    };
    return new Map([
      ['crm_mon', crmMonXml(report)],
      ['dc_state', `${this.dcState()}\n`],
      ['cib', this.cibText()],
      ['end', ''],
    ]);
  }

  #simulation(): string {
    const known = [...this.cib.remoteConnections.keys(), ...this.guests.names];
    const joining = nodesOf(this.spec)
      .map(({ name }) => name)
      .filter((name) => !known.includes(name));
    return unfoldReply(SIMULATION, joining);
  }

  /** What was remembered of nodes is gone; a controller may have something to write of them yet. */
  #forgetNodes(names: readonly string[]): Answer {
    const forgotten = names.filter((name) => !this.lingering.delete(name));
    const targets = forgotten.map((id) => ({ element: 'node_state', id }));
    this.#cib = applyToTree(this.#cib, [{ kind: 'delete', targets }]);
    return '';
  }

  /** As `unlock` does it. */
  releaseLock(): void {
    this.#cib = applyToTree(this.#cib, [LOCK_AWAY]);
  }

  #writeCib({ params = [], input }: ExecRequest): Answer {
    this.beforeWrite();
    const [expected, lock, ...deletes] = params;
    if ((lockIn(this.cib)?.id ?? '') !== lock) return { code: 6 };
    const { adminEpoch, epoch } = this.cib.version;
    if (expected !== `${adminEpoch}.${epoch}`) return { code: 3 };
    const operations: CibOperation[] = deletes.map((xpath) => ({
      kind: 'delete',
      targets: targetsOf(xpath),
    }));
    const merge = String(input);
    if (merge !== '') operations.push({ kind: 'merge', fragment: parseXml(merge, 'the edit') });
    this.#cib = applyToTree(this.#cib, operations);
    this.guests.dropped.clear();
    this.cibWrites.push(operations.map(({ kind }) => kind).join(' and '));
    return '';
  }
}
