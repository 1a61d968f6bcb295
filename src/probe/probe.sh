# Reads the state of a host and prints it in sections; changes nothing.
#   $1  nonce that frames the sections
#   $2  role: remote | member (a cluster node) | query-node (a cluster node that also prints the CIB and crm_mon)
#   $3 ... $6  where the host has certificates of its own: CA file, certificate, key, CRL (empty: none); or $3
#       alone, `keys`: the keys that it has made; without them: the files that outrigger brings
# stdin, for a host that is none: `upgrades`, to report what its package manager would upgrade, by the lists that it has.
# stdin, for a cluster node: lines of `server ADDRESS`: it reports from which of its addresses it would connect there; and
# then of `node NAME`: it reports which fence devices can fence it.
nonce=$1
role=$2
has_own=$(($# > 3))
has_keys=$(($# == 3))
own_ca=${3-}
own_certificate=${4-}
own_key=${5-}
own_crl=${6-}

section() { printf '\n@%s %s\n' "$nonce" "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }

section platform
if [ -r /etc/os-release ]; then
  (. /etc/os-release && printf 'id=%s\nidLike=%s\nversion=%s\n' "$ID" "${ID_LIKE-}" "${VERSION_ID-}")
  family=$(. /etc/os-release && printf ' %s %s ' "$ID" "${ID_LIKE-}")
fi
printf 'architecture=%s\n' "$(uname -m)"
# A host may have the tools of another family beside its own (EPEL has apt and dpkg).
case ${family-} in
  *' debian '* | *' ubuntu '*) managers=apt-get ;;
  *' rhel '* | *' fedora '* | *' centos '* | *' rocky '* | *' almalinux '* | *' ol '*) managers=dnf ;;
  *) managers='apt-get dnf zypper' ;;
esac
manager=
for candidate in $managers; do
  if has "$candidate"; then manager=$candidate && printf 'packageManager=%s\n' "$manager" && break; fi
done
case $(cat /sys/fs/selinux/enforce 2>/dev/null) in
  1) echo selinux=enforcing ;;
  0) echo selinux=permissive ;;
esac
if [ -d /run/systemd/system ]; then echo serviceManager=systemd; fi
if [ -e /etc/corosync/corosync.conf ]; then echo corosyncConf=yes; fi

section clock
date +%s.%N

section packages
if [ "$manager" = apt-get ]; then
  dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' \
    pacemaker pacemaker-remote pacemaker-cli-utils resource-agents resource-agents-base corosync 2>/dev/null
elif has rpm; then
  rpm -q --qf '%{NAME} installed %{VERSION}-%{RELEASE}\n' \
    pacemaker pacemaker-remote pacemaker-cli resource-agents corosync 2>/dev/null | grep ' installed '
fi

# The files that the unit names, in their order: the last one that sets a variable counts. Nothing else gives a daemon its variables.
section environment
if [ "$manager" = apt-get ]; then file=/etc/default/pacemaker; else file=/etc/sysconfig/pacemaker; fi
if [ "$role" = remote ]; then unit=pacemaker_remote.service; else unit=pacemaker.service; fi
if [ -f "$file" ]; then printf 'file=%s\n' "$file"; fi
variables=$(all_environment_variables "$unit" "$file")
printf '%s\n' "$variables"

section authkey
key=$(printf '%s\n' "$variables" | environment_value PCMK_authkey_location)
key=${key:-/etc/pacemaker/authkey}
printf 'path=%s\n' "$key"
if [ -f "$key" ]; then
  printf 'digest=%s\n' "$(sha256sum <"$key" | cut -d ' ' -f 1)"
  stat -L -c "rights=%U %G %a $(time_of "$key")" "$key"
fi

# A function of libcrmcommon, from 3.0.0 on; a backport has it as well. The environment file is no evidence: it is edited.
section capability
for library in /usr/lib/*/libcrmcommon.so.* /usr/lib64/libcrmcommon.so.* /usr/lib/libcrmcommon.so.*; do
  [ -f "$library" ] || continue
  if grep -qaF pcmk__x509_enabled "$library"; then echo yes; else echo no; fi
  break
done

# What a process does with the authkey that it has read: up to 3.0.1 it drops it after a minute, and logs that.
section key_cache
for library in /usr/lib/*/liblrmd.so.* /usr/lib64/liblrmd.so.* /usr/lib/liblrmd.so.*; do
  [ -f "$library" ] || continue
  if grep -qaF 'Remote key cache' "$library"; then echo minute; else echo life; fi
  break
done

# Of files that are not ours only what is public leaves the host: certificates and lists, whatever else is in the file; of
# a key how many there are, whether it is encrypted, and the digest of its public half.
say() { printf '%s %s %s\n' "$what" "$1" "$2"; }
directories_above() {
  path=$1
  set --
  while path=${path%/*} && [ -n "$path" ]; do set -- "$path" "$@"; done
  stat -L -c "$what above %U %G %a %n" / "$@" 2>/dev/null
}
# $1 the label of the output, $2 how many bytes at most. A line that cannot belong there is printed as a damaged one.
public_parts() {
  head -c "$2" "$own" | tr -d '\r' | awk -v what="$what" -v begin="-----BEGIN $1-----" -v end="-----END $1-----" '
    { sub(/[ \t]+$/, "") }
    /-----BEGIN / { inside = ($0 == begin) }
    inside { print what, "pem", ($0 == begin || $0 == end || $0 ~ /^[A-Za-z0-9+\/=]*$/ ? $0 : "!") }
    /-----END / { inside = 0 }'
}
key_facts() {
  say blocks "$(grep -ac -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' "$own")"
  if grep -qa -e '-----BEGIN ENCRYPTED ' -e '^Proc-Type:.*ENCRYPTED' "$own"; then say encrypted yes; fi
  if ! has openssl; then say openssl missing; return; fi
  public=$(openssl pkey -in "$own" -passin pass: -pubout 2>/dev/null </dev/null)
  if [ -n "$public" ]; then say public "$(printf '%s\n' "$public" | sha256sum | cut -d ' ' -f 1)"; fi
}
own_file() {
  what=$1
  own=$2
  say named "$own"
  if [ ! -e "$own" ]; then say state missing; return; fi
  if [ ! -f "$own" ]; then say state other; return; fi
  real=$(readlink -f "$own")
  say state file
  say real "$real"
  say rights "$(stat -L -c "%U %G %a $(time_of "$own") %s" "$own")"
  directories_above "$own"
  if [ "$real" != "$own" ]; then directories_above "$real"; fi
  if [ "$what" = key ]; then key_facts; return; fi
  say digest "$(sha256sum <"$own" | cut -d ' ' -f 1)"
  if grep -qa -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' "$own"; then say holds key; fi
  if [ "$what" = crl ]; then public_parts 'X509 CRL' 4194304; else public_parts CERTIFICATE 1048576; fi
}
# Tries to open files and to pass the directories above them: neither access lists nor groups nor mounts show in the rights.
try='
  for file; do
    if [ ! -p "$file" ] && (: <"$file"); then echo "reads $file"; else echo "denied $file"; fi
    path=$file
    while path=${path%/*} && [ -n "$path" ]; do
      if [ -x "$path" ]; then echo "passes $path"; else echo "stopped $path"; fi
    done
  done'
# As the user of Pacemaker's daemons, with the groups that pacemakerd gives them (pcmkd_subdaemons.c, start_child).
try_as_hacluster() {
  if id -u hacluster >/dev/null 2>&1 && has setpriv; then
    setpriv --reuid hacluster --regid "$(id -g hacluster)" --init-groups sh -c "$try" sh "$@" 2>/dev/null </dev/null
  fi
}
if [ "$has_own" = 1 ]; then
  section own_certificates
  own_file ca "$own_ca"
  own_file certificate "$own_certificate"
  own_file key "$own_key"
  if [ -n "$own_crl" ]; then own_file crl "$own_crl"; fi
  set -- "$own_ca" "$own_certificate" "$own_key" ${own_crl:+"$own_crl"}
  for own; do set -- "$@" "$(readlink -f "$own")"; done
  try_as_hacluster "$@"
fi

# How the daemon that authenticates gets at the files of Pacemaker: the controller of a cluster node is hacluster's,
# pacemaker_remoted root's. While a run goes on, every host is probed in the same way, and a remote node may have the programs of a
# cluster node as well: the running unit decides which it is, and where none does, corosync.conf, without which none can be
# a cluster node.
is_active() { [ "$(systemctl is-active "$1.service" 2>/dev/null)" = active ]; }
is_member() {
  [ "$role" = remote ] || return 0
  if is_active pacemaker; then return 0; fi
  if is_active pacemaker_remote; then return 1; fi
  has pacemakerd && [ -e /etc/corosync/corosync.conf ]
}
section reach
set --
for pair in "authkey=$key" ca=/etc/pacemaker/x509-ca.pem certificate=/etc/pacemaker/x509-cert.pem \
  key=/etc/pacemaker/x509-key.pem crl=/etc/pacemaker/x509-crl.pem; do
  what=${pair%%=*}
  own=${pair#*=}
  # Where there is no authkey yet the way to it counts, which a new one will need.
  [ -f "$own" ] || [ "$what" = authkey ] && [ -d "${own%/*}" ] || continue
  real=$(readlink -f "$own")
  say named "$own"
  say real "$real"
  directories_above "$own"
  if [ "$real" != "$own" ]; then directories_above "$real"; fi
  set -- "$@" "$own" "$real"
done
if is_member; then try_as_hacluster "$@"; else sh -c "$try" sh "$@" 2>/dev/null </dev/null; fi

# Of the files that are ours, to determine who accepts whom while a CA is replaced.
if [ "$has_own" = 0 ]; then
  section certificate_texts
  for pair in ca=ca certificate=cert; do
    what=${pair%=*}
    own=/etc/pacemaker/x509-${pair#*=}.pem
    if [ -f "$own" ]; then public_parts CERTIFICATE 65536; fi
  done
fi

# The key that is in use, and one that waits for its certificate.
if [ "$has_keys" = 1 ]; then
  section made_keys
  if ! has openssl; then echo 'openssl missing'; fi
  for pair in key=key waiting=key-new; do
    what=${pair%=*}
    own=/etc/pacemaker/x509-${pair#*=}.pem
    if [ -f "$own" ]; then key_facts; fi
  done
fi

section certificates
for pair in ca=ca certificate=cert key=key crl=crl; do
  pem=/etc/pacemaker/x509-${pair#*=}.pem
  [ "$has_own" = 0 ] && [ -f "$pem" ] || continue
  printf '%s %s %s\n' "${pair%=*}" "$(sha256sum <"$pem" | cut -d ' ' -f 1)" "$(stat -L -c "%U %G %a $(time_of "$pem")" "$pem")"
done

# Left by a request for a certificate that was never activated.
section waiting_pair
for pem in /etc/pacemaker/x509-cert-new.pem /etc/pacemaker/x509-key-new.pem; do
  if [ -f "$pem" ]; then printf '%s\n' "$pem"; fi
done

# What scripts of ours left there that were killed; only named here.
section left_files
{ for folder in /etc/pacemaker "${file%/*}" "${key%/*}"; do each_abandoned_file "$folder" printf '%s\n'; done
  for folder in /run /var/tmp; do each_abandoned_directory "$folder" printf '%s\n'; done; } 2>/dev/null | sort -u

# Where a step would refuse to write a file.
section unsafe_directories
for folder in "${key%/*}" "$( [ -z "$file" ] || readlink -f -- "${file%/*}")" /etc/pacemaker; do
  if [ -d "$folder" ] && has enter; then (enter "$folder") 2>&1; fi
done | sort -u

# What the running daemon was started with: on a cluster node its parent hands it on to the controller.
section daemon
for unit in pacemaker.service pacemaker_remote.service; do
  pid=$(systemctl show --property=MainPID --value "$unit" 2>/dev/null)
  [ "${pid:-0}" -gt 0 ] || continue
  echo running
  tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -aE '^PCMK_((ca|cert|key|crl)_file|tls_priorities)='
  break
done

# Its program was replaced since it was started: it still runs the one of the package before.
section daemon_program
case $(readlink "/proc/${pid:-0}/exe" 2>/dev/null) in *' (deleted)') echo replaced ;; esac

section units
systemctl show --property=Id,LoadState,ActiveState,UnitFileState \
  pacemaker_remote.service pacemaker.service corosync.service firewalld.service \
  sbd.service dlm.service lvmlockd.service 2>/dev/null

# By the clock that file times are taken from, in microseconds: a monotonic time goes astray with each step of the clock
# and each suspension of a VM.
started() {
  busctl get-property org.freedesktop.systemd1 "/org/freedesktop/systemd1/unit/$1" \
    org.freedesktop.systemd1.Service ExecMainStartTimestamp 2>/dev/null
}
section started
started pacemaker_5fremote_2eservice
section cluster_started
if has pacemakerd; then started pacemaker_2eservice; fi

# Who is connected to the daemon: a second connection to it would make the cluster of the first one fence the node.
section connected
# As strtol(3) reads it (crm_default_remote_port, lib/common/remote.c).
port=$(printf '%s\n' "$variables" | environment_value PCMK_remote_port | sed -n '1s/^[[:space:]]*+\{0,1\}0*\([0-9]\{1,5\}\)\([^0-9].*\)\{0,1\}$/\1/p')
if [ "${port:-0}" -lt 1 ] || [ "$port" -gt 65535 ]; then port=3121; fi
connected=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null \
  | awk -v port="$(printf ':%04X' "$port")" '$4 == "01" && substr($2, length($2) - 4) == port { print $3 }')
printf '%s\n' "$connected"

# What is active on a host that may be about to join: the cluster must not find its resources there.
if [ "$role" = remote ] && [ -z "$connected" ]; then
  section local_units
  set -- '*.service' '*.socket' '*.mount' '*.timer' '*.path'
  systemctl show --property=Names,ActiveState "$@" 2>/dev/null | awk -v RS= -F '\n' '{
    names = ""; state = ""
    for (i = 1; i <= NF; i++) {
      if (sub(/^Names=/, "", $i)) names = $i
      else if (sub(/^ActiveState=/, "", $i)) state = $i
    }
    if (state ~ /^(active|activating|reloading)$/) print "active " names
  }'
  systemctl list-unit-files --state=enabled,enabled-runtime --no-legend --no-pager --full --plain "$@" 2>/dev/null \
    | awk '{ print "enabled " $1 }'

  section mounts
  awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|mqueue|debugfs|tracefs|securityfs|pstore|bpf|configfs|fusectl|autofs)$/ {
    print $2
  }' /proc/self/mounts

  section addresses
  if has ip; then ip -o address show | awk '{ print $4 }' | cut -d / -f 1; else hostname -I | tr ' ' '\n'; fi
fi

section listening
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2 }'

section firewalld
if has firewall-cmd && [ "$(systemctl is-active firewalld.service 2>/dev/null)" = active ]; then
  bus=org.fedoraproject.FirewallD1
  root=/org/fedoraproject/FirewallD1
  call() { busctl --json=short call $bus $root "$@" 2>/dev/null; }
  # Settings in the permanent configuration.  $1 how it is looked up  $2 its name  $3 kind  $4 method
  permanent() {
    path=$(busctl --json=short call $bus $root/config $bus.config "$1" s "$2" 2>/dev/null | grep -o '/org/[^"]*')
    [ -z "$path" ] || busctl --json=short call $bus "$path" "$bus.config.$3" "$4" 2>/dev/null
  }
  # The names of files of the operator's or of packages with a line like $2.  $1 kind
  files() { grep -lE "$2" /etc/firewalld/"$1"/*.xml /usr/lib/firewalld/"$1"/*.xml 2>/dev/null | sed -e 's|.*/||' -e 's/\.xml$//'; }
  echo active
  default=$(call $bus getDefaultZone)
  printf 'default %s\n' "$default"
  next=$(busctl --json=short get-property $bus $root/config $bus.config DefaultZone FirewallBackend FlushAllOnReload 2>/dev/null)
  printf '%s\n' "$next" | sed -n -e '1s/^/next-default /p' -e '2s/^/backend /p' -e '3s/^/flushes /p'
  [ ! -d /run/NetworkManager ] || echo 'networkmanager yes'
  printf 'panic %s\n' "$(call $bus queryPanicMode)"
  zones=$(call $bus.zone getActiveZones)
  printf 'zones %s\n' "$zones"
  ip -o address show 2>/dev/null | awk '{ print "address", $2, $4 }'
  active=$(printf '%s' "$zones" | grep -o '"[^"]*":{' | tr -d '":{' | grep -vx data)
  default=$(printf '%s' "$default" | sed -n 's/.*"data":\["\([^"]*\)".*/\1/p')
  next=$(printf '%s\n' "$next" | sed -n '1s/.*"data":"\([^"]*\)".*/\1/p')
  policies=$(call $bus.policy getActivePolicies \
    | grep -oE '"[^"]*":\{"ingress_zones":\[[^]]*\],"egress_zones":\["(HOST|ANY)"' | cut -d '"' -f 2)
  rules=$(for zone in $(printf '%s\n' $active $default | sort -u); do
    printf 'runtime %s %s\n' "$zone" "$(call $bus.zone getZoneSettings2 s "$zone")"
  done
  # After a reload other zones may be bound, or be the default one.
  for zone in $(printf '%s\n' $active $default $next $(files zones '<(source|interface)[[:space:]]') | sort -u); do
    printf 'permanent %s %s\n' "$zone" "$(permanent getZoneByName "$zone" zone getSettings2)"
  done
  for policy in $policies; do
    printf 'policy %s %s\n' "$policy" "$(call $bus.policy getPolicySettings s "$policy")"
  done
  for policy in $(files policies '<egress-zone[^>]*(HOST|ANY)' | sort -u); do
    printf 'permanent-policy %s %s\n' "$policy" "$(permanent getPolicyByName "$policy" policy getSettings)"
  done)
  printf '%s\n' "$rules"
  printf 'direct %s\n' "$(call $bus.direct getAllRules)"
  printf 'passthroughs %s\n' "$(call $bus.direct getAllPassthroughs)"
  if [ -e /etc/firewalld/direct.xml ]; then
    printf 'permanent-direct %s\n' \
      "$(busctl --json=short call $bus $root/config $bus.config.direct getSettings 2>/dev/null)"
  fi
  # The services and sets that they name, and the services that these include. Definitions differ between now and after a
  # reload only where the operator has some, or had (firewalld keeps them as .old).
  own_services=$(ls /etc/firewalld/services 2>/dev/null)
  names=$(printf '%s' "$rules" | grep -oE '"services":\{"type":"as","data":\[[^]]*|service name=\\"[^"\\]*' \
    | sed -e 's/.*\[//' -e 's/^service name=\\"//' | tr -d '"' | tr , '\n' | sort -u)
  told=' '
  for round in 1 2 3; do
    included=
    for name in $names; do
      case $told in *" $name "*) continue ;; esac
      told="$told$name "
      answer=$(call $bus getServiceSettings2 s "$name")
      printf 'service %s %s\n' "$name" "$answer"
      if [ -n "$own_services" ]; then
        later=$(permanent getServiceByName "$name" service getSettings2)
        printf 'permanent-service %s %s\n' "$name" "$later"
        answer="$answer $later"
      fi
      included="$included $(printf '%s' "$answer" | grep -oE '"includes":\{"type":"as","data":\[[^]]*' | sed 's/.*\[//' | tr -d '"' | tr , ' ')"
    done
    names=$included
  done
  own_ipsets=$(ls /etc/firewalld/ipsets 2>/dev/null)
  for name in $(printf '%s\n%s' "$zones" "$rules" | grep -oE 'ipset:[^"]*|ipset=\\"[^"\\]*' | sed -e 's/^ipset://' -e 's/^ipset=\\"//' | sort -u); do
    printf 'ipset %s %s\n' "$name" "$(call $bus.ipset getIPSetSettings s "$name")"
    [ -z "$own_ipsets" ] || printf 'permanent-ipset %s %s\n' "$name" "$(permanent getIPSetByName "$name" ipset getSettings)"
  done
fi

if [ "$role" = remote ] && grep -qx upgrades; then
  section upgrades
  if [ "$manager" = apt-get ]; then
    set -- $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' pacemaker-remote pacemaker-cli-utils resource-agents \
      2>/dev/null | sed -n 's/^installed //p')
    [ $# -eq 0 ] || LC_ALL=C timeout 60 apt-get install --simulate --yes --only-upgrade --no-remove --no-install-recommends \
      -- "$@" 2>&1 </dev/null | sed -n -e 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\) .*/offers \1 \3 \2/p' \
      -e 's/^Inst \([^ ]*\) (\([^ ]*\) .*/offers \1 \2/p' -e 's/^E: /refuses /p'
  elif [ "$manager" = dnf ]; then
    set -- $(rpm -q --qf '%{NAME} installed\n' pacemaker-remote pacemaker-cli resource-agents 2>/dev/null \
      | sed -n 's/ installed$//p')
    [ $# -eq 0 ] || LC_ALL=C timeout 60 dnf --cacheonly --quiet repoquery --upgrades --latest-limit=1 \
      --qf 'offers %{name} %{version}-%{release}\n' "$@" 2>&1 </dev/null \
      | sed -n -e '/^offers /p' -e 's/^Error: /refuses /p'
  fi
fi

if [ "$role" != remote ]; then
  nodes=
  section routes
  while read -r what server; do
    if [ "$what" = node ]; then nodes="$nodes $server"; continue; fi
    address=$(getent ahosts "$server" 2>/dev/null | awk '{ print $1; exit }')
    source=$(ip -o route get "${address:-none}" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
    printf '%s %s\n' "${source:--}" "$server"
  done

  section uname
  timeout 10 crm_node --name 2>/dev/null

  section membership
  timeout 20 cibadmin --query --local --no-children 2>/dev/null

  # Some devices have to be queried themselves (pcmk_host_check): one that hangs must not block the probe. No line: not reported.
  section fencers
  deadline=$(($(date +%s) + 25))
  ask() {
    left=$((deadline - $(date +%s)))
    [ "$left" -gt 0 ] || return
    told=$(timeout "$left" stonith_admin --list "$1" --timeout "$left" --output-as=xml 2>/dev/null) || return
    printf '%s %s\n' "$1" "$(printf '%s\n' "$told" | sed -n 's/.*<item name="device">\([^<]*\)<.*/\1/p' | tr '\n' ' ')"
  }
  # The CIB may hold an option that this version ignores (fencing-enabled before 3.0.2): the cluster itself reports what is in effect.
  options=$(timeout 10 crm_mon --one-shot --output-as=xml 2>/dev/null | grep -m 1 '<cluster_options')
  if ! printf '%s' "$options" | grep -qE '(stonith|fencing)-enabled="false"'; then
    running=0
    for node in $nodes; do
      ask "$node" &
      running=$((running + 1))
      if [ "$running" -ge 8 ]; then wait; running=0; fi
    done
    wait
  fi
fi

if [ "$role" = query-node ]; then
  section crm_mon
  timeout 20 crm_mon --one-shot --inactive --output-as=xml 2>/dev/null
  section dc_state
  dc=$(timeout 10 crmadmin --dc_lookup --quiet 2>/dev/null | awk '{ print $NF }')
  timeout 10 crmadmin --status="$dc" --quiet 2>/dev/null
  section cib
  timeout 20 cibadmin --query --local 2>/dev/null
fi

section end
