/**
 * Why a plan leaves a host out that answered, as stable words that tests and scripts can rely on. A host that gave no answer
 * has an ErrorCode. docs/troubleshooting.md has an entry for each.
 */
export const PROBLEM_CODES = [
  'AUTHKEY_IS_COROSYNCS',
  'CERTIFICATES_UNKNOWN',
  'CERTIFICATE_AWAITED',
  'CERTIFICATE_UNFIT',
  'CERTIFICATE_UNREADABLE',
  'CLOCK_WRONG',
  'CONNECTION_ORPHANED',
  'FENCE_DEVICE_UNFIT',
  'HOST_IS_CLUSTER_NODE',
  'HOST_IS_CONNECTED',
  'HOST_IS_TWICE',
  'HOST_SILENT',
  'HOST_USES_CERTIFICATES',
  'MACHINE_DOWN',
  'MACHINE_NOT_READY',
  'NAME_TAKEN',
  'NEWER_THAN_CLUSTER',
  'NODE_UNCLEAN',
  'NOT_STARTED',
  'PLATFORM_UNKNOWN',
  'PORT_IN_USE',
  'RESOURCE_IS_GUEST',
  'RESOURCE_RUNS_THERE',
  'RESOURCE_UNFIT',
  'RESOURCE_UNKNOWN',
  'RESOURCE_UNMANAGED',
  'RUN_UNFINISHED',
  'SERVER_IN_USE',
  'SERVER_UNKNOWN',
  'UPGRADE_REFUSED',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];
