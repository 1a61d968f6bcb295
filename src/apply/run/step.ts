import { lastFactsOf, type HostReports } from './last-facts.ts';
import type { Host } from '../../host/host.ts';
import { DAEMON_USER } from '../../pacemaker/basics/names.ts';
import type { Action } from '../../model/action.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { HostDifference, HostItem } from '../../model/item.ts';
import { isOfRunningDaemon } from '../../plan/drift/running-daemon.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { EditContext, PlayName } from './edit-context.ts';
import type { RunHosts } from './run-hosts.ts';
import { runScript } from '../../host/run-script.ts';

/** One thing on one host that is not as desired, and what makes it right. */
export interface Step {
  readonly host: Host;
  readonly item: HostItem;
  readonly difference: HostDifference;
}

/** What it takes to take a step on a host, and to report it. */
export type StepContext = Pick<RunHosts, 'probe' | 'loadAuthkey' | 'loadCertificate'> &
  Pick<EditContext, 'lease' | 'emit'>;

/** Carries out what an item's difference asks for, then reads the host again. Returns the new facts. */
export async function takeStep(
  context: StepContext,
  play: PlayName,
  { host, item, difference }: Step,
): Promise<HostFacts> {
  let isVerified = true;
  for (const action of difference.actions) {
    const outcome = await reportAndAct(context, play, { host, item }, action);
    if (outcome === NOT_VERIFIED) isVerified = false;
  }
  if (!isVerified)
    context.emit({
      type: 'notice',
      play: play.name,
      message: `${host.name} has no openssl: its certificates were verified on this machine only, and on the host only that ${DAEMON_USER} can read them`,
    });
  const facts = await context.probe(host);
  const left = item.compare(facts);
  if (left === undefined) return facts;
  const attributes = left.attributes.map(
    ({ name, before = 'absent', after = 'absent' }) => `${name} is ${before}, not ${after}`,
  );
  const isOfDaemon = left.attributes.some(({ name }) => isOfRunningDaemon(item.kind, name));
  throw new OutriggerError('NOT_CONVERGED', `after the change ${attributes.join('; ')}`, {
    host: host.name,
    ...(isOfDaemon ? { hint: OTHER_SETTINGS } : {}),
  });
}

/** What a daemon uses after its restart is not what the environment file contains. */
const OTHER_SETTINGS =
  'its variables (PCMK_ca_file and others) may be set outside the environment file: check `systemctl cat pacemaker pacemaker_remote` there';

/** Does what may come before the step itself and changes nothing that runs. */
export async function prepare(
  context: StepContext,
  play: PlayName,
  { host, item, difference: { preparations = [] } }: Step,
): Promise<void> {
  for (const action of preparations) await reportAndAct(context, play, { host, item }, action);
}

/**
 * Takes the steps that these items of a host ask for, in their order. Returns the items that were changed. A cluster node that
 * is lost by now and needs no step blocks nothing.
 */
export async function converge(
  context: StepContext & HostReports,
  play: PlayName,
  host: Host,
  items: (facts: HostFacts) => readonly HostItem[],
): Promise<readonly HostItem[]> {
  let facts: HostFacts;
  try {
    facts = await context.probe(host);
  } catch (thrown) {
    const last = lastFactsOf(context, host, thrown);
    if (last !== undefined && items(last).every((item) => item.compare(last) === undefined))
      return [];
    throw thrown;
  }
  const changed: HostItem[] = [];
  for (const item of items(facts)) {
    const difference = item.compare(facts);
    if (difference === undefined) continue;
    changed.push(item);
    facts = await takeStep(context, play, { host, item, difference });
  }
  return changed;
}

/** What verify-certificates.sh prints where there is no openssl. */
const NOT_VERIFIED = 'no-openssl';

/** Returns what a script has printed. */
async function reportAndAct(
  context: StepContext,
  play: PlayName,
  { host, item }: Omit<Step, 'difference'>,
  action: Action,
): Promise<string> {
  await context.lease.confirm();
  context.emit({
    type: 'action',
    play: play.name,
    host: host.name,
    item: item.kind,
    action: action.kind === 'script' ? action.script : action.kind,
  });
  return act(context, host, action);
}

async function act(
  { loadAuthkey, loadCertificate }: Pick<RunHosts, 'loadAuthkey' | 'loadCertificate'>,
  host: Host,
  action: Action,
): Promise<string> {
  if (action.kind === 'script') {
    const { script, params, timeoutMs } = action;
    return (await runScript(host, script, { params, timeoutMs })).stdout.trim();
  }
  const { path, owner, group, mode } = action;
  const content =
    action.kind === 'write-authkey' ? await loadAuthkey() : loadCertificate(host.name, action.role);
  await host.writeFile({ path, owner, group, mode, content });
  return '';
}
