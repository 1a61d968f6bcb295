# Lets crm_verify judge an intended CIB and, where it reports anything of that, the CIB as it is; changes nothing.
#   $1  nonce   $2 bytes of the intended CIB
# stdin: the intended CIB, then the CIB as it is.
nonce=$1
make_work || exit 1
interruptible head -c "$2" >"$work/intended.xml"
interruptible cat >"$work/base.xml"

section() { printf '\n@%s %s\n' "$nonce" "$1"; }

for cib in intended base; do
  # Only with -V there are the errors themselves; the summary of all releases goes to standard error.
  timeout 60 crm_verify -V --xml-file "$work/$cib.xml" >"$work/notices" 2>"$work/complaints"
  code=$?
  section "$cib code"
  printf '%s\n' "$code"
  section "$cib complaints"
  cat "$work/complaints"
  section "$cib notices"
  cat "$work/notices"
  if [ "$code" -eq 0 ] && [ ! -s "$work/complaints" ] && [ ! -s "$work/notices" ]; then break; fi
done
section end
