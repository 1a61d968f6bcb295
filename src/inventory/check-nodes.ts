import { isNcName } from '../pacemaker/basics/names.ts';
import { nodeKey } from '../pacemaker/basics/node-names.ts';
import { errorAt, type DiagnosticCode, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import { endpoint, normalAddress } from '../support/values/address.ts';
import type { Declared, Resolved } from './resolve-inventory.ts';
import type { ClusterNodeSpec, PacemakerRemoteSpec } from './spec.ts';
import { addressFault } from './wrong-address.ts';

/** Tells the line of a value, so that messages can point at the other of two. */
type LineOf = (pointer: string) => number;

/** The name is also the XML id of the connection resource, so it cannot begin with a digit. */
const REMOTE_NODE_NAME = /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/;
/**
 * The names of other nodes may begin with a digit: in the CIB they are texts. A guest node's connection has its name as an id as
 * well, but only inside the scheduler, behind the check against the schema (pe_create_remote_xml in lib/pengine/remote.c). `id` and
 * `uname` are `<text/>` in nodes-1.0.rng to nodes-4.0.rng, all that the branches 1.1, 2.0, 2.1 and 3.0 have.
 */
const OTHER_NODE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** Where SSH goes as long as nothing says otherwise. */
const SSH_PORT = 22;

/** Names and addresses that no node can have, or that cannot stand beside each other. */
export const checkNodes = (resolved: Resolved, lineOf: LineOf): Finding[] =>
  oncePerPlace([
    ...checkClusterNodes(resolved.clusterNodes, lineOf),
    ...checkRemoteNames(resolved, lineOf),
    ...checkVms(resolved, lineOf),
    ...checkRemoteAddresses(resolved, lineOf),
    ...checkAddresses(resolved),
    ...checkPlugs(resolved, lineOf),
  ]);

type Kind = 'cluster node' | 'remote node' | 'guest node';

/** What both kinds of Pacemaker Remote nodes have to be checked for, and which kind each is. */
const pacemakerRemotes = ({
  remoteNodes,
  guestNodes,
}: Resolved): readonly (Declared<PacemakerRemoteSpec> & { readonly kind: Kind })[] => [
  ...remoteNodes.map((declared) => ({ ...declared, kind: 'remote node' as const })),
  ...guestNodes.map((declared) => ({ ...declared, kind: 'guest node' as const })),
];

/** The nodes of one range tend to share a fault; the first of them speaks for all. */
function oncePerPlace(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, path }) => {
    const place = `${code} ${path}`;
    const isFirst = !seen.has(place);
    seen.add(place);
    return isFirst;
  });
}

function checkClusterNodes(nodes: readonly Declared<ClusterNodeSpec>[], lineOf: LineOf): Finding[] {
  const names = new Claims(lineOf);
  const hosts = new Claims(lineOf);
  return nodes.flatMap(({ node, pointer }) => {
    const { name, address, connection } = node;
    const addressPointer = childPointer(pointer, 'address');
    return [
      ...checkName(name, 'cluster node', childPointer(pointer, 'name')),
      ...names.claim(nodeKey(name), childPointer(pointer, 'name'), 'cluster node', {
        code: 'duplicate-name',
        message: `is named \`${name}\``,
      }),
      ...hosts.claim(
        endpoint(address, connection.port ?? SSH_PORT),
        addressPointer,
        'cluster node',
        { code: 'duplicate-address', message: `has the address \`${address}\`` },
      ),
    ];
  });
}

/** Pacemaker compares the names of nodes without regard to case. */
function checkRemoteNames(resolved: Resolved, lineOf: LineOf): Finding[] {
  const taken = new Map(
    resolved.clusterNodes.map(({ node, pointer }) => [nodeKey(node.name), pointer]),
  );
  const names = new Claims(lineOf);
  return pacemakerRemotes(resolved).flatMap(({ node: { name }, pointer, kind }) => {
    const namePointer = childPointer(pointer, 'name');
    const clusterNode = taken.get(nodeKey(name));
    if (clusterNode !== undefined) {
      const message = `\`${name}\` is already a cluster node (line ${lineOf(clusterNode)}); it cannot be a ${kind} too`;
      return [errorAt(namePointer, 'name-of-cluster-node', message)];
    }
    return [
      ...checkName(name, kind, namePointer),
      ...names.claim(nodeKey(name), namePointer, kind, {
        code: 'duplicate-name',
        message: `is named \`${name}\``,
      }),
    ];
  });
}

/**
 * One VM is one guest node, and neither has the name of the other: Pacemaker makes no node of a guest whose name is
 * that of a resource, and says nothing (lib/pengine/unpack.c, expand_remote_rsc_meta). Names that differ in case only are
 * mixed up by the controller (see pacemaker/basics/node-names.ts).
 */
function checkVms({ remoteNodes, guestNodes }: Resolved, lineOf: LineOf): Finding[] {
  const resources = new Claims(lineOf);
  const vms = new Map(guestNodes.map((each) => [nodeKey(each.node.resource), each]));
  const connections = new Map(remoteNodes.map((each) => [nodeKey(each.node.name), each]));
  return guestNodes.flatMap(({ node: { name, resource }, pointer }) => {
    const resourcePointer = childPointer(pointer, 'resource');
    const vm = vms.get(nodeKey(name));
    const connection = connections.get(nodeKey(resource));
    const findings: Finding[] = [];
    if (vm !== undefined) {
      const other = vm.node.resource;
      const message = `${sameAs(name, other)} the resource of a virtual machine (line ${lineOf(vm.pointer)}); a guest node needs a name of its own`;
      findings.push(errorAt(childPointer(pointer, 'name'), 'name-of-resource', message));
    }
    if (connection !== undefined) {
      const message = `${sameAs(resource, connection.node.name)} a remote node (line ${lineOf(connection.pointer)}), not the resource of a virtual machine`;
      findings.push(errorAt(resourcePointer, 'wrong-resource', message));
    }
    if (!isNcName(resource)) {
      const message = `\`${resource}\` is not a valid resource id`;
      const expected = 'letters, digits, `.`, `_` and `-`, beginning with a letter or `_`';
      findings.push(errorAt(resourcePointer, 'wrong-resource', message, { expected }));
    }
    const claimed = resources.claim(resource, resourcePointer, 'guest node', {
      code: 'duplicate-resource',
      message: `is the VM \`${resource}\``,
    });
    return [...findings, ...claimed];
  });
}

const sameAs = (name: string, other: string): string =>
  name === other ? `\`${name}\` is` : `\`${name}\` differs only in case from \`${other}\`,`;

function checkName(name: string, kind: Kind, pointer: string): Finding[] {
  const isRemote = kind === 'remote node';
  if ((isRemote ? REMOTE_NODE_NAME : OTHER_NODE_NAME).test(name)) return [];
  const begin = isRemote ? 'a letter or `_`' : 'a letter, a digit or `_`';
  const expected = `at most 64 letters, digits, \`.\`, \`_\` and \`-\`, beginning with ${begin}`;
  return [
    errorAt(pointer, 'wrong-name', `\`${name}\` is not a valid name for a ${kind}`, { expected }),
  ];
}

/** No host can be two nodes, and no two connections can lead to one daemon. */
function checkRemoteAddresses(resolved: Resolved, lineOf: LineOf): Finding[] {
  const clusterAddresses = new Map(
    resolved.clusterNodes.flatMap((clusterNode) => [
      [normalAddress(clusterNode.node.address), clusterNode],
      [
        endpoint(clusterNode.node.address, clusterNode.node.connection.port ?? SSH_PORT),
        clusterNode,
      ],
    ]),
  );
  const servers = new Claims(lineOf);
  const hosts = new Claims(lineOf);
  return pacemakerRemotes(resolved).flatMap(({ node, pointer, serverPointer, kind }) => {
    const { address, server, port, connection } = node;
    const addressPointer = childPointer(pointer, 'address');
    const host = endpoint(address, connection.port ?? SSH_PORT);
    for (const [key, path, text] of [
      [normalAddress(server), serverPointer, server],
      [host, addressPointer, address],
    ] as const) {
      const other = clusterAddresses.get(key);
      if (other === undefined) continue;
      const message = `\`${text}\` is the address of the cluster node \`${other.node.name}\` (line ${lineOf(other.pointer)}); a host cannot be both`;
      return [errorAt(path, 'address-of-cluster-node', message)];
    }
    const sameServer = servers.claim(endpoint(server, port), serverPointer, kind, {
      code: 'duplicate-server',
      message: `is on \`${server}\` port ${port}`,
    });
    const sameHost = hosts.claim(host, addressPointer, kind, {
      code: 'duplicate-address',
      message: `has the address \`${address}\``,
    });
    return sameServer.length > 0 ? sameServer : sameHost;
  });
}

/** Addresses that no host can have. */
const checkAddresses = (resolved: Resolved): Finding[] =>
  [
    ...resolved.clusterNodes.map(({ node: { address }, pointer }) => [
      [address, childPointer(pointer, 'address')] as const,
    ]),
    ...pacemakerRemotes(resolved).map(({ node: { address, server }, pointer, serverPointer }) => [
      [address, childPointer(pointer, 'address')] as const,
      [server, serverPointer] as const,
    ]),
  ]
    .flat()
    .flatMap(([address, pointer]) => {
      const fault = addressFault(address);
      if (fault === undefined) return [];
      const { message, expected } = fault;
      return [errorAt(pointer, 'wrong-address', message, { expected })];
    });

/** Two nodes on one plug: to fence the one would cut the power of the other. */
function checkPlugs({ remoteNodes }: Resolved, lineOf: LineOf): Finding[] {
  const plugs = new Claims(lineOf);
  return remoteNodes.flatMap(({ node: { fencing }, pointer, isAbsent }) => {
    if (fencing?.plug === undefined || isAbsent === true) return [];
    const { device, plug } = fencing;
    const plugPointer = childPointer(pointer, 'fencing', 'plug');
    return plugs.claim(`${device} ${plug}`, plugPointer, 'remote node', {
      code: 'duplicate-plug',
      message: `is on plug \`${plug}\` of \`${device}\``,
    });
  });
}

/** Who claimed a word first; whoever comes later is told who that was, and where. */
class Claims {
  readonly #first = new Map<string, { readonly pointer: string; readonly kind: Kind }>();
  readonly #lineOf: LineOf;

  constructor(lineOf: LineOf) {
    this.#lineOf = lineOf;
  }

  claim(
    word: string,
    pointer: string,
    kind: Kind,
    fault: { code: DiagnosticCode; message: string },
  ): Finding[] {
    const first = this.#first.get(word);
    if (first !== undefined) {
      const line = this.#lineOf(first.pointer);
      const who = `${first.kind === kind ? 'another' : 'a'} ${first.kind}`;
      return [errorAt(pointer, fault.code, `${who} ${fault.message} (line ${line})`)];
    }
    this.#first.set(word, { pointer, kind });
    return [];
  }
}
