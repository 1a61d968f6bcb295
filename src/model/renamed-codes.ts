/** Former codes by their new names. A user who writes a former one gets an error that names the new one. */
const RENAMED: Readonly<Record<string, string>> = {
  'authority-replaced': 'ca-replaced',
  'clone-runs-there': 'clone-already-active',
  'credentials-pinned': 'credentials-node-by-node',
  'only-home': 'no-eligible-node',
  'starts-at-boot': 'enabled-at-boot',
  AUTHKEY_IS_COROSYNCS: 'AUTHKEY_IS_COROSYNC_KEY',
  CERTIFICATE_UNFIT: 'CERTIFICATE_UNUSABLE',
  FENCE_DEVICE_UNFIT: 'FENCE_DEVICE_UNSUITABLE',
  HOST_IS_TWICE: 'DUPLICATE_HOST',
  HOST_SILENT: 'HOST_UNREACHABLE',
  MACHINE_DOWN: 'VM_DOWN',
  MACHINE_NOT_READY: 'VM_NOT_READY',
  RESOURCE_RUNS_THERE: 'RESOURCE_ALREADY_ACTIVE',
  RESOURCE_UNFIT: 'RESOURCE_UNSUITABLE',
  'not-built-yet': 'not-implemented',
  'unfit-certificate': 'invalid-certificate',
  'without-effect': 'no-effect',
  'kept-out': 'blocked-by-firewall',
  'not-in': 'not-online',
};

/** Former attributes of items, as `drift: { ignore: ... }` names them, by their new names. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  'at boot': 'enabled at boot',
  rights: 'permissions',
  'revocation list': 'CRL',
  'quiet restart': 'restart protection',
  'marks in the CIB': 'temporary markers in the CIB',
  'waiting key': 'staged key',
  machine: 'VM',
};

/** The attribute that stands for a former one; undefined: it is none. */
export const newAttribute = (former: string): string | undefined =>
  Object.hasOwn(ATTRIBUTES, former) ? ATTRIBUTES[former] : undefined;

/** The code that stands for a former one; undefined: it is none. */
export const newCode = (former: string): string | undefined =>
  Object.hasOwn(RENAMED, former) ? RENAMED[former] : undefined;

/** Former codes, each with its new name. */
export const RENAMED_CODES: readonly (readonly [former: string, code: string])[] =
  Object.entries(RENAMED);
