# Runs Pacemaker's own scheduler on the CIB as it is and on intended ones; changes nothing.
#   $1  nonce   $2 bytes of the final CIB   $3 bytes of the joining CIB   $4 passes
#   $5 ...      operations that fail in the joining CIB (`NODE_start_0@CLUSTERNODE=1`)
# stdin: the final CIB, then the joining CIB.
nonce=$1
final_bytes=$2
join_bytes=$3
passes=$4
shift 4
make_work || exit 1
interruptible head -c "$final_bytes" >"$work/final.xml"
interruptible head -c "$join_bytes" >"$work/join.xml"

section() { printf '\n@%s %s\n' "$nonce" "$1"; }
simulate() { timeout 60 crm_simulate --simulate --output-as=xml "$@" 2>"$work/errors"; }

section now
timeout 30 cibadmin --query >"$work/now.xml" && simulate --xml-file "$work/now.xml"

section final
simulate --xml-file "$work/final.xml" --save-output "$work/next.xml"
# Until nothing changes any more: what a connection that has started brings with it may take several transitions.
section settled
pass=1
while simulate --xml-file "$work/next.xml" --save-output "$work/settled.xml"; do
  if cmp -s "$work/next.xml" "$work/settled.xml" || [ "$pass" -ge "$passes" ]; then break; fi
  mv "$work/settled.xml" "$work/next.xml" || break
  pass=$((pass + 1))
  section "settled $pass"
done

if [ "$join_bytes" -gt 0 ]; then
  first=1
  # Positional parameters again, now as options.
  for operation in "$@"; do
    if [ "$first" = 1 ]; then set --; first=0; fi
    set -- "$@" --op-fail "$operation"
  done
  cp "$work/join.xml" "$work/in.xml"
  pass=1
  while [ "$pass" -le "$passes" ]; do
    section "failing $pass"
    simulate --xml-file "$work/in.xml" "$@" --save-output "$work/out.xml" || break
    mv "$work/out.xml" "$work/in.xml" || break
    pass=$((pass + 1))
  done
fi
section end
