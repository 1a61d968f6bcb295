import { probeClusterNode, type HostReports } from '../run/last-facts.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { reportWaiting } from '../run/waiting.ts';

// 60 s up to 3.0.1 (lib/lrmd/lrmd_client.c, key_cache_expired), counted in whole seconds, and some more for the clock.
const CACHE_SECONDS = 63;

/**
 * Waits until no controller holds the authkey any more that was there before: it reads the key again a minute after it has
 * read it. One that keeps it for life has been restarted by then.
 */
export async function outliveKeyCache(
  context: Pick<RunInput, 'x509'> &
    HostReports &
    Pick<RunHosts, 'pause'> &
    Pick<EditContext, 'emit'>,
  play: PlayName,
): Promise<void> {
  if (context.x509 !== undefined) return;
  const left = await Promise.all(
    context.clusterHosts.map(async (host) => {
      const { authkey, clockAhead, keepsAuthkey } = await probeClusterNode(context, host);
      if (keepsAuthkey === true) return 0;
      const age = Date.now() / 1000 + clockAhead - authkey.modifiedAt;
      // One without a usable time may have been written just now.
      return authkey.modifiedAt === 0 || age < 0 ? CACHE_SECONDS : CACHE_SECONDS - age;
    }),
  );
  const seconds = Math.ceil(Math.max(0, ...left));
  if (seconds === 0) return;
  reportWaiting(
    context,
    play,
    'the cluster nodes to drop the previous authkey from their caches',
    seconds * 1000,
  );
  await context.pause(seconds * 1000);
}
