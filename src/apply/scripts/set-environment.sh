# Sets variables of an environment file, all or none, and leaves every other line byte for byte as it is.
#   $1 file   then pairs: variable, value (letters, digits, dot, slash, hyphen, underscore; empty: the line goes)
# Where it is a link, that stays, and what it leads to is changed.
file=$(readlink -f -- "$1") || exit 1
shift
temporary="$(dirname "$file")/.$(basename "$file").outrigger"
trap 'rm -f "$temporary"' EXIT

names=
lines=
while [ $# -gt 0 ]; do
  names="$names${names:+|}$1"
  lines="$lines${2:+$1=$2
}"
  shift 2
done
if [ -f "$file" ]; then
  cp -p "$file" "$temporary" || exit 1
  # The last setting wins: earlier ones of the same name go, comments stay, in whatever encoding they are. So do lines with
  # `export`, which systemd ignores and a shell that reads the file does not. 1: no line is left; more: it failed.
  LC_ALL=C grep -a -v -E "^[[:space:]]*(export[[:space:]]+)?($names)[[:space:]]*=" "$file" >"$temporary"
  [ $? -le 1 ] || exit 1
else
  : >"$temporary" || exit 1
  chmod 0644 "$temporary" || exit 1
fi
# A last line that goes on in the next one (systemd.exec(5), EnvironmentFile=, also a comment) would swallow ours.
case $(tail -n 1 "$temporary" | tr -d '\0') in *\\) printf '\n' >>"$temporary" || exit 1 ;; esac
printf '%s' "$lines" >>"$temporary" || exit 1
# The label that SELinux's policy has for the file, not for the temporary one (matchpathcon(8)): systemd must be able to
# read it at the next boot. Both commands come in one package, libselinux-utils.
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then
  label=$(matchpathcon -m file -n "$file" 2>/dev/null)
  # `<<none>>`, or nothing: the policy has no rule, and what the kernel chose is right.
  case $label in *:*:*) chcon -- "$label" "$temporary" || exit 1 ;; esac
fi
sync "$temporary" || exit 1
mv -fT "$temporary" "$file"
