/**
 * Names and defaults that Pacemaker, its packages and pcs agree on.
 * Sources: ClusterLabs/pacemaker at Pacemaker-3.0.0 unless said otherwise; ClusterLabs/pcs v0.12.0.
 */

/** Where a Pacemaker Remote daemon listens and a connection resource connects (include/crm/lrmd.h, agents/ocf/remote.in). */
export const DEFAULT_PORT = 3121;

/** The pre-shared key (include/crm/lrmd.h, DEFAULT_REMOTE_KEY_LOCATION). */
export const AUTHKEY_FILE = '/etc/pacemaker/authkey';

/**
 * Where outrigger puts certificates on a host, and the variable that tells Pacemaker (3.0.0 lib/common/tls.c,
 * include/crm/common/options_internal.h). Beside the authkey: that directory belongs to Pacemaker's packages, is there on
 * every distribution, and haclient may enter it (0750 root:haclient on RPM systems); /etc/pki and /etc/ssl/private are
 * other people's, and haclient may not.
 */
export const CERTIFICATE_FILES = {
  ca: { path: '/etc/pacemaker/x509-ca.pem', variable: 'PCMK_ca_file' },
  certificate: { path: '/etc/pacemaker/x509-cert.pem', variable: 'PCMK_cert_file' },
  key: { path: '/etc/pacemaker/x509-key.pem', variable: 'PCMK_key_file' },
  crl: { path: '/etc/pacemaker/x509-crl.pem', variable: 'PCMK_crl_file' },
} as const;

/** Where a key that a host has made waits for its certificate; the two then take the place of the old pair at once. */
export const WAITING_PAIR = {
  certificate: '/etc/pacemaker/x509-cert-new.pem',
  key: '/etc/pacemaker/x509-key-new.pem',
} as const;

/** What a certificate file is for. */
export type CertificateRole = keyof typeof CERTIFICATE_FILES;

export const CERTIFICATE_ROLES = Object.keys(CERTIFICATE_FILES) as readonly CertificateRole[];

/** With these three a daemon uses certificates and nothing else; with fewer the authkey (pcmk__x509_enabled). */
export const DECIDING_VARIABLES: readonly string[] = [
  CERTIFICATE_FILES.ca.variable,
  CERTIFICATE_FILES.certificate.variable,
  CERTIFICATE_FILES.key.variable,
];

/** The unit of the whole of Pacemaker on a cluster node (daemons/pacemakerd/pacemaker.service.in). */
export const CLUSTER_UNIT = 'pacemaker.service';

/** The daemon's unit (daemons/execd/pacemaker_remote.service.in). */
export const REMOTE_UNIT = 'pacemaker_remote.service';

/** Who reads the authkey on a cluster node (configure.ac, CRM_DAEMON_USER and CRM_DAEMON_GROUP). */
export const DAEMON_USER = 'hacluster';
export const DAEMON_GROUP = 'haclient';

/** The agent of a connection resource, as the attributes of a primitive. */
export const REMOTE_AGENT = { class: 'ocf', provider: 'pacemaker', type: 'remote' } as const;

/** The same agent as crm_mon writes it; before 2.1.0 it was `ocf::pacemaker:remote`. */
export const REMOTE_AGENT_TEXT = 'ocf:pacemaker:remote';

/** The meta attributes that make a primitive's VM a guest node (lib/pengine/unpack.c, expand_remote_rsc_meta). */
export const GUEST_META = {
  node: 'remote-node',
  address: 'remote-addr',
  port: 'remote-port',
  connectTimeout: 'remote-connect-timeout',
  allowMigrate: 'remote-allow-migrate',
} as const;

/** The parameters by which a fence device knows whom it can fence (include/crm/stonith-ng.h). */
export const FENCE_PARAMETERS = {
  list: 'pcmk_host_list',
  map: 'pcmk_host_map',
  check: 'pcmk_host_check',
} as const;

export interface DefaultOperation {
  readonly name: string;
  readonly interval: string;
  readonly timeout: string;
}

/**
 * The operations that `pcs cluster node add-remote` writes, in its order: those of the agent's metadata
 * (agents/ocf/remote.in), with pcs's own interval of 60s for the monitor (pcs/lib/cib/resource/agent.py).
 * With none the start would get 20 s, which is too tight.
 */
export const DEFAULT_OPERATIONS: readonly DefaultOperation[] = [
  { name: 'migrate_from', interval: '0s', timeout: '60s' },
  { name: 'migrate_to', interval: '0s', timeout: '60s' },
  { name: 'monitor', interval: '60s', timeout: '30s' },
  { name: 'reload', interval: '0s', timeout: '60s' },
  { name: 'reload-agent', interval: '0s', timeout: '60s' },
  { name: 'start', interval: '0s', timeout: '60s' },
  { name: 'stop', interval: '0s', timeout: '60s' },
];

/** The ids of what outrigger puts into the CIB for a while begin with these, so that a later run recognises them. */
export const GUARD_PREFIX = 'outrigger-guard-';
export const RETRY_PREFIX = 'outrigger-retry-';
export const QUIET_PREFIX = 'outrigger-quiet-';
export const PIN_PREFIX = 'outrigger-pin';
export const APART_PREFIX = `${PIN_PREFIX}-apart-`;
export const LEAVE_PREFIX = 'outrigger-leave-';

/** The ids of what outrigger itself puts into the CIB for a while begin with these. */
export const OWN_PREFIXES: readonly string[] = [
  GUARD_PREFIX,
  RETRY_PREFIX,
  QUIET_PREFIX,
  PIN_PREFIX,
  LEAVE_PREFIX,
];

/** An XML name without a colon, reduced to ASCII: what may be an id in the CIB and stand in an XPath unquoted. */
const NC_NAME = /^[A-Za-z_][A-Za-z0-9._-]*$/;

export const isNcName = (text: string): boolean => NC_NAME.test(text);
