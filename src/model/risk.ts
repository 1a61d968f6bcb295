import { OutriggerError } from '../support/errors.ts';

/** What could hurt a running cluster; each must be allowed by this name (`--allow CODE`). */
export const RISKS = {
  'cluster-node-unreachable':
    'a cluster node is unreachable: its authkey and its network path to the new nodes are not verified, and a connection that moves there may fail',
  'cluster-node-undeclared':
    'the cluster has a cluster node that the inventory does not name: its authkey and its network path are not verified, and a connection that moves there may fail',
  'cluster-keys-differ':
    'the cluster nodes have different authkeys while connections exist: a common key may break a connection at its next start',
  'authkey-replaced':
    'the authkey of the cluster changes while connections exist, possibly to one that its hosts already have: each connection uses the new key from its next start on; if daemons cache the key, Pacemaker is restarted on each cluster node in maintenance mode',
  'credentials-converted':
    'cluster nodes and connected nodes change between authkey and certificates, or to other certificate files: Pacemaker is restarted on each cluster node in maintenance mode, during which failures are not recovered (alternative: `--playbook playbooks/node-by-node.yml`)',
  'credentials-node-by-node':
    'cluster nodes change their credentials one by one: each is in standby while Pacemaker is restarted there, its resources are stopped and started elsewhere, and connections have fewer eligible cluster nodes',
  'ca-replaced':
    'the CA of the certificates is replaced in one step, during which the two ends of a connection do not accept each other: these nodes are unmanaged for that time, and failures there are not recovered',
  unfenceable:
    'fencing is on, but no fence device reports that it can fence the node: if the node is lost, it stays unclean, and its resources are not recovered until an operator confirms that it is down',
  'clone-already-active':
    'an instance of a clone is already active on a host that joins: the cluster stops it during the join, and starts it again when standby is cleared',
  'enabled-at-boot':
    'a unit that the cluster manages is enabled on a host that joins: after a boot of that host it would be active twice, and the cluster would stop both instances',
  'guest-joins':
    'a VM of the cluster becomes a guest node: the VM is unmanaged until its connection is verified, and a failed join is rolled back; if the rollback fails, the cluster stops or restarts the VM',
  reconnects:
    'a connection is restarted with another address: until it is online again, the cluster cannot manage its node',
  'host-is-off':
    'a host is unreachable, and the cluster reports it neither fenced nor stopped: its resources could become active twice. Allow this only for a host that you know is powered off',
  'removes-many': 'many nodes would be removed at once (more than one, and more than 10% of them)',
  'no-eligible-node':
    'resources would have no eligible node: the node to be removed is the only one that may run them',
  'edited-since':
    'nodes joined by the run were edited since, by a later run or by another user: these edits are lost',
  'moves-resources': 'the cluster would move resources',
  'stops-resources': 'the cluster would stop resources',
  'fences-nodes': 'the cluster would fence a node, immediately or if a new connection fails',
} as const;

export type RiskCode = keyof typeof RISKS;

/** To be allowed for each subject by its name (`--allow CODE:NAME`): one word for all of them would be given too easily. */
export const BY_NAME: ReadonlySet<string> = new Set<RiskCode>(['host-is-off']);

/** What has to be given to `--allow` for a risk. */
export const wordsToAllow = ({ code, subjects }: Risk): readonly string[] =>
  BY_NAME.has(code) ? subjects.map((name) => `${code}:${name}`) : [code];

/** A risk of one plan, with what it concerns. */
export interface Risk {
  readonly code: RiskCode;
  readonly subjects: readonly string[];
}

/** Throws REFUSED, naming each risk that nobody allowed. */
export function refuseRisks(risks: readonly Risk[], allowed: ReadonlySet<string>): void {
  const open = risks.filter((risk) => wordsToAllow(risk).some((word) => !allowed.has(word)));
  if (open.length === 0) return;
  const lines = open.map(
    (risk) => `${risk.code}: ${RISKS[risk.code]} (${risk.subjects.join(', ')})`,
  );
  const words = open.flatMap(wordsToAllow).filter((word) => !allowed.has(word));
  throw new OutriggerError(
    'REFUSED',
    `the plan has risks that were not allowed:\n  ${lines.join('\n  ')}`,
    {
      hint: `to allow them: ${words.map((word) => `--allow ${word}`).join(' ')}`,
    },
  );
}
