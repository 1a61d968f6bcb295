import type { Host } from '../host/host.ts';
import type { CertificateRole } from '../pacemaker/names.ts';
import type { Action } from '../plan/action.ts';
import type { HostFacts } from '../plan/facts.ts';
import type { HostDifference, HostItem } from '../plan/item.ts';
import type { Secret } from '../support/secret.ts';
import { OutriggerError } from '../support/errors.ts';
import { runScript } from './scripts.ts';

/** Carries out what an item's difference asks for, then reads the host again. Gives the new facts. */
export async function takeStep(
  host: Host,
  item: HostItem,
  difference: HostDifference,
  tools: {
    readonly probe: (host: Host) => Promise<HostFacts>;
    readonly loadAuthkey: () => Promise<Secret>;
    readonly loadCertificate: LoadCertificate;
    readonly onAction: (action: string) => void;
  },
): Promise<HostFacts> {
  for (const action of difference.actions) {
    tools.onAction(action.kind === 'script' ? action.script : action.kind);
    await act(host, action, tools);
  }
  const facts = await tools.probe(host);
  const left = item.compare(facts);
  if (left === undefined) return facts;
  const attributes = left.attributes.map(
    ({ name, before = 'absent', after = 'absent' }) => `${name} is ${before}, not ${after}`,
  );
  throw new OutriggerError('NOT_CONVERGED', `after the change ${attributes.join('; ')}`, {
    host: host.name,
  });
}

/** Gives the content of a node's certificate file. */
export type LoadCertificate = (node: string, role: CertificateRole) => Secret;

async function act(
  host: Host,
  action: Action,
  tools: { readonly loadAuthkey: () => Promise<Secret>; readonly loadCertificate: LoadCertificate },
): Promise<void> {
  if (action.kind === 'script') {
    await runScript(host, action.script, { params: action.params, timeoutMs: action.timeoutMs });
    return;
  }
  const { path, owner, group, mode } = action;
  const content =
    action.kind === 'write-authkey'
      ? await tools.loadAuthkey()
      : tools.loadCertificate(host.name, action.role);
  await host.writeFile({ path, owner, group, mode, content });
}
