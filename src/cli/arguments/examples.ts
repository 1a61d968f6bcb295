import { Help, type Command } from 'commander';
import { alignColumns } from '../../report/text/layout.ts';

/** A command line that somebody may copy, and what it is for. */
export type Example = readonly [line: string, what: string];

/** What --help begins with, by the command's full name; the man page has the same. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  outrigger: [
    ['outrigger validate -i inventory.yml', 'reports all errors, offline'],
    ['outrigger doctor -i inventory.yml', 'problems to solve before apply, with hints'],
    ['outrigger plan -i inventory.yml', 'what would change, and what the cluster would do'],
    ['outrigger apply -i inventory.yml', 'shows the plan, asks, applies it'],
    ['outrigger plan -i inventory.yml --out p', 'saves the plan for `apply p -i …`'],
    ['outrigger plan -i inventory.yml --json', 'for scripts (schema: outrigger schema plan)'],
    ['outrigger drift -i inventory.yml', 'for cron: expected and actual state, exit code 2'],
    ['outrigger rotate authkey -i inventory.yml', 'a new authkey, without disruption'],
    ['outrigger upgrade -i inventory.yml', 'newer packages, without disruption'],
    ['outrigger history', 'past runs; `outrigger undo RUN` removes the nodes that one joined'],
    ['outrigger status -i inventory.yml', 'node states and where connections run'],
    ['outrigger unlock ID -i inventory.yml', 'removes the lock of a failed run'],
    ['outrigger import --from c1 -o inventory.yml', 'an inventory of an existing cluster'],
  ],
  'outrigger validate': [
    ['outrigger validate -i inventory.yml', 'reports all errors'],
    ['outrigger validate -i inventory.yml --json', 'for editors and scripts'],
  ],
  'outrigger plan': [
    ['outrigger plan -i inventory.yml', 'what would change'],
    ["outrigger plan -i inventory.yml --limit 'r[1-3],db*'", 'for some nodes'],
    [
      'outrigger plan -i inventory.yml --out p',
      'saves the plan for `outrigger apply p -i inventory.yml`',
    ],
    ['outrigger plan -i inventory.yml --report markdown=p.md', 'as a comment, for a pull request'],
    ['outrigger plan -i inventory.yml --detailed-exitcode', 'exits with 2 if there are changes'],
  ],
  'outrigger show': [
    ['outrigger show p', 'the plan saved by `plan --out p`'],
    ['outrigger show p --json', 'for scripts (schema: outrigger schema plan)'],
  ],
  'outrigger apply': [
    ['outrigger apply -i inventory.yml', 'shows the plan, asks, applies it'],
    ['outrigger apply p -i inventory.yml', 'applies exactly the saved plan'],
    ['outrigger apply -i inventory.yml --batch 1,10%,50', 'one node first, then larger batches'],
    [
      'outrigger apply -i inventory.yml --allow moves-resources',
      'allows a risk that the plan lists',
    ],
  ],
  'outrigger drift': [
    ['outrigger drift -i inventory.yml', 'expected and actual state'],
    ['outrigger drift -i inventory.yml --report html=d.html', 'as an HTML page'],
    ['outrigger drift -i inventory.yml --report prometheus=o.prom', 'for node_exporter'],
    ['outrigger drift -i inventory.yml --json', 'for scripts (schema: outrigger schema drift)'],
  ],
  'outrigger status': [
    ['outrigger status -i inventory.yml', 'node states and where connections run'],
    ['outrigger status -i inventory.yml --json', 'for scripts'],
  ],
  'outrigger doctor': [
    ['outrigger doctor -i inventory.yml', 'preflight checks for all nodes'],
    ['outrigger doctor -i inventory.yml --limit r7', 'for one node'],
  ],
  'outrigger import': [
    ['outrigger import --from c1 -o inventory.yml', 'through the cluster node c1'],
    ['outrigger import --from admin@c1 --become', 'as a user with sudo, to stdout'],
  ],
  'outrigger rotate': [
    ['outrigger rotate authkey -i inventory.yml', 'a new authkey on all nodes'],
    ['outrigger rotate certificates -i inventory.yml', 'new keys and certificates'],
    ['outrigger rotate authority -i inventory.yml', 'a new CA'],
  ],
  'outrigger rotate authkey': [
    ['outrigger rotate authkey -i inventory.yml', 'shows the plan, asks, applies it'],
    ['outrigger rotate authkey -i inventory.yml --yes', 'without confirmation'],
  ],
  'outrigger rotate certificates': [
    ['outrigger rotate certificates -i inventory.yml', 'for all nodes'],
    ['outrigger rotate certificates -i inventory.yml --limit r1', 'for one node'],
  ],
  'outrigger rotate authority': [
    ['outrigger rotate authority -i inventory.yml', 'shows each plan, asks, applies it'],
    ['outrigger rotate authority -i inventory.yml --yes', 'without confirmation'],
  ],
  'outrigger upgrade': [
    ['outrigger upgrade -i inventory.yml', 'shows the plan, asks, applies it'],
    ['outrigger upgrade -i inventory.yml --dry-run', 'what could be upgraded'],
    ['outrigger upgrade -i inventory.yml --limit r1 --yes', 'one node, without confirmation'],
  ],
  'outrigger history': [
    ['outrigger history', 'runs on all clusters'],
    ['outrigger history -i inventory.yml --json', 'runs on one cluster, for scripts'],
  ],
  'outrigger undo': [
    [
      'outrigger undo 20260102T030405678Z-4242',
      'a run listed by `history`: plan, question, removal',
    ],
    ['outrigger undo 20260102T030405678Z-4242 --yes', 'without confirmation'],
  ],
  'outrigger trust': [
    ['outrigger trust -i inventory.yml', 'shows the fingerprints, asks, records them'],
    ['outrigger trust -i inventory.yml --limit r7', 'for one host'],
    [
      'outrigger trust -i inventory.yml --replace r7 --fingerprint SHA256:...',
      'after a reinstallation',
    ],
  ],
  'outrigger unlock': [
    ['outrigger unlock ID -i inventory.yml', 'shows the lock, asks, removes it'],
    ['outrigger unlock ID -i inventory.yml --yes', 'without confirmation'],
  ],
  'outrigger explain': [
    ['outrigger explain REFUSED', 'what an error, a risk or a finding means, and what to do'],
    ['outrigger explain', 'all codes, one line each'],
  ],
  'outrigger schema': [
    ['outrigger schema inventory >inventory.schema.json', 'for an editor'],
    ['outrigger schema plan', 'for the output of `plan --json`'],
  ],
  'outrigger completion': [
    ['source <(outrigger completion bash)', 'in ~/.bashrc'],
    ['source <(outrigger completion zsh)', 'in ~/.zshrc'],
    ['outrigger completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
};

/** `outrigger rotate authkey` */
export function fullName(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${fullName(parent)} ${command.name()}`;
}

export const examplesOf = (command: Command): readonly Example[] =>
  EXAMPLES[fullName(command)] ?? [];

const COLUMNS = 80;

/** Help as people read it: what it is, examples, and only then every option. */
export function examplesFirst(command: Command): void {
  command.configureHelp({
    commandDescription: () => '',
    formatHelp: (of, helper) =>
      [
        `${helper.boxWrap(of.description(), helper.helpWidth ?? COLUMNS)}\n`,
        'Examples:',
        ...alignColumns(examplesOf(of), 2),
        '',
        Help.prototype.formatHelp.call(helper, of, helper),
      ].join('\n'),
  });
}
