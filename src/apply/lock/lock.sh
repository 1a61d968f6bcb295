# The lock of the cluster: a property set in the CIB. Whatever takes one away names which one it means.
#   take ID SECONDS [ID EXPIRES]  creates the lock of stdin, after that of the second ID has gone, as long as it still
#                                 expires then. Exit: 0 taken, 3 there is another
#   read                          changes nothing
#   release ID                    takes away the lock of this ID, and no other
# Prints the time of this node, in seconds, and the lock that there is then. Exit 5: it failed.
make_work || exit 5
lock="//cluster_property_set[@id='outrigger-lock']"
fail() { printf '%s\n' "$1" >&2; exit 5; }

has() { printf "[nvpair[@id='outrigger-lock-%s' and @value='%s']]" "$1" "$2"; }
# The CIB looks for these values and deletes in one operation: a lock that has changed meanwhile stays.
delete() {
  timeout 30 cibadmin --delete --xpath "$lock$1" >"$work/log" 2>&1
  case $? in 0 | 105) ;; *) fail "cibadmin --delete: $(cat "$work/log")" ;; esac
}
tell() {
  timeout 30 cibadmin --query --xpath "$lock" >"$work/lock.xml" 2>"$work/log"
  case $? in
    0) ;;
    105) : >"$work/lock.xml" ;; # there is none
    *) fail "cibadmin --query: $(cat "$work/log")" ;;
  esac
  printf '%s\n' "$now"
  cat "$work/lock.xml"
}

now=$(date +%s)
case $1 in
  take)
    interruptible sed "s/@TAKEN@/$now/; s/@EXPIRES@/$((now + $3))/" >"$work/new.xml"
    if [ "$#" -gt 3 ]; then delete "$(has id "$4")$(has expires "$5")"; fi
    # Of many that create it one succeeds; the others get the error that it exists (108).
    timeout 30 cibadmin --create --scope crm_config --xml-file "$work/new.xml" >"$work/log" 2>&1
    status=$?
    case $status in 0 | 108) ;; *) fail "cibadmin --create (exit $status): $(cat "$work/log")" ;; esac
    tell
    grep -qF " value=\"$2\"" "$work/lock.xml" || exit 3
    ;;
  read) tell ;;
  release)
    delete "$(has id "$2")"
    tell
    ;;
esac
