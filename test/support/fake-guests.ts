import type { Cib } from '../../src/pacemaker/cib/cib.ts';
import { children, element, type XmlElement } from '../../src/pacemaker/basics/xml.ts';
import type { GuestNodeSpec } from '../../src/inventory/spec.ts';
import type { ReportedConnection } from './crm-mon.ts';

/** What the cluster is made of, as its guests have to know it. */
interface Surroundings {
  readonly cib: Cib;
  readonly spec: { readonly guestNodes: readonly GuestNodeSpec[] };
  /** Names whose connection fails to start. */
  readonly failing: ReadonlySet<string>;
  /** What crm_mon says of a connection instead. */
  readonly reported: ReadonlyMap<string, ReportedConnection>;
  merge(fragment: XmlElement): void;
}

type Reported = Readonly<Record<string, ReportedConnection>>;

const REJECTED = { c1: 'Key was rejected by service' };

const configuration = (section: XmlElement): XmlElement =>
  element('cib', {}, [element('configuration', {}, [section])]);

/**
 * Virtual machines of a cluster, and what Pacemaker does about the connections to them: such a connection takes
 * `is-managed` over from its VM, and not `maintenance`; when it fails the machine is recovered, unless that is left
 * alone (seen on 3.0.0).
 */
export class FakeGuests {
  /** Each time that the cluster recovered a machine. */
  readonly recovered: string[] = [];
  /** Machines that the cluster has stopped. */
  readonly stopped = new Set<string>();
  /** Guest nodes whose daemon was stopped in good order: the cluster connects again when the CIB is edited. */
  readonly dropped = new Set<string>();
  /** Guest nodes whose connection has failed, and of which that was not cleaned up. */
  readonly #failed = new Set<string>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Makes a resource for the VM of each guest node. */
  addVms(): void {
    const agent = { class: 'ocf', provider: 'heartbeat', type: 'VirtualDomain' };
    const vms = this.#around.spec.guestNodes.map(({ resource: id }) =>
      element('primitive', { id, ...agent }),
    );
    this.#around.merge(configuration(element('resources', {}, vms)));
  }

  get names(): readonly string[] {
    return this.#around.cib.guestNodes.map(({ name }) => name);
  }

  /** The machines that the cluster leaves alone. */
  get held(): readonly string[] {
    return this.#around.spec.guestNodes
      .map(({ resource }) => resource)
      .filter((resource) => this.#hasMeta(resource, 'maintenance', 'true'));
  }

  /** The cluster starts this machine again, and remembers it. */
  recover(id: string): void {
    this.recovered.push(id);
    const when = { operation: 'start', 'last-rc-change': String(this.recovered.length) };
    const start = element('lrm_rsc_op', { id: `${id}_last_0`, ...when });
    const history = element('lrm', { id: '1' }, [
      element('lrm_resources', {}, [element('lrm_resource', { id }, [start])]),
    ]);
    const state = element('node_state', { id: '1', uname: 'c1' }, [history]);
    this.#around.merge(element('cib', {}, [element('status', {}, [state])]));
  }

  /** What the cluster does by itself until it is idle. */
  settle(): void {
    for (const { name, resource } of this.#around.cib.guestNodes) {
      const isUp = !this.stopped.has(resource) && !this.dropped.has(name);
      if (!isUp || !this.#isManaged(resource) || this.#failed.has(name)) continue;
      if (!this.#around.failing.has(name)) continue;
      this.#failed.add(name);
      if (!this.held.includes(resource)) this.recover(resource);
    }
  }

  /** Failures are forgotten; a connection that the cluster manages is tried again at once. */
  cleanUp(names: readonly string[]): void {
    for (const name of names) this.#failed.delete(name);
    this.settle();
  }

  connections(): Reported {
    return Object.fromEntries(
      this.#around.cib.guestNodes.map(({ name, resource }) => {
        const managed = this.#isManaged(resource);
        const isDown = this.stopped.has(resource) || this.dropped.has(name);
        const state = this.#failed.has(name) ? { startFailures: REJECTED } : { on: 'c1' };
        return [name, { managed, ...(isDown ? {} : state), ...this.#around.reported.get(name) }];
      }),
    );
  }

  /** What failed is remembered also when the connection is gone. */
  vms(): Reported {
    const gone = [...this.#failed].filter((name) => !this.names.includes(name));
    return Object.fromEntries([
      ...this.#around.spec.guestNodes.map(({ resource }): [string, ReportedConnection] => {
        const maintenance = this.held.includes(resource);
        const managed = !maintenance && this.#isManaged(resource);
        const on = this.stopped.has(resource) ? {} : { on: 'c1' };
        const reported = this.#around.reported.get(resource);
        return [resource, { ...on, managed, maintenance, ...reported }];
      }),
      ...gone.map((name): [string, ReportedConnection] => [name, { startFailures: REJECTED }]),
    ]);
  }

  #isManaged(resource: string): boolean {
    return !this.#hasMeta(resource, 'is-managed', 'false');
  }

  /** Whether any block of a machine says so. */
  #hasMeta(resource: string, name: string, value: string): boolean {
    const primitive = this.#around.cib.primitives.get(resource)?.element;
    const blocks = primitive === undefined ? [] : children(primitive, 'meta_attributes');
    return blocks.some((block) =>
      block.children.some(
        ({ attributes }) => attributes['name'] === name && attributes['value'] === value,
      ),
    );
  }
}
