import { Help, type Command } from 'commander';
import { alignColumns } from '../report/layout.ts';

/** A command line that somebody may copy, and what it is for. */
export type Example = readonly [line: string, what: string];

/** What --help begins with, by the command's full name; the man page has the same. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  outrigger: [
    ['outrigger validate -i inventory.yml', 'every error at once, without a network'],
    ['outrigger doctor -i inventory.yml', 'what stands in the way, and what to do about it'],
    ['outrigger plan -i inventory.yml', 'what would change, and what the cluster would do'],
    ['outrigger apply -i inventory.yml', 'the same, then asks and does it'],
    ['outrigger plan -i inventory.yml --out p', 'saves it; `outrigger apply p` does exactly that'],
    ['outrigger plan -i inventory.yml --json', 'for scripts (schema: outrigger schema plan)'],
    ['outrigger drift -i inventory.yml', 'for cron: expected against actual, exit code 2'],
    ['outrigger rotate authkey -i inventory.yml', 'a new authkey, and no resource notices'],
    ['outrigger upgrade -i inventory.yml', 'newer packages, and no resource notices'],
    ['outrigger history', 'the runs so far; `outrigger undo RUN` takes back what one joined'],
    ['outrigger status -i inventory.yml', 'who is in, and where the connections run'],
    ['outrigger unlock ID -i inventory.yml', 'takes away the lock of a run that died elsewhere'],
    ['outrigger import --from c1 -o inventory.yml', 'an inventory of a cluster that lives already'],
  ],
  'outrigger validate': [
    ['outrigger validate -i inventory.yml', 'every error at once'],
    ['outrigger validate -i inventory.yml --json', 'for editors and scripts'],
  ],
  'outrigger plan': [
    ['outrigger plan -i inventory.yml', 'what would change'],
    ["outrigger plan -i inventory.yml --limit 'r[1-3],db*'", 'for some of the nodes'],
    ['outrigger plan -i inventory.yml --out p', 'saves it, for `outrigger apply p`'],
    ['outrigger plan -i inventory.yml --report markdown=p.md', 'as a comment, for a pull request'],
    ['outrigger plan -i inventory.yml --detailed-exitcode', 'exits with 2 where something differs'],
  ],
  'outrigger show': [
    ['outrigger show p', 'the plan that `plan --out p` saved'],
    ['outrigger show p --json', 'for scripts (schema: outrigger schema plan)'],
  ],
  'outrigger apply': [
    ['outrigger apply -i inventory.yml', 'shows the plan, asks, does it'],
    ['outrigger apply p --yes', 'exactly the plan that `plan --out p` saved'],
    ['outrigger apply -i inventory.yml --batch 1,10%,100%', 'one node first, then more at a time'],
    [
      'outrigger apply -i inventory.yml --allow moves-resources',
      'takes a risk that the plan named',
    ],
  ],
  'outrigger drift': [
    ['outrigger drift -i inventory.yml', 'expected against actual'],
    ['outrigger drift -i inventory.yml --report html=d.html', 'as a page to look at'],
    ['outrigger drift -i inventory.yml --report prometheus=o.prom', 'for node_exporter'],
    ['outrigger drift -i inventory.yml --json', 'for scripts (schema: outrigger schema drift)'],
  ],
  'outrigger status': [
    ['outrigger status -i inventory.yml', 'who is in, and where the connections run'],
    ['outrigger status -i inventory.yml --json', 'for scripts'],
  ],
  'outrigger doctor': [
    ['outrigger doctor -i inventory.yml', 'what stands in the way of all nodes'],
    ['outrigger doctor -i inventory.yml --limit r7', 'of one'],
  ],
  'outrigger import': [
    ['outrigger import --from c1 -o inventory.yml', 'through the cluster node c1'],
    ['outrigger import --from admin@c1 --become', 'as a user with sudo, to stdout'],
  ],
  'outrigger rotate': [
    ['outrigger rotate authkey -i inventory.yml', 'a new authkey on all nodes'],
    ['outrigger rotate certificates -i inventory.yml', 'new keys and certificates'],
    ['outrigger rotate authority -i inventory.yml', "another authority of outrigger's own"],
  ],
  'outrigger rotate authkey': [
    ['outrigger rotate authkey -i inventory.yml', 'shows the plan, asks, does it'],
    ['outrigger rotate authkey -i inventory.yml --yes', 'without a question'],
  ],
  'outrigger rotate certificates': [
    ['outrigger rotate certificates -i inventory.yml', 'of all nodes'],
    ['outrigger rotate certificates -i inventory.yml --limit r1', 'of one'],
  ],
  'outrigger rotate authority': [
    ['outrigger rotate authority -i inventory.yml', 'shows each plan, asks, does it'],
    ['outrigger rotate authority -i inventory.yml --yes', 'without questions'],
  ],
  'outrigger upgrade': [
    ['outrigger upgrade -i inventory.yml', 'shows the plan, asks, does it'],
    ['outrigger upgrade -i inventory.yml --dry-run', 'what could be upgraded'],
    ['outrigger upgrade -i inventory.yml --limit r1 --yes', 'one node, without a question'],
  ],
  'outrigger history': [
    ['outrigger history', 'of all clusters'],
    ['outrigger history -i inventory.yml --json', 'of one, for scripts'],
  ],
  'outrigger undo': [
    [
      'outrigger undo 20260102T030405678Z-4242',
      'a run as `history` tells it: shows, asks, does it',
    ],
    ['outrigger undo 20260102T030405678Z-4242 --yes', 'without a question'],
  ],
  'outrigger trust': [
    ['outrigger trust -i inventory.yml', 'shows the fingerprints, asks, records them'],
    ['outrigger trust -i inventory.yml --limit r7', 'of one machine'],
  ],
  'outrigger unlock': [
    [
      'outrigger unlock ID -i inventory.yml',
      'the ID as the waiting run tells it: shows, asks, does it',
    ],
    ['outrigger unlock ID -i inventory.yml --yes', 'without a question'],
  ],
  'outrigger schema': [
    ['outrigger schema inventory >inventory.schema.json', 'for an editor'],
    ['outrigger schema plan', 'of what `plan --json` prints'],
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
