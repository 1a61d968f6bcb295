# Installs or upgrades packages with apt; removes none.
#   $1 install | fetch (download what `upgrade` would need) | upgrade   $2 ...: package names
# Debian starts pacemaker_remote as soon as it is unpacked, with a random key: it stays masked until its key is there.
export DEBIAN_FRONTEND=noninteractive
# needrestart, which Ubuntu's servers have, would restart services of its own choice after the installation.
export NEEDRESTART_SUSPEND=1
unit=pacemaker_remote.service
how=$1
shift

run_apt() {
  apt-get install --yes --no-remove --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" 2>&1
}
# Says in one line why apt failed: its errors and advice first, then what they are about, each once. An error that ends in
# a colon only introduces what follows it.
explain() {
  {
    printf '%s\n' "$log" | grep -E '^E:.*[^:]$'
    printf '%s\n' "$log" | unmet_dependencies
    printf '%s\n' "$log" | grep '^W:'
  } | sed 's/^[[:space:]]*//; s/[[:space:]]*$//; s|://[^/@ ]*@|://|g' |
    awk '/./ && !seen[$0]++ && count++ < 8 { printf "%s%s", (count > 1 ? "; " : ""), $0 }
      END { if (count == 0) printf "apt-get failed without a word"; print "" }' >&2
  unmask_again
  exit 1
}
masked=
# What was masked here only, while nothing of the package is there: else it would start with a key of its own.
unmask_again() {
  [ -n "$masked" ] && ! dpkg-query -W -f '${db:Status-Status}\n' pacemaker-remote 2>/dev/null | grep -qvxE 'not-installed|config-files' || return 0
  systemctl unmask --quiet "$unit" >/dev/null 2>&1
}

if [ "$how" = fetch ]; then
  log=$(run_apt --only-upgrade --download-only -- "$@") || explain
  exit 0
fi

# A half-configured package of an interrupted run would make apt refuse.
configure_pending() { dpkg --configure --pending >/dev/null 2>&1; }

# Only what the lists offer that the plan was made from. The daemon is restarted by its package.
if [ "$how" = upgrade ]; then
  configure_pending
  log=$(run_apt --only-upgrade -- "$@") || explain
  exit 0
fi

was_there=$(systemctl show --property=LoadState --value "$unit" 2>/dev/null)
# systemctl remarks on stderr that the unit does not exist yet, also with --quiet.
if [ "$was_there" != loaded ]; then
  remark=$(systemctl mask --quiet "$unit" 2>&1) || { printf '%s\n' "$remark" >&2; exit 1; }
fi
if [ "$was_there" = not-found ]; then masked=yes; fi

# The packages may depend on a newer daemon: an upgrade would restart it under the cluster's feet.
if [ "$(systemctl is-active "$unit")" = active ] &&
  apt-get install --simulate --no-remove --no-install-recommends -- "$@" 2>/dev/null | grep -q '^Inst pacemaker-remote \['; then
  echo "to install $* would upgrade pacemaker-remote, and restart its daemon: upgrade that host first" >&2
  exit 1
fi

configure_pending
if ! log=$(run_apt -- "$@"); then
  apt-get update -q -o DPkg::Lock::Timeout=300 >/dev/null 2>&1
  log=$(run_apt -- "$@") || explain
fi
