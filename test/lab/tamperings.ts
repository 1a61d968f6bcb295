/** What is tampered with in the story of drift, one thing at a time. */

/** What is done on a host, what drift says then, and what takes it back; no `mends`: outrigger does. */
interface Tampering {
  readonly what: string;
  readonly host: string;
  readonly does: string;
  /** `host item attribute: kind` of each difference. */
  readonly names: readonly string[];
  readonly mends?: string;
}

const ENTRY = '<node id="gone1" uname="gone1" type="remote"/>';
const RULE = '<rsc_location id="loc-ghost" rsc="fencing" node="ghost" score="-INFINITY"/>';
const ban = (node: string): string =>
  `<rsc_location id="away-${node}" rsc="h2" node="${node}" score="-INFINITY"/>`;

const SAVE_KEY = 'cp -p /etc/pacemaker/authkey /root/key && ';
const OTHER_KEY = 'head -c 256 /dev/urandom >/etc/pacemaker/authkey';
const RESTORE_KEY = 'cp -p /root/key /etc/pacemaker/authkey';
const MAP = 'crm_resource -r fencing -g pcmk_host_map';
const SET_MAP = 'crm_resource -r fencing -p pcmk_host_map -v';

export const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'a package that is gone',
    host: 'h1',
    does: 'dpkg --remove --force-depends resource-agents',
    names: ['h1 package resource-agents: configuration'],
  },
  {
    what: 'another key',
    host: 'h1',
    does: SAVE_KEY + OTHER_KEY,
    mends: RESTORE_KEY,
    names: ['h1 authkey content: configuration'],
  },
  {
    what: 'a key that others can read',
    host: 'h2',
    does: 'chmod 644 /etc/pacemaker/authkey',
    mends: 'chmod 640 /etc/pacemaker/authkey',
    names: ['h2 authkey permissions: configuration'],
  },
  {
    what: 'a key that is newer than the daemon',
    host: 'h1',
    does: 'touch /etc/pacemaker/authkey',
    mends: "touch -d '1 day ago' /etc/pacemaker/authkey",
    names: ['h1 service started: running-daemon'],
  },
  {
    what: 'the key of certificates that nobody uses any more',
    host: 'h1',
    does: 'touch /etc/pacemaker/x509-key.pem',
    mends: 'rm /etc/pacemaker/x509-key.pem',
    names: ['h1 certificate-removed /etc/pacemaker/x509-key.pem: configuration'],
  },
  {
    what: 'a service that does not start at boot',
    host: 'h1',
    does: 'systemctl disable pacemaker_remote',
    mends: 'systemctl enable pacemaker_remote',
    names: ['h1 service enabled at boot: configuration'],
  },
  {
    what: 'a setting of the daemon',
    host: 'h1',
    does: 'echo PCMK_remote_port=3199 >>/etc/default/pacemaker',
    mends: "sed -i '/^PCMK_remote_port=3199$/d' /etc/default/pacemaker",
    names: ['h1 environment PCMK_remote_port: configuration'],
  },
  {
    what: 'a closed port',
    host: 'h2',
    does: `firewall-cmd --quiet --permanent --remove-rich-rule='rule family="ipv4" source address="10.77.0.11" port port="3121" protocol="tcp" accept'`,
    names: ['h2 firewall-port public 3121/tcp from 10.77.0.11: configuration'],
  },
  {
    what: 'a cluster node with another key',
    host: 'c2',
    does: SAVE_KEY + OTHER_KEY,
    mends: RESTORE_KEY,
    names: ['c2 authkey content: configuration'],
  },
  {
    what: 'a cluster node whose daemons cannot get at the key',
    host: 'c2',
    does: 'chmod 700 /etc/pacemaker',
    names: ['c2 authkey permissions of /etc/pacemaker: configuration'],
  },
  {
    what: 'a parameter of a connection',
    host: 'c1',
    does: 'crm_resource -r h1 -p reconnect_interval -v 5s',
    mends: 'crm_resource -r h1 -p reconnect_interval -v 60s',
    names: ['h1 connection-resource reconnect_interval: configuration'],
  },
  {
    what: 'a meta attribute of a guest node',
    host: 'c1',
    does: 'crm_resource -r vm-v1 --meta -p remote-connect-timeout -v 20s',
    mends: 'crm_resource -r vm-v1 --meta -p remote-connect-timeout -v 10s',
    names: ['g1 guest-node remote-connect-timeout: configuration'],
  },
  {
    what: 'an attribute of a node',
    host: 'c1',
    does: 'crm_attribute -N h2 -n rack -v b7',
    mends: 'crm_attribute -N h2 -n rack -v a1',
    names: ['h2 node-state rack: configuration'],
  },
  {
    what: 'a fence device that was not told of a node',
    host: 'c1',
    does: `${MAP} >/root/map && ${SET_MAP} "$(sed s/h1:h1// /root/map)"`,
    mends: `${SET_MAP} "$(cat /root/map)"`,
    names: ['h1 fence-device pcmk_host_map of fencing: configuration'],
  },
  {
    what: 'a node that no device can fence',
    host: 'c1',
    does: `${MAP} >/root/map && ${SET_MAP} "$(sed s/[hr]2:h2//g /root/map)"`,
    mends: `${SET_MAP} "$(cat /root/map)"`,
    names: ['h2 fencing devices: unfenceable'],
  },
  {
    what: 'a node that the cluster does not let in',
    host: 'c1',
    does: `cibadmin --create -o constraints -X '${ban('c1')}' && cibadmin --create -o constraints -X '${ban('c2')}'`,
    mends:
      'for n in c1 c2; do cibadmin --delete --xml-text "<rsc_location id=\\"away-$n\\"/>"; done',
    names: ['h2 connection state: not-online'],
  },
  {
    what: 'an entry of a node that was removed',
    host: 'c1',
    does: `cibadmin --create -o nodes -X '${ENTRY}'`,
    mends: 'crm_node --force --remove gone1',
    names: ['gone1 node-record known: leftover-node'],
  },
  {
    what: 'a constraint that names nobody',
    host: 'c1',
    does: `cibadmin --create -o constraints -X '${RULE}'`,
    mends: `cibadmin --delete --xml-text '<rsc_location id="loc-ghost"/>'`,
    names: ['ghost constraint loc-ghost: dangling-constraint'],
  },
];
