# Installs or upgrades packages with dnf; removes none.
#   $1 install | fetch (see that what `upgrade` needs can be had) | upgrade
#   $2 what to do where no enabled repository has them   $3 ...: package names
# In two steps: dnf resolves and downloads, which may be given up at any time; then exactly these files are installed,
# once it is clear that they remove nothing and restart nothing. An option for that dnf has not: what a new package
# obsoletes goes even if it is in protected_packages (seen with dnf 4.23).
umask 022
how=$1
advice=$2
shift 2
wanted="$*"
unit=pacemaker_remote.service
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Packages are too large for memory.
make_work /var/tmp || exit 1

# In a transaction a signal is heard when it is over.
set_limit() { if [ "$1" -gt 0 ]; then timeout "$@"; else command timeout "$@"; fi; }

# Runs dnf, for at most $1 seconds. While another one holds its lock (exit code 200: dnf/cli/main.py) it tries again,
# for five minutes. dnf is not killed in the middle of a transaction: there the limit is 0, none.
run_dnf() {
  limit=$1
  shift
  waited=0
  while :; do
    set_limit "$limit" dnf --assumeyes --color=never --setopt=exit_on_lock=True --setopt=install_weak_deps=False "$@" \
      >"$work/out" 2>"$work/err" </dev/null
    status=$?
    if [ "$status" -ne 200 ] || [ "$waited" -ge 300 ]; then return "$status"; fi
    sleep 3
    waited=$((waited + 3))
  done
}

# Says in one line why dnf failed: what an operator can mend first, otherwise dnf's own words from `Error:` on, with the
# lines about it that stand elsewhere. Never more than that: it may print a repository's settings, passwords included.
explain() {
  [ "$status" -ne 124 ] || fail "dnf has not resolved and downloaded $wanted within $limit s"
  [ "$status" -ne 200 ] ||
    fail "another program has held dnf's lock for 300 s: $(grep -E 'already locked|The application' "$work/err" | joined '; ')"
  cat "$work/out" "$work/err" >"$work/log"
  hidden=$(sed -n 's/^All matches were filtered out by \(.*\) filtering for argument: \(.*\)/\2 is hidden from dnf there by its \1 filtering/p' \
    "$work/log" | joined '; ')
  [ -z "$hidden" ] || fail "$hidden"
  if grep -q '^Error: There are no enabled repositories' "$work/err"; then fail "no repository is enabled there; $advice"; fi
  missing=$(sed -n 's/^No match for argument: //p' "$work/log" | joined ', ')
  unread=$(sed -n 's/^Ignoring repositories: /; dnf could not read /p' "$work/err" | joined '')
  [ -z "$missing" ] || fail "no enabled repository has $missing; $advice$unread"
  without_key=$(sed -n 's/^Problem repository: //p' "$work/err" | joined ', ')
  [ -z "$without_key" ] || fail "dnf checks signatures, and has no key for the repository $without_key: import it (gpgkey= there)"
  why=$({
    grep -E '^ +- (Curl error|Status code)|Failing package is|is not signed|^Error in .* scriptlet' "$work/log"
    sed -n '/^Error:/,$p' "$work/err"
  } | joined '; ')
  [ -n "$why" ] || why=$(head -n 3 "$work/err" | joined '; ')
  fail "dnf: ${why:-exit code $status without a word}"
}

# Lines as one: each once, at most eight, without indentation, bullets, the word `Error:` and what logs in at a server.
# $1 what stands between them
joined() {
  sed 's/^Error: *//; s/^[ -]*//; s/[[:space:]]*$//; s|://[^/@ ]*@|://|g' |
    awk -v between="$1" '/./ && !seen[$0]++ && count++ < 8 { printf "%s%s", (count > 1 ? between : ""), $0 }'
}

verb=install
# Only what the lists offer that the plan was made from.
if [ "$how" != install ]; then
  verb=upgrade
  set -- --setopt=metadata_expire=never "$@"
fi
run_dnf 420 --downloadonly --destdir="$work/packages" "$verb" "$@" || explain
set -- "$work"/packages/*.rpm
[ -f "$1" ] || exit 0 # nothing to install: they are there by now

# The whole of what a transaction of given files can remove: older versions of the same, and what they obsolete.
rpm -qp --nosignature --qf '%{NAME}\n' -- "$@" >"$work/new" 2>/dev/null || fail "cannot read the downloaded packages"
rpm -qp --nosignature --qf '[%{OBSOLETENAME}\n]' -- "$@" 2>/dev/null | sort -u | grep -Fvx -f "$work/new" |
  while IFS= read -r name; do
    if [ -n "$name" ] && rpm -q --quiet -- "$name" 2>/dev/null; then printf '%s\n' "$name"; fi
  done >"$work/removed"
[ ! -s "$work/removed" ] ||
  fail "to $verb $wanted would remove $(joined ', ' <"$work/removed"), which it replaces: do that by hand if it is right"
# The scriptlets of pacemaker-remote stop and start a running daemon around an update (rpm/pacemaker.spec.in).
if [ "$how" = install ] && [ "$(systemctl is-active "$unit")" = active ] && grep -qx pacemaker-remote "$work/new"; then
  fail "to install $wanted would update pacemaker-remote, and restart its daemon: update that host first"
fi

[ "$how" != fetch ] || exit 0

# A preset of the site may enable the unit: it stays masked until its key is there.
was_there=$(systemctl show --property=LoadState --value "$unit" 2>/dev/null)
if [ "$was_there" != loaded ]; then
  systemctl mask --quiet "$unit" 2>/dev/null || fail "cannot mask $unit"
fi
run_dnf 0 --disablerepo='*' install "$@" || {
  # What was masked here only, while nothing of the package is there: else it would start with a key of its own.
  if [ "$was_there" = not-found ] && ! rpm -q --quiet pacemaker-remote 2>/dev/null; then systemctl unmask --quiet "$unit"; fi
  explain
}
