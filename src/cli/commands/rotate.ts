import { Command } from 'commander';
import { nodesOf, type Nodes, type Spec } from '../../spec/spec.ts';
import { withPlan } from '../live.ts';
import { addLiveOptions, addRunOptions, jsonOption } from '../options.ts';
import type { AddCommand } from '../terminal.ts';
import { applyLive, checkJson, type Options } from './apply.ts';
import { checkOwn } from './own-authority.ts';
import { addRotateAuthority } from './rotate-authority.ts';
import { addRotateAuthkey } from './rotate-authkey.ts';

export const addRotate: AddCommand = (terminal, finish) =>
  new Command('rotate')
    .description('makes new keys, then plans, asks and carries the plan out as apply does')
    .addCommand(addRotateAuthkey(terminal, finish))
    .addCommand(addCertificates(terminal, finish))
    .addCommand(addRotateAuthority(terminal, finish));

const addCertificates: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('certificates').description(
        "new keys and certificates, of outrigger's own authority or with keys that are made on the hosts, for all nodes or those of --limit; what a run leaves undone `apply` finishes",
      ),
    ),
  )
    .addOption(jsonOption('print what happens as JSON lines; needs --yes'))
    .action(async (options: Options) => {
      checkJson(options);
      await withPlan(
        options,
        terminal,
        async (live) => {
          finish(await applyLive(options, terminal, live));
        },
        { renews: (spec, selected) => renewedBy(spec, selected, options.limit !== undefined) },
      );
    });

/** All nodes, the cluster nodes too; with --limit those that it names. Throws USAGE where there is no authority to ask. */
function renewedBy(
  { authentication, clusterNodes }: Spec,
  selected: Nodes,
  isLimited: boolean,
): ReadonlySet<string> {
  checkOwn(
    authentication,
    ['authority', 'requests'],
    'let that authority issue new ones, put them where the old ones are, then run `outrigger apply`',
  );
  const all = [...(isLimited ? [] : clusterNodes), ...nodesOf(selected)];
  return new Set(all.map(({ name }) => name));
}
