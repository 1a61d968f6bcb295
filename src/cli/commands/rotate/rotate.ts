import { Command } from 'commander';
import { withManagedHosts, type Nodes, type Spec } from '../../../inventory/spec.ts';
import { withPlan } from '../../sessions/live.ts';
import { addLiveOptions, addRunOptions, checkJson, jsonOption } from '../../arguments/options.ts';
import type { AddCommand } from '../../process/terminal.ts';
import { applyLive, type Options } from '../apply.ts';
import { checkOwn } from './own-authority.ts';
import { addRotateAuthority } from './rotate-authority.ts';
import { addRotateAuthkey } from './rotate-authkey.ts';

export const addRotate: AddCommand = (terminal, finish) =>
  new Command('rotate')
    .description('creates new keys, then shows the plan, asks for confirmation and applies it')
    .addCommand(addRotateAuthkey(terminal, finish))
    .addCommand(addCertificates(terminal, finish))
    .addCommand(addRotateAuthority(terminal, finish));

const addCertificates: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('certificates').description(
        'new keys and certificates, from the CA that outrigger keeps or with keys created on the hosts, for all nodes or those of --limit; `apply` completes an interrupted rotation',
      ),
    ),
  )
    .addOption(jsonOption('print events as JSON lines; requires --yes'))
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
    'have that CA issue new certificates, put them in the place of the old ones, then run `outrigger apply`',
  );
  const all = [...(isLimited ? [] : clusterNodes), ...withManagedHosts(selected)];
  return new Set(all.map(({ name }) => name));
}
