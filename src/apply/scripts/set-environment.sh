# Sets one variable of an environment file and leaves every other line as it is.
#   $1 file   $2 variable   $3 value (letters, digits, dot, slash, hyphen, underscore)
file=$1
name=$2
value=$3
temporary="$(dirname "$file")/.$(basename "$file").outrigger"
trap 'rm -f "$temporary"' EXIT

if [ -f "$file" ]; then
  cp -p "$file" "$temporary" || exit 1
  # The last setting wins: earlier ones of the same name go, comments stay. 1: no line is left; more: it failed.
  grep -v -E "^[[:space:]]*(export[[:space:]]+)?$name=" "$file" >"$temporary"
  [ $? -le 1 ] || exit 1
else
  : >"$temporary" || exit 1
  chmod 0644 "$temporary" || exit 1
fi
printf '%s=%s\n' "$name" "$value" >>"$temporary" || exit 1
# The label that SELinux's policy has for the file, not for the temporary one (matchpathcon(8)): systemd must be able to
# read it at the next boot. Both commands come in one package, libselinux-utils.
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then
  label=$(matchpathcon -m file -n "$file" 2>/dev/null)
  # `<<none>>`, or nothing: the policy has no rule, and what the kernel chose is right.
  case $label in *:*:*) chcon -- "$label" "$temporary" || exit 1 ;; esac
fi
sync "$temporary" || exit 1
mv -fT "$temporary" "$file"
