/**
 * How Pacemaker and what surrounds it compare names. Sources: ClusterLabs/pacemaker at Pacemaker-3.0.0 (and the same in
 * 2.0.5, 2.1.5 and 3.0.1).
 *
 * - Names of nodes: without regard to case, letter by letter of ASCII (strcasecmp), whatever kind of node it is. The
 *   scheduler: lib/common/nodes.c, pcmk__find_node_in_list. The caches of all daemons, from which `crm_node --remove`
 *   takes a name: lib/cluster/membership.c, pcmk__peer_cache and pcmk__remote_peer_cache, tables of pcmk__strikey_table.
 *   The fencer: daemons/fenced/fenced_commands.c, pcmk_host_list and pcmk_host_map (see fence-lists.ts), and
 *   `stonith_admin --confirm`. Location constraints: `node` by pcmk_find_node, `#uname` in rules by strcasecmp
 *   (lib/common/rules.c, pcmk__cmp_by_type).
 * - Ids, those of resources included: letter by letter (lib/pengine/native.c, native_find_rsc: strcmp), as XML does.
 * - A resource id against the name of a Pacemaker Remote node: without regard to case. The controller takes a resource for
 *   the connection of a node where its id is found among its executors, in a table that knows no case, and then cancels,
 *   runs and unregisters the connection instead (daemons/controld/controld_execd_state.c, lrm_state_table; controld_remote_ra.c,
 *   is_remote_lrmd_ra with the id alone).
 * - The CIB itself: letter by letter. `crm_node --remove H2` takes no entry of `h2` from the CIB, but takes `h2` from the
 *   caches (tools/crm_node.c, purge_node_from_cib), and a connected node that is forgotten is fenced.
 * - Host names and addresses: without regard to case, for the resolver and OpenSSH alike (RFC 4343; OpenSSH match_hostname):
 *   `normalAddress` in support/values/address.ts.
 */

/** One form for all spellings of a name that Pacemaker takes for the same node. */
export const nodeKey = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether Pacemaker takes two names for one node. */
export const isSameNode = (one: string, other: string): boolean => nodeKey(one) === nodeKey(other);

/** Whether Pacemaker takes two names for one node although they are spelled differently. */
export const isTwin = (one: string, other: string): boolean =>
  one !== other && isSameNode(one, other);

/** Whether a name is among others, as Pacemaker compares nodes. */
export const hasNode = (names: readonly string[], name: string): boolean =>
  names.some((each) => isSameNode(each, name));
