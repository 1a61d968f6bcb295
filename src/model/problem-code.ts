/**
 * Why a plan leaves a host out that answered, as stable words that tests and scripts can rely on. A host that gave no answer
 * has an ErrorCode. docs/troubleshooting.md has an entry for each.
 */
export const PROBLEM_CODES = [
  'AUTHKEY_IS_COROSYNC_KEY',
  'CERTIFICATES_UNKNOWN',
  'CERTIFICATE_AWAITED',
  'CERTIFICATE_UNREADABLE',
  'CERTIFICATE_UNUSABLE',
  'CLOCK_WRONG',
  'CONNECTION_ORPHANED',
  'DUPLICATE_HOST',
  'FENCE_DEVICE_UNSUITABLE',
  'HOST_IS_CLUSTER_NODE',
  'HOST_IS_CONNECTED',
  'HOST_USES_CERTIFICATES',
  'NAME_TAKEN',
  'NEWER_THAN_CLUSTER',
  'NODE_UNCLEAN',
  'NOT_STARTED',
  'PLATFORM_UNKNOWN',
  'PORT_IN_USE',
  'RESOURCE_ALREADY_ACTIVE',
  'RESOURCE_IS_GUEST',
  'RESOURCE_UNKNOWN',
  'RESOURCE_UNMANAGED',
  'RESOURCE_UNSUITABLE',
  'RUN_UNFINISHED',
  'SERVER_IN_USE',
  'SERVER_UNKNOWN',
  'UPGRADE_REFUSED',
  'VM_DOWN',
  'VM_NOT_READY',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];
