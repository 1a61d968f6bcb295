# Runs Pacemaker's own scheduler on the CIB as it is and on intended ones; changes nothing.
#   $1  nonce   $2 bytes of the final CIB   $3 bytes of the joining CIB   $4 passes
#   $5 ...      operations that fail in the joining CIB (`NODE_start_0@CLUSTERNODE=1`)
# stdin: the final CIB, then the joining CIB.
nonce=$1
final_bytes=$2
join_bytes=$3
passes=$4
shift 4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
head -c "$final_bytes" >"$work/final.xml"
head -c "$join_bytes" >"$work/join.xml"

section() { printf '\n@%s %s\n' "$nonce" "$1"; }
simulate() { timeout 60 crm_simulate --simulate --output-as=xml "$@" 2>"$work/errors"; }

section now
timeout 30 cibadmin --query >"$work/now.xml" && simulate --xml-file "$work/now.xml"

section verify
# Some releases complain about what was there before (3.0.3: an old option name): only a new complaint counts.
if crm_verify --xml-file "$work/now.xml" >/dev/null 2>&1; then crm_verify --xml-file "$work/final.xml" 2>&1; fi

section final
simulate --xml-file "$work/final.xml" --save-output "$work/next.xml"
section settled
simulate --xml-file "$work/next.xml"

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
