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

# The patch without the version that it was made for, and with a target that is one epoch further. The CIB takes it whenever
# some number of the target is higher than its own (lib/common/patchset.c, xml_patch_version_check; 2.1.5, 3.0.0, 3.0.3): at
# the same epoch whatever num_updates is, and never once somebody else has changed the configuration.
# Fails where that guard is not enough, or the patch is not understood: what it changes outside the configuration may
# have changed meanwhile. Of the status only a node_state may come or go as a whole; a modified `/cib` would bring back
# attributes (have-quorum, dc-uuid) as they were, and its numbers come from the target.
without_source() {
  awk -v admin_epoch="${expected%.*}" -v epoch="$((${expected#*.} + 1))" '
    /^  <change operation="modify" path="\/cib">$/ { in_cib = 1; next }
    in_cib && /^  <\/change>$/ { in_cib = 0; next }
    in_cib {
      if (/<change-attr / && !/ name="(epoch|num_updates|cib-last-written|update-(origin|client|user))"/) bad = 1
      next
    }
    /^    <source / { sources++; next }
    /^    <target / {
      targets++
      printf "    <target admin_epoch=\"%s\" epoch=\"%s\" num_updates=\"0\"/>\n", admin_epoch, epoch
      next
    }
    /^  <change / {
      if (/ path="\/cib\/configuration[\/"]/) edits++
      else if (!/^  <change operation="create" path="\/cib\/status"/ && !/^  <change operation="delete" path="\/cib\/status\/node_state\[@id=[^]\/]*\]"/) bad = 1
    }
    { print }
    END { exit bad || in_cib || sources != 1 || targets != 1 || !edits }' "$work/patch.xml" >"$work/patch.new" &&
    mv "$work/patch.new" "$work/patch.xml"
}

# A node_state does not look for another one of its name when it is created so: of two the one of the cluster itself stays.
only_one_state() {
  for node in $(sed -n "s/.*<node_state id=\"\([^\"]*\)\".*crm-debug-origin=\"outrigger\".*/\1/p" "$work/patch.xml"); do
    timeout 30 cibadmin --query --xpath "//node_state[@id='$node'][2]" >"$work/log" 2>&1 || continue
    timeout 30 cibadmin --delete --xpath "//node_state[@id='$node' and @crm-debug-origin='outrigger']" >"$work/log" 2>&1 ||
      fail 5 "cibadmin --delete: $(cat "$work/log")"
  done
}

# A result of any resource makes a patch stale that names the version it was made for (103): at the second try it names the
# configuration alone, where that will do.
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
  relaxed=
  if [ "$tries" -lt 5 ] && without_source; then relaxed=yes; fi
  timeout 30 cibadmin --patch --xml-file "$work/patch.xml" >"$work/log" 2>&1
  status=$?
  if [ "$status" -eq 0 ]; then
    [ -z "$relaxed" ] || only_one_state
    break
  fi
  [ "$status" -eq 103 ] || fail 5 "cibadmin --patch (exit $status): $(cat "$work/log")"
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 3
  sleep "0.$(($$ % 3 + 1))"
done
