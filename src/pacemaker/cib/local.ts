import type { Cib } from './cib.ts';
import { agentOf, valuesWritten, type Agent } from './agent.ts';
import type { PlacedPrimitive } from './connections.ts';
import { nodeKey } from '../basics/node-names.ts';
import { oncePer } from '../../support/values/once-per.ts';

/** What an active resource is on the machine where it runs, as its agent looks for it. */
export type LocalForm =
  | { readonly kind: 'unit'; readonly unit: string }
  | { readonly kind: 'mount'; readonly directory: string }
  | { readonly kind: 'address'; readonly address: string };

/** A resource whose activity somebody can see without its agent. */
export interface LocalResource {
  readonly id: string;
  /** `systemd:nginx`, `ocf:heartbeat:IPaddr2` */
  readonly agent: string;
  readonly forms: readonly LocalForm[];
  /** It may be active on several nodes at once. */
  readonly isClone: boolean;
}

/** What a name may end with and still be no service (lib/services/systemd.c, systemd_unit_extension). */
const UNIT_SUFFIX = /\.(service|socket|mount|timer|path)$/;

// The standards that end up with systemd; an init script becomes a service of its name (systemd-sysv-generator(8)).
const UNIT_CLASSES: readonly string[] = ['systemd', 'service', 'lsb'];

const ADDRESS_PARAMETERS: Readonly<Record<string, string>> = {
  IPaddr2: 'ip',
  IPaddr: 'ip',
  IPv6addr: 'ipv6addr',
};

/**
 * The resources that Pacemaker would look for on a node of this name when it joins. What runs in a bundle is looked for
 * in its container; constraints may say that a resource is not looked for there at all (`resource-discovery`).
 */
export const localResources = (cib: Cib, node: string): readonly LocalResource[] =>
  visibleResources(cib)
    .filter(({ discovery }) => isLookedFor(discovery, node))
    .map(({ resource }) => resource);

const visibleResources = oncePer((cib: Cib) =>
  [...cib.primitives.values()]
    .filter(({ enclosing }) => enclosing.every(({ name }) => name !== 'bundle'))
    .map((placed) => ({ placed, resource: localResource(cib, placed) }))
    .filter(({ resource }) => resource.forms.length > 0)
    .map(({ placed, resource }) => ({ resource, discovery: discoveryOf(cib, placed) })),
);

function localResource(cib: Cib, { element, id, enclosing }: PlacedPrimitive): LocalResource {
  const agent = agentOf(element, cib.ids);
  return {
    id,
    agent: [agent.standard, agent.provider, agent.type].filter(Boolean).join(':'),
    forms: formsOf(agent, (name) => valuesWritten(element, name, cib.ids)),
    isClone: enclosing.some(({ name }) => name === 'clone' || name === 'master'),
  };
}

function formsOf(
  { standard, provider, type }: Agent,
  valuesOf: (name: string) => readonly string[],
): readonly LocalForm[] {
  if (UNIT_CLASSES.includes(standard) && type !== '')
    return [{ kind: 'unit', unit: UNIT_SUFFIX.test(type) ? type : `${type}.service` }];
  if (standard !== 'ocf' || provider !== 'heartbeat') return [];
  if (type === 'Filesystem') {
    return valuesOf('directory').map((directory) => ({
      kind: 'mount',
      directory: plainPath(directory),
    }));
  }
  const parameter = Object.hasOwn(ADDRESS_PARAMETERS, type) ? ADDRESS_PARAMETERS[type] : undefined;
  return parameter === undefined
    ? []
    : valuesOf(parameter).map((address) => ({ kind: 'address', address }));
}

const plainPath = (path: string): string => path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');

/** Where constraints let Pacemaker look for a resource; nodes in Pacemaker's form of their names. */
interface Discovery {
  readonly never: ReadonlySet<string>;
  /** Undefined: on every other node. */
  readonly exclusive: ReadonlySet<string> | undefined;
}

function discoveryOf(cib: Cib, { id, enclosing }: PlacedPrimitive): Discovery {
  const names = [id, ...enclosing.map((outer) => outer.id)];
  const own = cib.constraints
    .map(({ element }) => element.attributes)
    .filter(({ rsc = '' }) => names.includes(rsc));
  const having = (discovery: string) =>
    own.filter((attributes) => attributes['resource-discovery'] === discovery);
  const nodesIn = (some: ReturnType<typeof having>) =>
    new Set(some.map(({ node = '' }) => nodeKey(node)));
  const exclusive = having('exclusive');
  // With a rule in place of a name it may be anywhere.
  const isAnywhere = exclusive.length === 0 || exclusive.some(({ node }) => node === undefined);
  return {
    never: nodesIn(having('never')),
    exclusive: isAnywhere ? undefined : nodesIn(exclusive),
  };
}

const isLookedFor = ({ never, exclusive }: Discovery, node: string): boolean =>
  !never.has(nodeKey(node)) && exclusive?.has(nodeKey(node)) !== false;
