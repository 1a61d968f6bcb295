import { FLOORS, foldersWhere } from './scripts/floors.mjs';

const PURE = `^src/(${foldersWhere(({ isPure }) => isPure)})/`;
const WITH_IO = `^src/(${foldersWhere(({ isPure }) => !isPure)})/`;
const IO =
  '^(node:)?(fs|fs/promises|net|child_process|os|process|http|https|tls|dns|dgram|worker_threads)$';

/** One door per dependency: the file or folder that may import it. */
const DOORS = {
  'js-yaml': '^src/support/yaml/yaml\\.ts$',
  ajv: '^src/support/yaml/json-schema\\.ts$',
  'ssh2|ssh2-sftp-client': '^src/host/ssh/',
  'ssh-config': '^src/host/ssh-config/',
  listr2: '^src/cli/progress/progress-listr\\.ts$',
  saxes: '^src/pacemaker/basics/xml\\.ts$',
  commander: '^src/cli/',
  '@bomb.sh/tab': '^src/cli/program\\.ts$',
  'age-encryption': '^src/host/secrets/age-file\\.ts$',
  '@peculiar/x509|reflect-metadata': '^src/credentials/x509/library\\.ts$',
  asn1js: '^src/credentials/x509/encrypted-key\\.ts$',
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
      name: 'no-circular-folders',
      comment: 'A reader enters a folder from below or from above, not from both sides.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src' },
      to: { circular: true },
    },
    ...FLOORS.slice(0, -1).map(({ folder }, index) => ({
      name: `floor-of-${folder}`,
      comment: 'Folders import from those before them in scripts/floors.mjs.',
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${foldersWhere((_floor, other) => other > index)})/` },
    })),
    {
      name: 'every-folder-has-a-floor',
      comment: 'Name the folder in scripts/floors.mjs.',
      severity: 'error',
      from: {},
      to: { path: `^src/(?!(${foldersWhere(() => true)})/)` },
    },
    {
      name: 'pure-imports-pure',
      comment: 'The pure core computes; reading and writing belongs to the folders that may.',
      severity: 'error',
      from: { path: PURE },
      to: { path: WITH_IO },
    },
    {
      name: 'pure-does-no-io',
      comment: 'Take text and values as arguments; let the edge read and write.',
      severity: 'error',
      from: { path: PURE },
      to: { path: IO },
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
