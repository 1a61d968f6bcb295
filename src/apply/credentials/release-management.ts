import type { CredentialChange } from '../../model/credential-change.ts';
import type { RunEvent } from '../../model/run-event.ts';
import type { Play } from '../../playbook/playbook.ts';
import { OutriggerError } from '../../support/errors.ts';
import { takeBack } from '../quiet-restart/quiet-protection.ts';
import type { EditContext } from '../run/edit-context.ts';
import { leaveMaintenance } from './maintenance-mode.ts';

/** Finds out whether a step on any host was begun. */
export function followChanges<Context extends Pick<EditContext, 'emit'>>(
  context: Context,
): {
  readonly context: Context;
  readonly hasChanged: () => boolean;
} {
  let hasChanged = false;
  const emit = (event: RunEvent): void => {
    if (event.type === 'action') hasChanged = true;
    context.emit(event);
  };
  return { context: { ...context, emit }, hasChanged: () => hasChanged };
}

/** Nothing was changed on any host: the connections are as they were. What cannot be released is reported with the failure. */
export async function releaseManagement(
  context: EditContext,
  play: Play,
  { inMaintenanceMode: wasInMaintenance, nodes }: CredentialChange,
  marked: ReadonlySet<string>,
): Promise<void> {
  try {
    if (wasInMaintenance) await leaveMaintenance(context, play, nodes);
    await takeBack(context, play, marked);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
  }
}
