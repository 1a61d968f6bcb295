import { DAEMON_USER } from '../pacemaker/basics/names.ts';
import type { Action } from '../model/action.ts';
import type { FileReach } from '../model/facts.ts';
import type { Grant } from '../credentials/file-access.ts';
import type { AttributeChange } from '../model/item.ts';
import { rightsText } from '../model/rights.ts';

/** What is behind a directory that is closed yet could not be tried: its own permissions count. */
export const triedReach = (
  { reach }: { readonly reach?: FileReach | undefined },
  grants: readonly Grant[],
): FileReach | undefined =>
  grants.length > 0 && reach !== undefined ? { ...reach, isReadable: undefined } : reach;

/** That the daemon is let into a directory of Pacemaker's own. */
export const grantChange = ({ path, before, after }: Grant): AttributeChange => ({
  name: `permissions of ${path}`,
  before: rightsText(before),
  after: rightsText(after),
  reason: `${DAEMON_USER} must be able to search it`,
});

export const grantAction = ({ path, after }: Grant): Action => ({
  kind: 'script',
  script: 'set-permissions',
  params: [path, after.owner, after.group, after.mode.padStart(4, '0')],
  timeoutMs: 30_000,
});
