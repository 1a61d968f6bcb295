import pLimit from 'p-limit';
import type { Host } from '../../host/host.ts';
import type { Action } from '../../model/action.ts';
import type { HostItem } from '../../model/item.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { reveal } from '../../support/secret.ts';
import type { RunHosts } from './run-hosts.ts';
import type { RunInput } from './run-input.ts';
import type { Blockers } from './blockers.ts';
import { runScript } from '../../host/run-script.ts';

/** What is to be done on a host. */
export interface Intended {
  readonly host: Host;
  readonly items: readonly HostItem[];
}

/** What it takes to find out which files would be written, and how long they are. */
type FileContext = Pick<RunHosts, 'probe' | 'loadAuthkey' | 'loadCertificate'>;

const TIMEOUT_MS = 60_000;

/** More than an environment file is long. */
const ENVIRONMENT_BYTES = 65_536;

/**
 * Why files cannot be written that these items would write, by host: what can be tried is tried before anything is
 * protected for it. Nothing of it stays.
 */
export async function unwritable(
  context: Pick<RunInput, 'options'> & FileContext,
  intended: readonly Intended[],
): Promise<Blockers> {
  const limit = pLimit(context.options.forks);
  const found = await Promise.all(
    intended.map((one) =>
      limit(async (): Promise<readonly [string, string][]> => {
        const because = await blocker(context, one);
        return because === undefined ? [] : [[one.host.name, because]];
      }),
    ),
  );
  return new Map(found.flat());
}

async function blocker(
  context: FileContext,
  { host, items }: Intended,
): Promise<string | undefined> {
  try {
    const facts = await context.probe(host);
    const actions = items.flatMap((item) => item.compare(facts)?.actions ?? []);
    const files = await Promise.all(actions.map((action) => fileOf(context, host, action)));
    const params = files.flat();
    if (params.length > 0) await runScript(host, 'try-files', { params, timeoutMs: TIMEOUT_MS });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return messageOf(thrown);
  }
}

/** Path, size and kind of the file that an action writes; nothing where it writes none. */
async function fileOf(
  { loadAuthkey, loadCertificate }: Pick<RunHosts, 'loadAuthkey' | 'loadCertificate'>,
  host: Host,
  action: Action,
): Promise<readonly string[]> {
  switch (action.kind) {
    case 'write-authkey':
      return [action.path, String(reveal(await loadAuthkey()).length), 'file'];
    case 'write-certificate':
      return [action.path, String(reveal(loadCertificate(host.name, action.role)).length), 'file'];
    case 'script': {
      const [path] = action.params;
      const isWriting = action.script === 'set-environment' && path !== undefined;
      return isWriting ? [path, String(ENVIRONMENT_BYTES), 'link'] : [];
    }
  }
}
