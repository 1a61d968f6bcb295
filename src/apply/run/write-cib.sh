# Edits the CIB as one compare-and-swap patch with Pacemaker's own tools.
#   $1       `admin_epoch.epoch` of the configuration that the edit was made for
#   $2       the ID of the lock of the cluster that the edit is made under; empty: there must be none
#   $3 ...   XPath expressions whose elements go first
#   stdin    a <cib> fragment that is merged in afterwards; empty: nothing
# Exit: 0 written, 3 the configuration moved on, 5 other, 6 the lock is not held any more.
expected=$1
lock=$2
shift 2
make_work || exit 5
save_input "$work/merge.xml" || exit 5
fail() { printf '%s\n' "$2" >&2; exit "$1"; }

attribute() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p;q" "$work/old.xml"; }

edit() {
  cp "$work/old.xml" "$work/new.xml" || return 5
  for xpath in "$@"; do
    CIB_file="$work/new.xml" cibadmin --delete-all --force --xpath "$xpath" >"$work/log" 2>&1 || {
      status=$?
      [ "$status" -eq 105 ] || return "$status" # 105: nothing there to delete
    }
  done
  if [ -s "$work/merge.xml" ]; then
    CIB_file="$work/new.xml" cibadmin --modify --allow-create --xml-file "$work/merge.xml" >"$work/log" 2>&1 || return $?
  fi
}

# Status traffic alone makes a versioned patch stale (103): read, edit and patch again, a few times.
tries=5
while :; do
  timeout 30 cibadmin --query >"$work/old.xml" 2>"$work/log" || fail 5 "cibadmin --query: $(cat "$work/log")"
  held=$(grep ' id="outrigger-lock' "$work/old.xml")
  if [ -z "$lock" ]; then
    [ -z "$held" ] || exit 6
  else
    printf '%s\n' "$held" | grep ' id="outrigger-lock-id"' | grep -qF " value=\"$lock\"" || exit 6
  fi
  [ "$(attribute admin_epoch).$(attribute epoch)" = "$expected" ] || exit 3
  edit "$@" || fail 5 "cibadmin: $(cat "$work/log")"
  crm_diff --original "$work/old.xml" --new "$work/new.xml" >"$work/patch.xml" 2>"$work/log"
  case $? in
    0) break ;; # nothing differs
    1) ;;
    *) fail 5 "crm_diff: $(cat "$work/log")" ;;
  esac
  timeout 30 cibadmin --patch --xml-file "$work/patch.xml" >"$work/log" 2>&1
  status=$?
  [ "$status" -eq 0 ] && break
  tries=$((tries - 1))
  if [ "$status" -ne 103 ] || [ "$tries" -eq 0 ]; then fail 5 "cibadmin --patch (exit $status): $(cat "$work/log")"; fi
  sleep 0.2
done
