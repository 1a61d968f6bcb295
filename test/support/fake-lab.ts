import { createHash } from 'node:crypto';
import type { ExecRequest, HostFile } from '../../src/host/host.ts';
import { cibView } from '../../src/pacemaker/cib.ts';
import { fenceCoverage } from '../../src/pacemaker/cib-fencing.ts';
import { applyToTree, type CibOperation, type Target } from '../../src/pacemaker/cib-edit.ts';
import {
  children,
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/xml.ts';
import {
  nodesOf,
  type PacemakerRemoteSpec,
  type RemoteNodeSpec,
  type Spec,
} from '../../src/spec/spec.ts';
import { reveal } from '../../src/support/secret.ts';
import { crmMonXml, type ReportedConnection } from './crm-mon.ts';
import { FakeHost, fakeNetwork, type Answer, type Answers, type FakeNetwork } from './fake-host.ts';
import { readReply, replyOf, replyTo, sectionsOf, unfoldReply } from './replies.ts';
import { guestNode, remoteNode, sshTo } from './specs.ts';

const recorded = (file: string): string => readReply(new URL(`../${file}`, import.meta.url));

const BARE_HOST = recorded('unit/facts/fixtures/bare-host.txt');
const REMOTE_NODE = recorded('unit/facts/fixtures/remote-node.txt');
const MEMBER = recorded('golden/first-join/replies/c2.probe.txt');
const LEAD = recorded('golden/first-join/replies/c1.probe.txt');
const SIMULATION = recorded('golden/fleet/replies/c1.simulate.txt');

export const CLUSTER_KEY = Buffer.from('the cluster’s authkey: never shown');

const REJECTED = { c1: 'Key was rejected by service' };

/** What a test changes about one host. */
export interface HostTrouble {
  /** `none`: it has no authkey. */
  readonly key?: Buffer | 'none';
  /** What a script answers instead of doing its work. */
  readonly answers?: Readonly<Record<string, () => Answer>>;
}

interface HostState {
  key: Buffer | undefined;
  sections: Map<string, string>;
}

/** The targets of a deletion, from its XPath: the reverse of `deleteXPath`, for what has no `within`. */
const targetsOf = (xpath: string): Target[] =>
  xpath.split('|').flatMap((step) => {
    const name = /^\/\/(\w+)\[/.exec(step)?.[1] ?? step;
    return [...step.matchAll(/@id='([^']*)'/g)].map(([, id = '']) => ({ element: name, id }));
  });

const section = (text: string): string => `${text.trim()}\n`;

/**
 * Cluster nodes c1 and c2 and any number of hosts, all in this process: recorded replies of real hosts, of which those
 * parts change that outrigger's scripts change. A connection in the CIB is at once in, unless it is said to fail.
 */
export class FakeLab {
  readonly hosts: readonly FakeHost[];
  readonly network: FakeNetwork;
  readonly spec: Spec;
  /** Each edit of the CIB that was accepted. */
  readonly cibWrites: string[] = [];
  /** Names whose connection fails to start. */
  readonly failing = new Set<string>();
  /** What crm_mon says of a connection instead. */
  readonly reported = new Map<string, ReportedConnection>();
  /** Each time that the cluster recovered a machine, since the connection to its guest node failed. */
  readonly recovered: string[] = [];
  /** Guest nodes whose daemon was stopped in good order: the cluster connects again when the CIB is edited. */
  readonly dropped = new Set<string>();
  /** Machines that the cluster has stopped. */
  readonly stopped = new Set<string>();
  /** Guest nodes whose connection has failed, and of which that was not cleaned up. */
  readonly #failed = new Set<string>();
  /** Called before each edit of the CIB is looked at. */
  beforeWrite: () => void = () => undefined;
  #cib: XmlElement = parseXml(sectionsOf(LEAD).get('cib')?.trim() ?? '', 'the CIB');
  readonly #states = new Map<string, HostState>();
  #clock = Date.now() / 1000;

  constructor(
    names: readonly string[],
    trouble: Readonly<Record<string, HostTrouble>> = {},
    settings: Partial<RemoteNodeSpec> = {},
    guests: readonly string[] = [],
  ) {
    const nodes = names.map((name) =>
      remoteNode(name, { address: name, server: name, ...settings }),
    );
    this.spec = {
      cluster: { name: 'prod' },
      clusterNodes: ['c1', 'c2'].map((name) => ({ name, address: name, connection: sshTo })),
      remoteNodes: nodes,
      guestNodes: guests.map((name) => guestNode(name, { address: name, server: name })),
      authentication: { method: 'psk', authkey: { kind: 'cluster' } },
    };
    this.#addMachines();
    const all = nodesOf(this.spec);
    this.hosts = [
      ...['c1', 'c2'].map((name) => this.#clusterNode(name, all, trouble[name])),
      ...[...names, ...guests].map((name) => this.#remoteHost(name, trouble[name])),
    ];
    this.network = fakeNetwork(this.hosts);
  }

  host(name: string): FakeHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  get cib(): ReturnType<typeof cibView> {
    return cibView(this.#cib);
  }

  /** As if somebody else had edited the configuration. */
  editByOthers(): void {
    const { attributes, name, children } = this.#cib;
    this.#cib = element(
      name,
      { ...attributes, epoch: String(Number(attributes['epoch']) + 1) },
      children,
    );
  }

  /** Puts another key on a host, as somebody on it might. */
  tamperKey(name: string): void {
    const state = this.#states.get(name);
    if (state === undefined) throw new Error(`no host ${name}`);
    this.#putKey(state, Buffer.from('somebody else’s key'), 'hacluster haclient 400');
  }

  /** Sets a cluster option. */
  setProperty(name: string, value: string): void {
    const id = 'cib-bootstrap-options';
    const option = element('nvpair', { id: `${id}-${name}`, name, value });
    const block = element('cluster_property_set', { id }, [option]);
    const fragment = element('cib', {}, [
      element('configuration', {}, [element('crm_config', {}, [block])]),
    ]);
    this.#cib = applyToTree(this.#cib, [{ kind: 'merge', fragment }]);
  }

  /** The machines of guest nodes that the cluster leaves alone. */
  get held(): readonly string[] {
    return this.spec.guestNodes
      .map(({ resource }) => resource)
      .filter((resource) => this.#hasMeta(resource, 'maintenance', 'true'));
  }

  /** As if what happened in another lab had happened here. */
  takeCibFrom(other: FakeLab): void {
    this.#cib = other.#cib;
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
    const state = this.#addState(name, name === 'c1' ? LEAD : MEMBER, trouble.key ?? CLUSTER_KEY);
    return new FakeHost(
      name,
      {
        probe: (request) => this.#probe(state, request, nodes),
        cluster: (request) => replyTo(request, replyOf(this.#clusterSections())),
        'read-cluster': (request) => replyTo(request, replyOf(this.#clusterSections())),
        simulate: (request) => replyTo(request, this.#simulation()),
        'write-cib': (request) => this.#writeCib(request),
        reach: ({ input }) => this.#reach(String(input)),
        'read-authkey': () => state.key?.toString('base64') ?? { code: 1, stderr: 'missing' },
        cleanup: ({ params = [] }) => this.#cleanUp(params),
        'forget-nodes': () => '',
        ...trouble.answers,
      },
      (file) => {
        this.#takeFile(state, file);
      },
    );
  }

  #remoteHost(name: string, trouble: HostTrouble = {}): FakeHost {
    const state = this.#addState(name, BARE_HOST, trouble.key);
    const ready = sectionsOf(REMOTE_NODE);
    const answers: Answers = {
      probe: (request) => this.#probe(state, request, []),
      'install-apt': () => {
        state.sections.set('packages', ready.get('packages') ?? '');
        return '';
      },
      'start-service': () => {
        for (const part of ['units', 'listening']) state.sections.set(part, ready.get(part) ?? '');
        state.sections.set('started', section(`t ${Math.round(this.#tick() * 1e6)}`));
        return '';
      },
      ...trouble.answers,
    };
    return new FakeHost(name, answers, (file) => {
      this.#takeFile(state, file);
    });
  }

  #addState(name: string, reply: string, key: Buffer | 'none' | undefined): HostState {
    const state = { key: undefined, sections: sectionsOf(reply) };
    this.#states.set(name, state);
    if (key === 'none') state.sections.set('authkey', section('path=/etc/pacemaker/authkey'));
    else if (key !== undefined) this.#putKey(state, key, 'root haclient 640');
    return state;
  }

  #tick(): number {
    this.#clock += 0.1;
    return this.#clock;
  }

  #takeFile(state: HostState, { path, content, owner, group, mode }: HostFile): void {
    if (path !== '/etc/pacemaker/authkey') throw new Error(`an unexpected file: ${path}`);
    this.#putKey(state, Buffer.from(reveal(content)), `${owner} ${group} ${mode.slice(1)}`);
  }

  #putKey(state: HostState, key: Buffer, rights: string): void {
    state.key = key;
    const digest = createHash('sha256').update(key).digest('hex');
    state.sections.set(
      'authkey',
      section(`path=/etc/pacemaker/authkey\ndigest=${digest}\nrights=${rights} ${this.#tick()}`),
    );
  }

  #probe(state: HostState, request: ExecRequest, nodes: readonly PacemakerRemoteSpec[]): string {
    const role = request.params?.[1];
    if (role === 'remote' && request.input !== '') throw new Error('a host is told of no other');
    const sections = new Map(state.sections).set('clock', section(String(Date.now() / 1000)));
    for (const part of ['crm_mon', 'dc_state', 'cib', 'end']) sections.delete(part);
    if (role !== 'remote') {
      const told = nodes.map(({ server }, index) => `10.77.0.1${index % 2} ${server}`);
      sections.set('routes', section(told.join('\n')));
      sections.set('fencers', section(this.#fencers(String(request.input))));
      const { name, attributes } = this.#cib;
      sections.set('membership', serializeXml(element(name, attributes)));
    }
    const cluster = role === 'lead' ? this.#clusterSections() : new Map([['end', '']]);
    return replyTo(request, replyOf(new Map([...sections, ...cluster])));
  }

  /** Who can fence the nodes that are asked for, by the lists of the fence devices in the CIB. */
  #fencers(input: string): string {
    const asked = [...input.matchAll(/^node (.*)$/gm)].map(([, node = '']) => node);
    const { cib } = this;
    const covers = (device: string, node: string): boolean =>
      fenceCoverage(cib, { node, device, plug: undefined }).kind === 'covered';
    return asked
      .map((node) => `${node} ${cib.fencingDevices.filter((id) => covers(id, node)).join(' ')}`)
      .join('\n');
  }

  /** A resource of the cluster for the machine of each guest node. */
  #addMachines(): void {
    const agent = { class: 'ocf', provider: 'heartbeat', type: 'VirtualDomain' };
    const machines = this.spec.guestNodes.map(({ resource: id }) =>
      element('primitive', { id, ...agent }),
    );
    const resources = element('resources', {}, machines);
    const fragment = element('cib', {}, [element('configuration', {}, [resources])]);
    this.#cib = applyToTree(this.#cib, [{ kind: 'merge', fragment }]);
  }

  /** Whether any block of a machine says so: the one of ours wins over what else there may be. */
  #hasMeta(resource: string, name: string, value: string): boolean {
    const primitive = this.cib.primitives.get(resource)?.element;
    return children(primitive ?? element('primitive', {}), 'meta_attributes').some((block) =>
      block.children.some(
        ({ attributes }) => attributes['name'] === name && attributes['value'] === value,
      ),
    );
  }

  /**
   * What the cluster does by itself: a connection to a guest node takes `is-managed` over from its machine, and not
   * `maintenance`; one that fails has the machine recovered, unless that is left alone.
   */
  #settle(): void {
    for (const { name, resource } of this.cib.guestNodes) {
      if (this.#hasMeta(resource, 'is-managed', 'false') || this.dropped.has(name)) continue;
      if (!this.failing.has(name) || this.#failed.has(name) || this.stopped.has(resource)) continue;
      this.#failed.add(name);
      if (this.held.includes(resource)) continue;
      this.recover(resource);
    }
  }

  /** The cluster starts this machine again. */
  recover(id: string): void {
    this.recovered.push(id);
    const when = { operation: 'start', 'last-rc-change': String(this.recovered.length) };
    const start = element('lrm_rsc_op', { id: `${id}_last_0`, ...when });
    const history = element('lrm', { id: '1' }, [
      element('lrm_resources', {}, [element('lrm_resource', { id }, [start])]),
    ]);
    const state = element('node_state', { id: '1', uname: 'c1' }, [history]);
    const fragment = element('cib', {}, [element('status', {}, [state])]);
    this.#cib = applyToTree(this.#cib, [{ kind: 'merge', fragment }]);
  }

  /** A connection that the cluster manages is tried again at once. */
  #cleanUp(names: readonly string[]): Answer {
    const known = [...this.cib.remoteConnections.keys(), ...this.#guestNames()];
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) return { code: 1, stderr: `Resource '${unknown}' not found\n` };
    for (const name of names) this.#failed.delete(name);
    this.#settle();
    return '';
  }

  #guestNames(): readonly string[] {
    return this.cib.guestNodes.map(({ name }) => name);
  }

  #guestConnections(): (readonly [string, ReportedConnection])[] {
    return this.cib.guestNodes.map(({ name, resource }) => {
      const said = this.reported.get(name);
      const managed = !this.#hasMeta(resource, 'is-managed', 'false');
      if (said !== undefined) return [name, { managed, ...said }];
      if (this.stopped.has(resource) || this.dropped.has(name)) return [name, { managed }];
      return [
        name,
        this.#failed.has(name) ? { managed, startFailures: REJECTED } : { on: 'c1', managed },
      ];
    });
  }

  #machines(): (readonly [string, ReportedConnection])[] {
    return this.spec.guestNodes.map(({ resource }) => {
      const maintenance = this.held.includes(resource);
      const managed = !maintenance && !this.#hasMeta(resource, 'is-managed', 'false');
      return [
        resource,
        this.stopped.has(resource) ? { managed } : { on: 'c1', managed, maintenance },
      ];
    });
  }

  #clusterSections(): Map<string, string> {
    this.#settle();
    const connections = [...this.cib.remoteConnections.values()].map(
      ({ id, quiet, isManaged }): [string, ReportedConnection] => {
        const said = this.reported.get(id);
        if (said !== undefined) return [id, said];
        return this.failing.has(id)
          ? [
              id,
              { blocked: true, managed: isManaged && !quiet, startFailures: { c1: 'Timed out' } },
            ]
          : [id, { on: 'c1', managed: isManaged && !quiet }];
      },
    );
    // What failed is remembered also when the connection is gone.
    const gone = [...this.#failed].filter((name) => !this.#guestNames().includes(name));
    const report = {
      connections: Object.fromEntries([...connections, ...this.#guestConnections()]),
      machines: Object.fromEntries([
        ...this.#machines(),
        ...gone.map((name) => [name, { startFailures: REJECTED }] as const),
      ]),
    };
    return new Map([
      ['crm_mon', crmMonXml(report)],
      ['dc_state', 'S_IDLE\n'],
      ['cib', serializeXml(this.#cib)],
      ['end', ''],
    ]);
  }

  #simulation(): string {
    const known = [...this.cib.remoteConnections.keys(), ...this.#guestNames()];
    const joining = nodesOf(this.spec)
      .map(({ name }) => name)
      .filter((name) => !known.includes(name));
    return unfoldReply(SIMULATION, joining);
  }

  #writeCib({ params = [], input }: ExecRequest): Answer {
    this.beforeWrite();
    const [expected, ...deletes] = params;
    const { adminEpoch, epoch } = this.cib.version;
    if (expected !== `${adminEpoch}.${epoch}`) return { code: 3 };
    const operations: CibOperation[] = deletes.map((xpath) => ({
      kind: 'delete',
      targets: targetsOf(xpath),
    }));
    const merge = String(input);
    if (merge !== '') operations.push({ kind: 'merge', fragment: parseXml(merge, 'the edit') });
    this.#cib = applyToTree(this.#cib, operations);
    this.dropped.clear();
    this.cibWrites.push(operations.map(({ kind }) => kind).join(' and '));
    return '';
  }

  #reach(input: string): string {
    const lines = input.trim().split('\n');
    return lines.map((line) => `${line} ${this.#isOpen(line) ? 'open' : 'closed'}\n`).join('');
  }

  #isOpen(line: string): boolean {
    const [server = '', port] = line.split(' ');
    const listening = this.#states.get(server)?.sections.get('listening') ?? '';
    return listening.includes(`:${Number(port).toString(16).toUpperCase().padStart(4, '0')}\n`);
  }
}
