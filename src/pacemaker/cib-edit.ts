/** Everything that changes a CIB, as data: what the plan shows, crm_simulate tries and the write script carries out. */
export { applyOperations, applyToTree } from './cib-apply.ts';
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
} from './cib-apart.ts';
export { attachCluster, detachCluster, isClusterDetached } from './cib-detach.ts';
export {
  disconnectGuests,
  freeMachines,
  guestDifferences,
  guestValues,
  holdForRetry,
  holdMachines,
  isHeld,
  joinGuests,
  reconnectGuests,
  removeGuests,
  updateGuests,
} from './cib-guest.ts';
export { guard, join, release } from './cib-join.ts';
export {
  beginLeaving,
  endLeaving,
  isLeaving,
  referencesOf,
  removeConnection,
  removeEntry,
  removeReferences,
} from './cib-leave.ts';
export { nodeDifferences } from './cib-node-edit.ts';
export { deleteXPath, type CibOperation, type Target } from './cib-operations.ts';
export { pin, unpin } from './cib-pin.ts';
export { isQuiet, isQuietUnfinished, protect, quietlyProtected, unprotect } from './cib-quiet.ts';
export { removeConnections } from './cib-remove.ts';
export { connectionDifferences, updateConnections } from './cib-update.ts';
export type { WantedConnection } from './connection-element.ts';
