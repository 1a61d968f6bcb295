import { OutriggerError } from '../support/errors.ts';

/** What could hurt a running cluster; each must be allowed by this name (`--allow CODE`). */
export const RISKS = {
  'cluster-node-unreachable':
    'a cluster node could not be asked: its authkey and its path to the new nodes are not proven, and a connection that moves there may fail',
  'cluster-node-undeclared':
    'the cluster has a cluster node that the inventory does not name: nothing is proven about its authkey and its path, and a connection that moves there may fail',
  'cluster-keys-differ':
    'the cluster nodes hold different authkeys while connections exist: giving them one key may break a connection at its next start',
  'authkey-replaced':
    'the cluster gets another authkey while connections exist, or goes over to the one that its hosts hold already: each connection depends on the new key from its next start on; where daemons keep a key that they have read, Pacemaker is restarted on each cluster node in maintenance mode',
  'credentials-converted':
    'cluster nodes and connected nodes change between authkey and certificates, or the certificate files: meanwhile Pacemaker is restarted on each cluster node in maintenance mode, and the cluster recovers nothing that fails (without that: `--playbook playbooks/node-by-node.yml`)',
  'credentials-pinned':
    'cluster nodes change their credentials one after the other: each is in standby while Pacemaker is restarted there, what runs on it is stopped and started elsewhere, and connections have fewer cluster nodes to run on',
  'authority-replaced':
    'the certificates of cluster nodes and connected nodes get another authority, in a way in which the two ends do not accept each other in between: meanwhile the cluster leaves these nodes alone, and recovers nothing that fails there',
  unfenceable:
    'fencing is on, and no fence device says that it can fence the node: should it be lost, it stays unclean, and what ran there is started nowhere until somebody confirms that it is down',
  'clone-runs-there':
    'an instance of a clone is active already on a host that joins: the cluster stops it while the node joins, and starts it again when the node is released',
  'starts-at-boot':
    'a unit that the cluster manages is enabled on a host that joins: after a boot of that host it would be active twice, and the cluster would stop both copies',
  'guest-joins':
    'a machine of the cluster becomes a guest node: until its connection is proven the cluster leaves the machine alone, and a failed join is taken back; should that go wrong, the cluster stops or restarts the machine',
  reconnects:
    'a connection is stopped and started again at another address: until it is back, the cluster cannot act on its node',
  'host-is-off':
    'a host gives no answer, and the cluster shows it neither fenced nor stopped: what it runs would be started elsewhere as well. Allow it only for a host of which you know that its power is off',
  'removes-many':
    'many nodes would be taken out of the cluster at once (more than one, and more than a tenth of them)',
  'only-home':
    'resources would run nowhere: the node that leaves is the only one that may run them',
  'edited-since':
    'what a run has joined was edited since, by a later run or by somebody else: these edits go with it',
  'moves-resources': 'the cluster would move resources',
  'stops-resources': 'the cluster would stop resources',
  'fences-nodes': 'the cluster would fence a node, at once or if a new connection failed',
} as const;

export type RiskCode = keyof typeof RISKS;

/** To be allowed for each subject by its name (`--allow CODE:NAME`): a word for all would be a word too quickly said. */
export const BY_NAME: ReadonlySet<string> = new Set<RiskCode>(['host-is-off']);

/** What has to be said to allow a risk. */
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
    `the plan holds risks that were not allowed:\n  ${lines.join('\n  ')}`,
    {
      hint: `allow them by name: ${words.map((word) => `--allow ${word}`).join(' ')}`,
    },
  );
}
