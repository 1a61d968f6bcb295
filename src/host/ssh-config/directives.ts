/**
 * What outrigger does with each keyword of ssh_config. Whatever only restricts is honored, or refused, or named on stderr as
 * not honored: never passed over. From readconf.c of OpenSSH 10.5, with what Debian, RHEL and Apple add.
 */

/** Honored, by their names in lower case. */
export const HONORED = {
  addressfamily: 'AddressFamily',
  bindaddress: 'BindAddress',
  ciphers: 'Ciphers',
  globalknownhostsfile: 'GlobalKnownHostsFile',
  hostkeyalgorithms: 'HostKeyAlgorithms',
  hostkeyalias: 'HostKeyAlias',
  hostname: 'HostName',
  identitiesonly: 'IdentitiesOnly',
  identityagent: 'IdentityAgent',
  identityfile: 'IdentityFile',
  ignoreunknown: 'IgnoreUnknown',
  kexalgorithms: 'KexAlgorithms',
  macs: 'MACs',
  port: 'Port',
  proxyjump: 'ProxyJump',
  pubkeyacceptedalgorithms: 'PubkeyAcceptedAlgorithms',
  requiredrsasize: 'RequiredRSASize',
  revokedhostkeys: 'RevokedHostKeys',
  user: 'User',
  userknownhostsfile: 'UserKnownHostsFile',
} as const;

/** An error where they are in force: outrigger cannot do what they ask for, and must not do otherwise. */
export const REFUSED = {
  preferredauthentications: 'PreferredAuthentications',
  proxycommand: 'ProxyCommand',
  pubkeyauthentication: 'PubkeyAuthentication',
  refuseconnection: 'RefuseConnection',
} as const;

/** A directive that is not honored. */
export interface Noticed {
  readonly name: string;
  /** What outrigger does instead. */
  readonly instead: string;
  /** Values with which it asks for nothing. */
  readonly idle: readonly string[];
}

/** Named on stderr where they are in force. */
export const NOTICED = {
  bindinterface: {
    name: 'BindInterface',
    instead: 'the system chooses the interface (BindAddress is honored)',
    idle: [],
  },
  canonicalizehostname: {
    name: 'CanonicalizeHostname',
    instead: 'names are used literally',
    idle: ['no', 'false'],
  },
  certificatefile: {
    name: 'CertificateFile',
    instead: 'SSH certificates are not supported',
    idle: ['none'],
  },
  checkhostip: {
    name: 'CheckHostIP',
    instead: 'only the name of the host is looked up in known_hosts',
    idle: ['no', 'false'],
  },
  knownhostscommand: {
    name: 'KnownHostsCommand',
    instead: 'outrigger runs no command of ssh_config: only known_hosts files are read',
    idle: ['none'],
  },
  rekeylimit: {
    name: 'RekeyLimit',
    instead: 'connections keep their session key',
    idle: ['default', 'default none'],
  },
} as const satisfies Record<string, Noticed>;

/** Keywords that are looked at. */
export type Keyword = keyof typeof HONORED | keyof typeof REFUSED | keyof typeof NOTICED;

/** Keywords that only let ssh do more than outrigger does, or that speak of what it does not do. */
export const PASSED_OVER: readonly string[] = `
AddKeysToAgent AFSTokenPassing BatchMode CanonicalDomains CanonicalizeFallbackLocal CanonicalizeMaxDots
CanonicalizePermittedCNAMEs CASignatureAlgorithms ChallengeResponseAuthentication ChannelTimeout Cipher ClearAllForwardings
Compression CompressionLevel ConnectionAttempts ConnectTimeout ControlMaster ControlPath ControlPersist DynamicForward
EnableEscapeCommandline EnableSSHKeysign EscapeChar ExitOnForwardFailure FallBackToRsh FingerprintHash ForkAfterAuthentication
ForwardAgent ForwardX11 ForwardX11Timeout ForwardX11Trusted GatewayPorts GlobalKnownHostsFile2 GSSAPIAuthentication
GSSAPIClientIdentity GSSAPIDelegateCredentials GSSAPIKexAlgorithms GSSAPIKeyExchange GSSAPIRenewalForcesRekey
GSSAPIServerIdentity GSSAPITrustDns HashKnownHosts HostbasedAcceptedAlgorithms HostbasedAuthentication HostbasedKeyTypes
IPQoS KbdInteractiveAuthentication KbdInteractiveDevices KeepAlive KerberosAuthentication KerberosTGTPassing LocalCommand
LocalForward LogLevel LogVerbose NoHostAuthenticationForLocalhost NumberOfPasswordPrompts ObscureKeystrokeTiming
PasswordAuthentication PermitLocalCommand PermitRemoteOpen PKCS11Provider Protocol ProtocolKeepAlives ProxyUseFdpass
RemoteCommand RemoteForward RequestTTY RhostsAuthentication RhostsRSAAuthentication RSAAuthentication SecurityKeyProvider SendEnv
ServerAliveCountMax ServerAliveInterval SessionType SetEnv SetupTimeOut SkeyAuthentication SmartcardDevice StdinNull
StreamLocalBindMask StreamLocalBindUnlink StrictHostKeyChecking SyslogFacility Tag TCPKeepAlive TISAuthentication Tunnel
TunnelDevice UpdateHostKeys UseKeychain UsePrivilegedPort UserKnownHostsFile2 UseRoaming UseRsh VerifyHostKeyDNS VersionAddendum
VisualHostKey WarnWeakCrypto XAuthLocation`
  .trim()
  .split(/\s+/);

/** Older names; RSAMinSize is that of RHEL 8 and 9. */
const ALIASES: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ['dsaauthentication', 'pubkeyauthentication'],
  ['identityfile2', 'identityfile'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
  ['rsaminsize', 'requiredrsasize'],
]);

const PASSED = new Set(PASSED_OVER.map((name) => name.toLowerCase()));

/** A keyword, in lower case, under its usual name. */
export const usualName = (keyword: string): string => ALIASES.get(keyword) ?? keyword;

/** Whether outrigger looks at this keyword (a `usualName`). */
export const isLookedAt = (keyword: string): keyword is Keyword =>
  keyword in HONORED || keyword in REFUSED || keyword in NOTICED;

/** Whether it is a keyword of ssh (a `usualName`). */
export const isKnownKeyword = (keyword: string): boolean =>
  isLookedAt(keyword) || PASSED.has(keyword);

/** Whether it is one that is not honored, but named. */
export const isNoticed = (keyword: string): keyword is keyof typeof NOTICED => keyword in NOTICED;
