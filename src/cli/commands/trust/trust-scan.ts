import pLimit from 'p-limit';
import { entriesFor, loadKnownHosts } from '../../../host/known-hosts/known-hosts.ts';
import type { Connector } from '../../../host/ssh/connector.ts';
import { judgeKeys, type Judged } from '../../../host/ssh/judge-keys.ts';
import { forbiddenHostKey } from '../../../host/ssh/keys/key-limits.ts';
import type { OfferedKey } from '../../../host/ssh/scan.ts';
import { peerOf, type Subject } from './trust-subjects.ts';
import type { Scanned } from './trust-text.ts';

const SCAN_AT_A_TIME = 32;

/** Asks servers for their keys and compares these to what is known. */
export async function scan(
  connector: Connector,
  subjects: readonly Subject[],
  signal: AbortSignal,
): Promise<readonly Scanned[]> {
  const limit = pLimit(SCAN_AT_A_TIME);
  return Promise.all(
    subjects.map((subject) =>
      limit(async (): Promise<Scanned> => {
        try {
          const offered = await offeredBy(connector, subject, signal);
          return { subject, offered, judged: await judge(subject, offered) };
        } catch (why) {
          return { subject, offered: [], judged: { kind: 'unreachable', why } };
        }
      }),
    ),
  );
}

/** The keys of one server. */
export const offeredBy = (
  connector: Connector,
  { name, server, jumps, limitMs }: Subject,
  signal: AbortSignal,
): Promise<readonly OfferedKey[]> => connector.scan(name, server, { jumps, limitMs, signal });

async function judge(subject: Subject, offered: readonly OfferedKey[]): Promise<Judged> {
  const peer = peerOf(subject);
  for (const { blob } of offered) {
    const why = forbiddenHostKey(peer, blob, subject.server.restrictions);
    if (why !== undefined) return { kind: 'refused', known: [], why };
  }
  const { name, files } = subject.server.knownHosts;
  const lists = await Promise.all(files.map((file) => loadKnownHosts(file)));
  const known = lists.flatMap((ofFile) => entriesFor(ofFile, name));
  return judgeKeys(peer, subject.server, offered, known);
}
