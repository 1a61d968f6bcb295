# Puts a file in place: whole, with its permissions, or not at all.
#   $1 target   $2 owner   $3 group   $4 mode   $5 sha256 of the content
#   $6 $7 $8 mode, owner and group for a missing parent directory; three empty words: it must exist
#   stdout: the directory for the content, once it can be put in place; only root and the SSH user can enter it
#   stdin, then: `sftp` (the content is there, in the file `content`), or `stdin` and the content
# On failure the target is untouched and stderr holds one line. A target that is a symbolic link is replaced, not followed.
# The directory goes when this ends, at the latest when the connection is lost: stdin ends then.
set -u
target=$1 owner=$2 group=$3 mode=$4 digest=$5
parent_mode=$6 parent_owner=$7 parent_group=$8
parent=${target%/*} name=${target##*/}
parent=${parent:-/}

# Makes the directory `$stage`, for the SSH user: where sudo has made root of that one (sudo(8), SUDO_UID) it cannot be `$work`.
make_stage() {
  stage=$work/in
  mkdir -m 700 -- "$stage" || return 1
  case ${SUDO_UID-} in
    '' | *[!0-9]*) ;;
    *) chown -h -- "$SUDO_UID" "$stage" && chmod -- 711 "$work" ;;
  esac
}

# The SSH user may have put anything there, and may change it at any time: it is looked at when it is open.
take_staged() {
  staged=$stage/content
  [ -f "$staged" ] && [ ! -L "$staged" ] || refuse "what came for $target by SFTP is not a regular file"
  command exec 6<"$staged" || refuse "what came for $target by SFTP cannot be read"
  [ ! -L "$staged" ] && [ "$staged" -ef /proc/self/fd/6 ] || refuse "what came for $target by SFTP was replaced"
  case $(stat -L -c '%u %h' /proc/self/fd/6) in
    '0 1' | "$(stat -c %u -- "$stage") 1") ;;
    *) refuse "what came for $target by SFTP is somebody else's" ;;
  esac
  write_content <&6
}
write_content() {
  interruptible cat >&9 2>"$work/problem" || refuse "cannot write $target: $(head -n 1 "$work/problem")"
}

make_work && make_stage || exit 1

if [ ! -e "$parent" ] && [ ! -L "$parent" ] && [ -n "$parent_mode" ]; then
  above=${parent%/*}
  enter "${above:-/}"
  try "create $parent" mkdir -- "./${parent##*/}"
  created=$parent
  try "give $parent to $parent_owner:$parent_group" chown -h -- "$parent_owner:$parent_group" "./${parent##*/}"
  try "set the mode of $parent" chmod -- "$parent_mode" "./${parent##*/}"
fi
enter "$parent"
[ -L "./$name" ] || [ ! -e "./$name" ] || [ -f "./$name" ] || refuse "$target is not a regular file"

printf '%s\n' "$stage"
IFS= read -r way || refuse "the content of $target did not come: nothing was changed"
new_file "$name"
case $way in
  sftp) take_staged ;;
  stdin) write_content ;;
  *) refuse "the content of $target comes in an unknown way" ;;
esac
[ "$(sha256sum <"$temporary")" = "$digest  -" ] || refuse "the content of $target is not what was sent"
# By the open file: no name is followed.
try "give $target to $owner:$group" chown -- "$owner:$group" /proc/self/fd/9
try "set the mode of $target" chmod -- "$mode" /proc/self/fd/9
label_as "$target"
# What is there already, behind a link or with other permissions, stays as old as it is.
if [ -f "./$name" ] && [ "$(sha256sum <"./$name")" = "$digest  -" ]; then keep_time "./$name"; fi
put_in_place "$name"
created=
