import { errorAt, type Finding } from '../support/diagnostic.ts';
import { childPointer } from '../support/json-pointer.ts';
import { endpoint, normalAddress } from './address.ts';
import type { Declared, Resolved } from './resolve-inventory.ts';
import type { ClusterNodeSpec } from './spec.ts';

/** Tells the line of a value, so that messages can point at the other of two. */
type LineOf = (pointer: string) => number;

/** A remote node's name is also the XML id of its connection resource, so it cannot begin with a digit. */
const REMOTE_NODE_NAME = /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/;
const CLUSTER_NODE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** Where SSH goes as long as nothing says otherwise. */
const SSH_PORT = 22;

/** Names and addresses that no node can have, or that cannot stand beside each other. */
export const checkNodes = (resolved: Resolved, lineOf: LineOf): Finding[] =>
  oncePerPlace([
    ...checkClusterNodes(resolved.clusterNodes, lineOf),
    ...checkRemoteNames(resolved, lineOf),
    ...checkRemoteAddresses(resolved, lineOf),
    ...checkNumericAddresses(resolved),
    ...checkPlugs(resolved, lineOf),
  ]);

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
      ...names.claim(name.toLowerCase(), childPointer(pointer, 'name'), {
        code: 'duplicate-name',
        message: `another cluster node is named \`${name}\``,
      }),
      ...hosts.claim(endpoint(address, connection.port ?? SSH_PORT), addressPointer, {
        code: 'duplicate-address',
        message: `another cluster node has the address \`${address}\``,
      }),
    ];
  });
}

/** Pacemaker compares the names of nodes without regard to case. */
function checkRemoteNames({ clusterNodes, remoteNodes }: Resolved, lineOf: LineOf): Finding[] {
  const taken = new Map(
    clusterNodes.map(({ node, pointer }) => [node.name.toLowerCase(), pointer]),
  );
  const names = new Claims(lineOf);
  return remoteNodes.flatMap(({ node: { name }, pointer }) => {
    const namePointer = childPointer(pointer, 'name');
    const clusterNode = taken.get(name.toLowerCase());
    if (clusterNode !== undefined) {
      const message = `\`${name}\` is already a cluster node (line ${lineOf(clusterNode)}); it cannot be a remote node too`;
      return [errorAt(namePointer, 'name-of-cluster-node', message)];
    }
    return [
      ...checkName(name, 'remote node', namePointer),
      ...names.claim(name.toLowerCase(), namePointer, {
        code: 'duplicate-name',
        message: `another remote node is named \`${name}\``,
      }),
    ];
  });
}

function checkName(name: string, kind: 'cluster node' | 'remote node', pointer: string): Finding[] {
  const isRemote = kind === 'remote node';
  if ((isRemote ? REMOTE_NODE_NAME : CLUSTER_NODE_NAME).test(name)) return [];
  const begin = isRemote ? 'a letter or `_`' : 'a letter, a digit or `_`';
  const expected = `at most 64 letters, digits, \`.\`, \`_\` and \`-\`, beginning with ${begin}`;
  return [
    errorAt(pointer, 'wrong-name', `\`${name}\` cannot be the name of a ${kind}`, { expected }),
  ];
}

/** No host can be two nodes, and no two connections can lead to one daemon. */
function checkRemoteAddresses({ clusterNodes, remoteNodes }: Resolved, lineOf: LineOf): Finding[] {
  const clusterAddresses = new Map(
    clusterNodes.flatMap((clusterNode) => [
      [normalAddress(clusterNode.node.address), clusterNode],
      [
        endpoint(clusterNode.node.address, clusterNode.node.connection.port ?? SSH_PORT),
        clusterNode,
      ],
    ]),
  );
  const servers = new Claims(lineOf);
  const hosts = new Claims(lineOf);
  return remoteNodes.flatMap(({ node, pointer, serverPointer }) => {
    const { address, server, port, connection } = node;
    const addressPointer = childPointer(pointer, 'address');
    const host = endpoint(address, connection.port ?? SSH_PORT);
    for (const [key, path, text] of [
      [normalAddress(server), serverPointer, server],
      [host, addressPointer, address],
    ] as const) {
      const other = clusterAddresses.get(key);
      if (other === undefined) continue;
      const message = `\`${text}\` is the address of the cluster node \`${other.node.name}\` (line ${lineOf(other.pointer)}); no host can be both`;
      return [errorAt(path, 'address-of-cluster-node', message)];
    }
    const sameServer = servers.claim(endpoint(server, port), serverPointer, {
      code: 'duplicate-server',
      message: `another remote node is on \`${server}\` port ${port}`,
    });
    const sameHost = hosts.claim(host, addressPointer, {
      code: 'duplicate-address',
      message: `another remote node has the address \`${address}\``,
    });
    return sameServer.length > 0 ? sameServer : sameHost;
  });
}

/** One of the four numbers of an IPv4 address. */
const OCTET = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** Four numbers are an address, never a name: no resolver would find `10.0.1.300`, and some read `010` as octal. */
const checkNumericAddresses = ({ clusterNodes, remoteNodes }: Resolved): Finding[] =>
  [
    ...clusterNodes.map(({ node: { address }, pointer }) => [
      [address, childPointer(pointer, 'address')] as const,
    ]),
    ...remoteNodes.map(({ node: { address, server }, pointer, serverPointer }) => [
      [address, childPointer(pointer, 'address')] as const,
      [server, serverPointer] as const,
    ]),
  ]
    .flat()
    .filter(
      ([address]) =>
        /^\d+(\.\d+){3}\.?$/.test(address) && !address.split('.').every((part) => OCTET.test(part)),
    )
    .map(([address, pointer]) =>
      errorAt(pointer, 'wrong-address', `\`${address}\` is no IPv4 address`, {
        expected: 'four numbers from 0 to 255 without leading zeros',
      }),
    );

/** Two nodes on one plug: to fence the one would cut the power of the other. */
function checkPlugs({ remoteNodes }: Resolved, lineOf: LineOf): Finding[] {
  const plugs = new Claims(lineOf);
  return remoteNodes.flatMap(({ node: { fencing }, pointer }) => {
    if (fencing?.plug === undefined) return [];
    const { device, plug } = fencing;
    return plugs.claim(`${device} ${plug}`, childPointer(pointer, 'fencing', 'plug'), {
      code: 'duplicate-plug',
      message: `another remote node is on plug \`${plug}\` of \`${device}\``,
    });
  });
}

/** Who claimed a word first; whoever comes later is told where that was. */
class Claims {
  readonly #first = new Map<string, string>();
  readonly #lineOf: LineOf;

  constructor(lineOf: LineOf) {
    this.#lineOf = lineOf;
  }

  claim(word: string, pointer: string, fault: { code: string; message: string }): Finding[] {
    const first = this.#first.get(word);
    if (first !== undefined) {
      const line = this.#lineOf(first);
      return [errorAt(pointer, fault.code, `${fault.message} (line ${line})`)];
    }
    this.#first.set(word, pointer);
    return [];
  }
}
