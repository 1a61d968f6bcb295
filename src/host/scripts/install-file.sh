# Puts a staged file in place: whole, with its rights, or not at all.
#   $1 staged file, `-`: the content is on stdin   $2 target   $3 owner   $4 group   $5 mode   $6 sha256 of the content
#   $7 $8 $9 mode, owner and group for a missing parent directory; three empty words: it must exist
# On failure the target is untouched and stderr holds one line.
set -u
staged=$1 target=$2 owner=$3 group=$4 mode=$5 digest=$6
parent_mode=$7 parent_owner=$8 parent_group=$9
parent=${target%/*}
[ -n "$parent" ] || parent=/
temporary=${parent%/}/.${target##*/}.outrigger
written= created=

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Runs a command whose messages would be many lines: the first one becomes ours.
try() {
  doing=$1
  shift
  problem=$("$@" 2>&1 >/dev/null) || fail "cannot $doing: $(printf '%s\n' "$problem" | head -n 1)"
}

clean_up() {
  rm -f -- "$staged"
  rmdir -- "$stage"
  if [ -n "$written" ]; then rm -f -- "$temporary"; fi
  if [ -n "$created" ]; then rmdir -- "$parent"; fi
} 2>/dev/null

if [ "$staged" = - ]; then
  stage=$(mktemp -d) || fail "cannot create a temporary directory"
  staged=$stage/file
else
  stage=${staged%/*}
fi
trap clean_up EXIT
trap 'exit 1' HUP INT PIPE TERM

[ "$1" != - ] || cat >"$staged" || fail "cannot write $staged"
# What root reads here was put here by the SSH user and nobody else.
[ -d "$stage" ] && [ ! -L "$stage" ] || fail "$stage is not a directory"
[ -f "$staged" ] && [ ! -L "$staged" ] || fail "$staged is not a regular file"
[ "$(stat -c %u -- "$stage")" = "$(stat -c %u -- "$staged")" ] ||
  fail "$stage belongs to somebody else"
[ "$(stat -c %a -- "$stage")" = 700 ] || fail "$stage is open to others"

if [ ! -e "$parent" ] && [ ! -L "$parent" ]; then
  [ -n "$parent_mode" ] || fail "the directory $parent does not exist"
  try "create $parent" mkdir -- "$parent"
  created=yes
  try "give $parent to $parent_owner:$parent_group" chown -- "$parent_owner:$parent_group" "$parent"
  try "set the mode of $parent" chmod -- "$parent_mode" "$parent"
fi
[ -d "$parent" ] || fail "$parent is not a directory"
[ "$(readlink -f -- "$parent")" = "$parent" ] || fail "$parent leads elsewhere through a symbolic link"
case $(stat -c %A -- "$parent") in
????????w*) fail "$parent can be written by everybody" ;;
esac
[ ! -L "$target" ] || fail "$target is a symbolic link"
[ ! -e "$target" ] || [ -f "$target" ] || fail "$target is not a regular file"

try "remove the left-over $temporary" rm -f -- "$temporary"
written=yes
try "write $temporary" cp --no-preserve=all -- "$staged" "$temporary"
[ "$(sha256sum <"$temporary")" = "$digest  -" ] || fail "the content of $temporary is not what was sent"
try "give $temporary to $owner:$group" chown -- "$owner:$group" "$temporary"
try "set the mode of $temporary" chmod -- "$mode" "$temporary"
# The label that SELinux's policy has for the target, not for the temporary file (matchpathcon(8)): nobody ever sees
# the target with another one. Both commands come in one package, libselinux-utils.
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then
  label=$(matchpathcon -m file -n "$target" 2>/dev/null)
  # `<<none>>`, or nothing: the policy has no rule, and what the kernel chose is right.
  case $label in *:*:*) try "label $temporary" chcon -- "$label" "$temporary" ;; esac
fi
try "write $temporary to disk" sync -- "$temporary"
try "rename $temporary to $target" mv -fT -- "$temporary" "$target"
written= created=
try "write $parent to disk" sync -- "$parent"
