# Tries whether files can be written, all of them at once, and takes everything back: space, directory, rename.
#   triples: path   size in bytes   `file`, or `link`: where the path is a link, what it leads to is written
# Says in one line what cannot be; no file is touched but those that it makes, `.try.outrigger.*` and
# `.tried.outrigger.*` beside the targets: names by which every script knows what one left that was killed.
set -u
made=
# Locks of the files, one each; 7 is that of `each_abandoned_file`. No host gets more files than that at once.
locks='3 4 5 6 8 9'
take_back() {
  printf '%s' "$made" | while IFS= read -r one; do rm -f -- "$one" "$(tried "$one")"; done
}
tried() { printf '%s\n' "${1%/.try.outrigger.*}/.tried.outrigger.${1##*.}"; }
trap take_back EXIT
trap 'exit 1' HUP INT PIPE TERM

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
first_line() { printf '%s\n' "$1" | head -n 1 | sed 's/^[^:]*: //'; }

# Begins a file in $directory that no other script takes for abandoned.
make_file() {
  for outrigger_try in 1 2 3 4 5; do
    temporary=$(mktemp "$directory/.try.outrigger.XXXXXXXXXX" 2>&1) || fail "cannot write to $directory: $(first_line "$temporary")"
    made="$made$temporary
"
    if lock_file "${locks%% *}"; then
      locks=${locks#* }
      return 0
    fi
  done
  fail "cannot write to $directory: another program is at work there"
}
lock_file() {
  eval "command exec $1>>\"\$temporary\"" || return 1
  ! can_lock || { flock -n "$1" && [ "$temporary" -ef "/proc/self/fd/$1" ]; }
} 2>/dev/null

try_file() {
  path=$1
  # Each directory as the step will enter it. A link that is no way to another file is replaced there.
  if [ "$3" = link ]; then
    enter "${1%/*}"
    path=$(readlink -f -- "$1") || fail "$1 leads nowhere"
  fi
  directory=${path%/*}
  [ -d "${directory:-/}" ] || fail "the directory $directory does not exist"
  enter "${directory:-/}"
  [ -L "$path" ] || [ ! -e "$path" ] || [ -f "$path" ] || fail "$path is not a regular file"
  attributes=$(lsattr -d -- "$path" 2>/dev/null)
  case ${attributes%% *} in *[ia]*) fail "$path cannot be replaced: it is immutable (lsattr)" ;; esac
  make_file
  problem=$({ head -c "$2" /dev/zero >"$temporary" && sync -- "$temporary"; } 2>&1) ||
    fail "cannot write $path: $(printf '%s\n' "$problem" | head -n 1)"
  problem=$(mv -fT -- "$temporary" "$(tried "$temporary")" 2>&1) || fail "cannot rename in $directory: $(first_line "$problem")"
}

# Left by a run that lost its power.
for path; do
  case $path in */*) each_abandoned_file "${path%/*}" rm -f -- ;; esac
done
while [ $# -ge 3 ]; do
  try_file "$1" "$2" "$3"
  shift 3
done
