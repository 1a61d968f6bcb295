# Runs Pacemaker's own scheduler on the CIB as it is, then on what each of several edits makes of the outcome before; changes nothing.
#   $1       nonce
#   $2 $3 .. for each edit: an XPath expression whose elements go first (empty: none), and the bytes of its fragment
# stdin: the <cib> fragments that are merged in, one after the other.
nonce=$1
shift
make_work || exit 1
interruptible cat >"$work/fragments"

section() { printf '\n@%s %s\n' "$nonce" "$1"; }
simulate() {
  timeout 60 crm_simulate --simulate --output-as=xml --xml-file "$work/cib.xml" --save-output "$work/next.xml" 2>"$work/errors" || exit 1
  mv "$work/next.xml" "$work/cib.xml" || exit 1
}

section now
timeout 30 cibadmin --query >"$work/cib.xml" || exit 1
simulate
number=0
from=1
while [ $# -ge 2 ]; do
  number=$((number + 1))
  if [ -n "$1" ]; then
    CIB_file="$work/cib.xml" cibadmin --delete-all --force --xpath "$1" >/dev/null 2>"$work/errors" || {
      [ $? -eq 105 ] || exit 1 # 105: nothing there to delete
    }
  fi
  if [ "$2" -gt 0 ]; then
    tail -c "+$from" "$work/fragments" | head -c "$2" >"$work/fragment.xml"
    from=$((from + $2))
    CIB_file="$work/cib.xml" cibadmin --modify --allow-create --xml-file "$work/fragment.xml" >/dev/null 2>"$work/errors" || exit 1
  fi
  section "step $number"
  simulate
  shift 2
done
section end
