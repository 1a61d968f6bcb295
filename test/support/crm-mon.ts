import type { Cib } from '../../src/pacemaker/cib/cib.ts';
import { booleanOf } from '../../src/pacemaker/basics/durations.ts';
import { element, serializeXml, type XmlElement } from '../../src/pacemaker/basics/xml.ts';

/** What crm_mon says of a remote node and its connection; online and verified when it is on a cluster node and nothing else is said. */
export interface ReportedConnection {
  readonly on?: string;
  readonly role?: string;
  readonly blocked?: boolean;
  readonly managed?: boolean;
  readonly maintenance?: boolean;
  readonly failed?: boolean;
  /** It was deleted from the CIB and still runs. */
  readonly orphaned?: boolean;
  /** The cluster waits to fence the node. */
  readonly unclean?: boolean;
  /** Why its start failed, by cluster node. */
  readonly startFailures?: Readonly<Record<string, string>>;
}

/** A connection whose guarded start failed. */
export const failedStart = (managed: boolean): ReportedConnection => ({
  blocked: true,
  managed,
  startFailures: { c1: 'Timed out' },
});

export interface Reported {
  readonly connections?: Readonly<Record<string, ReportedConnection>>;
  /** Cluster nodes that are down. */
  readonly down?: readonly string[];
  /** Virtual machines, by their resource. */
  readonly vms?: Readonly<Record<string, ReportedConnection>>;
  /** Other resources, and on which node each is active. */
  readonly resources?: Readonly<Record<string, string>>;
  /** Those of them that cannot be stopped. */
  readonly blocked?: readonly string[];
  /** Cluster options as crm_mon prints them. */
  readonly options?: Readonly<Record<string, string>>;
  /** From which cluster nodes constraints keep a resource away. */
  readonly bans?: Readonly<Record<string, readonly string[]>>;
}

const flags = (values: Readonly<Record<string, boolean>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

const CLUSTER_NODES: readonly string[] = ['c1', 'c2'];

const nodeElement = (name: string, values: Readonly<Record<string, boolean>>): XmlElement =>
  element('node', {
    name,
    id: name,
    type: CLUSTER_NODES.includes(name) ? 'member' : 'remote',
    ...flags(values),
  });

function resourceElement(
  id: string,
  agent: string,
  {
    on,
    role,
    blocked = false,
    managed = true,
    maintenance = false,
    failed = false,
    orphaned = false,
  }: ReportedConnection,
): XmlElement {
  const active = on !== undefined;
  return element(
    'resource',
    {
      id,
      resource_agent: agent,
      role: role ?? (active ? 'Started' : 'Stopped'),
      ...flags({ active, blocked, managed, maintenance, failed, orphaned }),
    },
    active ? [element('node', { name: on, id: on })] : [],
  );
}

const failureElements = (id: string, reasons: Readonly<Record<string, string>>): XmlElement[] =>
  Object.entries(reasons).map(([node, exitreason]) =>
    element('failure', {
      op_key: `${id}_start_0`,
      node,
      exitreason,
      exitstatus: 'error',
      task: 'start',
      status: 'Error',
    }),
  );

/** The options of a cluster as 3.0.0 tells them, which does not know `fencing-enabled`. */
export function optionsOf({ properties }: Pick<Cib, 'properties'>): Record<string, string> {
  const of = (name: string, otherwise: boolean): string =>
    String(booleanOf(properties.get(name)?.value ?? '') ?? otherwise);
  return {
    'stonith-enabled': of('stonith-enabled', true),
    'symmetric-cluster': of('symmetric-cluster', true),
    'no-quorum-policy': properties.get('no-quorum-policy')?.value ?? 'stop',
    'maintenance-mode': of('maintenance-mode', false),
    'stop-all-resources': of('stop-all-resources', false),
  };
}

/** What `crm_mon --output-as=xml` would print, as far as outrigger looks at it. */
export function crmMonXml({
  connections = {},
  down = [],
  vms = {},
  resources = {},
  blocked: stuck = [],
  bans = {},
  options = {},
}: Reported): string {
  const [first] = CLUSTER_NODES.filter((name) => !down.includes(name));
  const dc = { present: 'true', name: first ?? '', version: '3.0.0-3.0.0', with_quorum: 'true' };
  const remotes = Object.entries(connections);
  return serializeXml(
    element('pacemaker-result', {}, [
      element('summary', {}, [element('current_dc', dc), element('cluster_options', options)]),
      element('nodes', {}, [
        ...CLUSTER_NODES.map((name) =>
          nodeElement(name, { online: !down.includes(name), is_dc: name === first }),
        ),
        ...remotes.map(([name, { on, unclean = false }]) =>
          nodeElement(name, { online: on !== undefined, unclean }),
        ),
      ]),
      element('resources', {}, [
        ...remotes.map(([id, report]) => resourceElement(id, 'ocf:pacemaker:remote', report)),
        ...Object.entries(vms).map(([id, report]) =>
          resourceElement(id, 'ocf:heartbeat:VirtualDomain', report),
        ),
        ...Object.entries(resources).map(([id, on]) =>
          resourceElement(id, 'ocf:pacemaker:Dummy', { on, blocked: stuck.includes(id) }),
        ),
      ]),
      element(
        'failures',
        {},
        [...remotes, ...Object.entries(vms)].flatMap(([id, { startFailures = {} }]) =>
          failureElements(id, startFailures),
        ),
      ),
      element(
        'bans',
        {},
        Object.entries(bans).flatMap(([resource, nodes]) =>
          nodes.map((node) =>
            element('ban', {
              id: `${resource}-not-on-${node}`,
              resource,
              node,
              weight: '-1000000',
            }),
          ),
        ),
      ),
      element('status', { code: '0', message: 'OK' }),
    ]),
  );
}
