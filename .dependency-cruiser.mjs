const PURE = '^src/(spec|import|playbook|items|pacemaker|platform|plan|report|shell|support|x509)/';
const IO =
  '^(node:)?(fs|fs/promises|net|child_process|os|process|http|https|tls|dns|dgram|worker_threads)$';

/** One door per dependency: the file or folder that may import it. */
const DOORS = {
  'js-yaml': '^src/support/yaml\\.ts$',
  ajv: '^src/support/json-schema\\.ts$',
  'ssh2|ssh2-sftp-client': '^src/host/ssh/',
  'ssh-config': '^src/host/ssh-config/',
  listr2: '^src/cli/progress-listr\\.ts$',
  saxes: '^src/pacemaker/xml\\.ts$',
  commander: '^src/cli/',
  '@bomb.sh/tab': '^src/cli/program\\.ts$',
  'age-encryption': '^src/host/age-file\\.ts$',
  '@peculiar/x509|reflect-metadata': '^src/x509/library\\.ts$',
};

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one module, or hide a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports is dead, or somebody forgot to wire it.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'pure-imports-pure',
      comment:
        'The pure core computes; reading and writing belongs to host, facts, apply, flows or cli.',
      severity: 'error',
      from: { path: PURE },
      to: { path: '^src/(cli|flows|facts|apply|host)/' },
    },
    {
      name: 'pure-does-no-io',
      comment: 'Take text and values as arguments; let the edge read and write.',
      severity: 'error',
      from: { path: PURE },
      to: { path: IO },
    },
    {
      name: 'support-is-a-leaf',
      comment: 'support and shell are used by everybody and know nobody.',
      severity: 'error',
      from: { path: '^src/(support|shell)/' },
      to: { path: '^src/(?!support|shell)' },
    },
    {
      name: 'nobody-imports-cli',
      comment:
        'cli is the outermost layer: flows return values, cli prints them and sets the exit code.',
      severity: 'error',
      from: { path: '^src/(?!cli/)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'ssh-only-through-the-port',
      comment: 'Everybody else knows host/host.ts (types); only cli wires the SSH implementation.',
      severity: 'error',
      from: { path: '^src/(?!cli/|host/)' },
      to: { path: '^src/host/ssh/' },
    },
    {
      name: 'src-never-imports-test',
      comment: 'What ships does not depend on what tests it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    ...Object.entries(DOORS).map(([name, door]) => ({
      name: `one-door-for-${name.replace('|', '-and-')}`,
      comment: `Only ${door} may import ${name}; use what it exports.`,
      severity: 'error',
      from: { path: '^src/', pathNot: door },
      to: { path: `node_modules/(@types/)?(${name})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
