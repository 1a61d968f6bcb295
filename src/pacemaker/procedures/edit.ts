/** Everything that changes a CIB, as data: what the plan shows, crm_simulate tries and the write script carries out. */
export { applyOperations, applyToTree } from '../edits/apply.ts';
export {
  endApart,
  endStandby,
  isApart,
  isInOurStandby,
  isInStandby,
  keepApart,
  putIntoStandby,
  stationary,
  stopMigration,
} from './apart.ts';
export { endMaintenance, beginMaintenance, isHeldInMaintenance } from './maintenance.ts';
export {
  disconnectGuests,
  releaseVms,
  guestDifferences,
  joiningValues,
  holdForRetry,
  holdVms,
  isHeld,
  joinGuests,
  reconnectGuests,
  removeGuests,
  updateGuests,
} from './guest.ts';
export { forgetHistory } from './forget.ts';
export { guard, join, release } from './join.ts';
export {
  beginRemoval,
  endRemoval,
  isBeingRemoved,
  referencesOf,
  removeConnection,
  removeEntry,
  removeReferences,
} from './remove.ts';
export { attributeDifferences, nodeDifferences } from '../edits/node-edit.ts';
export { deleteXPath, type CibOperation, type Target } from '../edits/operations.ts';
export { pin, unpin } from './pin.ts';
export { isQuiet, isQuietUnfinished, protect, quietlyProtected, unprotect } from './quiet.ts';
export { removeConnections } from '../edits/remove.ts';
export { connectionDifferences, updateConnections } from '../edits/update.ts';
export type { DesiredConnection } from '../edits/connection-element.ts';
