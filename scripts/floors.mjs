/**
 * The folders of src/ from the ground up. A file imports from its own folder and from folders before it in this table, never
 * from later ones. dependency-cruiser, eslint and docs/architecture.md take their lists from here.
 *
 * `isPure`: it computes only. It reads and writes nothing, and gets time and randomness as arguments.
 */
export const FLOORS = [
  {
    folder: 'support',
    isPure: true,
    what: 'text, YAML, JSON Schema, values, secrets, errors; nothing of clusters',
  },
  { folder: 'shell', isPure: true, what: 'quoting and framing of shell scripts' },
  {
    folder: 'playbook',
    isPure: true,
    what: 'reads and checks playbooks: plays, kinds of items, batches, gates',
  },
  {
    folder: 'pacemaker',
    isPure: true,
    what: 'CIB, `crm_mon`, `crm_simulate`, `crm_verify`: what they say, and edits of a CIB',
  },
  {
    folder: 'model',
    isPure: true,
    what: 'the nouns that everything after it shares: facts, item, action, risk, finding, plan, event',
  },
  { folder: 'inventory', isPure: true, what: 'reads, validates and resolves an inventory' },
  {
    folder: 'credentials',
    isPure: true,
    what: 'authkey and X.509: checks, and which change of credentials is needed',
  },
  {
    folder: 'host',
    isPure: false,
    what: 'SSH, files, secrets from where they live, scripts that run on hosts',
  },
  { folder: 'platform', isPure: true, what: 'differences of distributions' },
  {
    folder: 'items',
    isPure: true,
    what: 'one file for each kind of item: how it differs, what makes it right, what that risks',
  },
  { folder: 'plan', isPure: true, what: 'compares desired and actual state, orders, judges' },
  {
    folder: 'report',
    isPure: true,
    what: 'text, JSON, HTML, Markdown, JUnit, SARIF, Prometheus, GitLab',
  },
  { folder: 'import', isPure: true, what: 'an inventory of an existing cluster' },
  {
    folder: 'probe',
    isPure: false,
    what: 'reads hosts and the cluster: scripts, and readers of their replies',
  },
  {
    folder: 'credential-sources',
    isPure: false,
    what: 'keys and certificates from files, a CA that outrigger keeps, requests, or the hosts',
  },
  {
    folder: 'forecast',
    isPure: false,
    what: 'asks the scheduler of a cluster node what it would do',
  },
  { folder: 'records', isPure: false, what: 'records of runs on the machine of the operator' },
  {
    folder: 'apply',
    isPure: false,
    what: 'changes hosts and the CIB: plays, credentials, restarts, removal, the lock',
  },
  {
    folder: 'flows',
    isPure: false,
    what: 'what commands do, without arguments, colors or exit codes',
  },
  { folder: 'cli', isPure: false, what: 'arguments, progress, exit codes' },
];

/** The folders for which `test` holds, as the middle of a regular expression. */
export const foldersWhere = (test) =>
  FLOORS.filter(test)
    .map(({ folder }) => folder)
    .join('|');
