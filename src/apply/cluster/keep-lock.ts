import { OutriggerError } from '../../support/errors.ts';
import { writeCib } from './cib.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';

/**
 * Makes the lock last longer where no connection is down: every edit of the CIB aborts the transition that is under way.
 * Edits that have to be made anyway do so by the way. That it fails is no failure as long as the lock is there.
 */
export async function keepLock(context: EditContext, play: PlayName): Promise<void> {
  const { lease } = context;
  try {
    await lease.extend(() => writeCib(context, play, 'lock', () => lease.extension()));
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError) || thrown.code === 'LOCKED') throw thrown;
  }
}
