import { children, type XmlElement } from '../basics/xml.ts';

/** A node as crm_mon and crm_simulate report it. */
export interface NodeStatus {
  readonly name: string;
  readonly id: string;
  readonly type: string;
  readonly online: boolean;
  readonly standby: boolean;
  readonly maintenance: boolean;
  readonly pending: boolean;
  readonly unclean: boolean;
  readonly shutdown: boolean;
  readonly isDc: boolean;
  readonly resourcesRunning: number;
  /** Guest and bundle nodes: the resource of the VM or container. */
  readonly idAsResource: string | undefined;
}

/** A group, clone, bundle or replica around a resource, as reported. */
export interface StatusParent {
  readonly kind: string;
  readonly id: string;
}

/** One resource, or one instance of it, as reported. */
export interface ResourceStatus {
  /** As printed: instances of a unique clone have `:N`. */
  readonly id: string;
  /** The id in the CIB. */
  readonly primitive: string;
  readonly agent: string;
  readonly role: string;
  readonly active: boolean;
  readonly orphaned: boolean;
  readonly blocked: boolean;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly failed: boolean;
  readonly failureIgnored: boolean;
  /** What is under way (`Starting`), if anything. */
  readonly pending: string | undefined;
  /** Names of the nodes it is active on. */
  readonly nodes: readonly string[];
  /** From outside in. */
  readonly parents: readonly StatusParent[];
}

const isTrue = (owner: XmlElement, name: string): boolean => owner.attributes[name] === 'true';

const textOf = (owner: XmlElement, name: string): string => owner.attributes[name] ?? '';

const nodeStatus = (node: XmlElement): NodeStatus => ({
  name: textOf(node, 'name'),
  id: textOf(node, 'id'),
  type: textOf(node, 'type'),
  online: isTrue(node, 'online'),
  standby: isTrue(node, 'standby'),
  maintenance: isTrue(node, 'maintenance'),
  pending: isTrue(node, 'pending'),
  unclean: isTrue(node, 'unclean'),
  shutdown: isTrue(node, 'shutdown'),
  isDc: isTrue(node, 'is_dc'),
  resourcesRunning: Number(/^\d{1,9}$/.exec(textOf(node, 'resources_running'))?.[0] ?? 0),
  idAsResource: node.attributes['id_as_resource'] ?? node.attributes['container_id'],
});

/** The nodes below a `<nodes>` element, by name. */
export const nodeStatuses = (section: XmlElement | undefined): ReadonlyMap<string, NodeStatus> =>
  new Map(
    (section === undefined ? [] : children(section, 'node'))
      .map(nodeStatus)
      .map((node) => [node.name, node]),
  );

/** An id without the instance number that Pacemaker adds in a clone. */
export const withoutInstance = (id: string): string => id.replace(/:\d+$/, '');

/** Before 2.1.0 the separator of standard and provider was `::`. */
const agentText = (text: string): string => text.replaceAll('::', ':');

const resourceStatus = (
  resource: XmlElement,
  parents: readonly StatusParent[],
): ResourceStatus => ({
  id: textOf(resource, 'id'),
  primitive: withoutInstance(textOf(resource, 'id')),
  agent: agentText(textOf(resource, 'resource_agent')),
  role: textOf(resource, 'role'),
  active: isTrue(resource, 'active'),
  // 3.0.2 (xml/api/resources-2.41.rng) added `removed` as the new name.
  orphaned: isTrue(resource, 'orphaned') || isTrue(resource, 'removed'),
  blocked: isTrue(resource, 'blocked'),
  managed: isTrue(resource, 'managed'),
  maintenance: isTrue(resource, 'maintenance'),
  failed: isTrue(resource, 'failed'),
  failureIgnored: isTrue(resource, 'failure_ignored'),
  pending: resource.attributes['pending'],
  nodes: children(resource, 'node').map((node) => textOf(node, 'name')),
  parents,
});

/** Every resource below a `<resources>` element, those in groups, clones and bundles included. */
export function resourceStatuses(
  section: XmlElement | undefined,
  parents: readonly StatusParent[] = [],
): readonly ResourceStatus[] {
  if (section === undefined) return [];
  return section.children.flatMap((inner) => {
    if (inner.name === 'resource') return [resourceStatus(inner, parents)];
    return resourceStatuses(inner, [...parents, { kind: inner.name, id: textOf(inner, 'id') }]);
  });
}
