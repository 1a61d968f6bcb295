# Functions for scripts that make files or directories; stands before every script that is run on a host.
# What a script makes is removed when it ends, however it ends. What one had to leave that was killed (SIGKILL, a loss of
# power) is removed by the next: a script that lives, and each program that it has started, holds a lock (flock(1)).
work= temporary= created= outrigger_child= outrigger_trapped=

refuse() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Runs a command whose messages would be many lines: the first one becomes ours. $1 what it does
try() {
  outrigger_doing=$1
  shift
  outrigger_problem=$("$@" 2>&1 >/dev/null) ||
    refuse "cannot $outrigger_doing: $(printf '%s\n' "$outrigger_problem" | head -n 1)"
}

# dash does not run the EXIT trap when a signal ends it; bash ignores a signal while its trap is set (trap.c, set_signal), so
# that each is set once.
remove_own_at_exit() {
  [ -z "$outrigger_trapped" ] || return 0
  outrigger_trapped=yes
  trap remove_own EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  timeout() { interruptible env timeout "$@"; }
}
remove_own() {
  trap '' HUP INT PIPE TERM
  # It may still write into what is removed.
  if [ -n "$outrigger_child" ]; then kill "$outrigger_child" && wait "$outrigger_child"; fi
  if [ -n "$work" ]; then rm -rf -- "$work"; fi
  if [ -n "$temporary" ]; then rm -f -- "$temporary"; fi
  if [ -n "$created" ]; then rmdir -- "$created"; fi
} 2>/dev/null

# Runs a program that ends when a signal ends the script. A shell first waits for one in the foreground.
interruptible() {
  { "$@" <&3 3<&- & } 3<&0
  outrigger_child=$!
  wait "$outrigger_child"
  outrigger_status=$?
  outrigger_child=
  return "$outrigger_status"
}

# Writes all of the input into a file. A connection that is lost half-way looks like the end of a shorter input. $1 the file
save_input() {
  interruptible cat >"$1" || return 1
  [ "$(wc -c <"$1")" -eq "${outrigger_bytes:-$(wc -c <"$1")}" ] || refuse 'the input was cut off: nothing was changed'
}

# Makes the directory `$work`, for root alone. $1 where; without it in /run, because a CIB holds passwords of fence devices:
# on a host with systemd that is memory, in which root alone makes files (file-hierarchy(7)).
make_work() {
  if [ $# -eq 0 ] && [ -d /run ] && [ -w /run ]; then set -- /run; fi
  [ $# -gt 0 ] || set -- "${TMPDIR:-/tmp}"
  remove_own_at_exit
  remove_abandoned_directories "$1"
  for outrigger_try in 1 2 3 4 5; do
    work=$(mktemp -d "$1/outrigger.XXXXXXXXXX") || return 1
    if lock_work; then return 0; fi
    rm -rf -- "$work"
  done
  printf 'cannot make a directory in %s\n' "$1" >&2
  return 1
}
# Fails where another script takes it for abandoned at this moment.
lock_work() {
  command exec 8>"$work/.lock" || return 1
  ! can_lock || { flock -n 8 && [ "$work/.lock" -ef /proc/self/fd/8 ]; }
} 2>/dev/null
can_lock() { command -v flock >/dev/null 2>&1; }

remove_abandoned_directories() { each_abandoned_directory "$1" rm -rf --; }

# Runs a command with each directory of ours in $1 that no script uses any more.
each_abandoned_directory() {
  can_lock || return 0
  outrigger_in=$1
  shift
  for outrigger_old in "$outrigger_in"/outrigger.??????????; do
    [ -d "$outrigger_old" ] && [ ! -L "$outrigger_old" ] || continue
    # 711: the SSH user goes through to a directory of its own in there (install-file.sh).
    case $(stat -c '%u %a' -- "$outrigger_old") in "$(id -u) 700" | "$(id -u) 711") ;; *) continue ;; esac
    if [ -f "$outrigger_old/.lock" ]; then
      (flock -n 7 && "$@" "$outrigger_old") 7<"$outrigger_old/.lock"
    elif [ "$1" = rm ]; then
      rmdir -- "$outrigger_old" # nothing was written yet
    fi
  done
} 2>/dev/null

# Goes to a directory in which nobody but root, or the user of Pacemaker's daemons, can put a link in the way. $1 its path
# As for sshd's authorized_keys (safe_path, misc.c): nobody else may write to it, nor to a directory above. In one above
# that has the sticky bit others may make files, but not replace those of root.
enter() {
  [ -e "$1" ] || [ -L "$1" ] || refuse "the directory $1 does not exist"
  [ -d "$1" ] || refuse "$1 is not a directory"
  cd -P -- "$1" 2>/dev/null || refuse "cannot enter the directory $1"
  [ "$(pwd -P)" = "$1" ] || refuse "$1 leads elsewhere through a symbolic link"
  outrigger_at=$1 outrigger_inner=
  while :; do
    set -- $(stat -c '%u %A %a %U:%G' -- "$outrigger_at")
    case ${1-} in
      0 | "$(id -u)" | "$(id -u hacluster 2>/dev/null)") ;;
      *) unsafe "does not belong to root" "chown root $outrigger_at" ;;
    esac
    case $2${outrigger_inner:+ above} in
      ?????????[tT]*' above') ;;
      ?????w* | ????????w*) unsafe "can be written to by others than root" "chmod go-w $outrigger_at" ;;
    esac
    [ "$outrigger_at" != / ] || return 0
    outrigger_inner=$outrigger_at
    outrigger_at=${outrigger_at%/*}
    outrigger_at=${outrigger_at:-/}
  done
}
# $1 what is wrong   $2 what to do
unsafe() {
  set -- "$1" "$2" $(stat -c '%a %U:%G' -- "$outrigger_at")
  refuse "the directory $outrigger_at ($(printf %04d "$3") $4) $1, so that a file in it could be replaced by somebody else: $2, or use another directory"
}

# Begins the file that takes the place of ./$1 here (after `enter`): `$temporary`, open as 9, for root alone.
new_file() {
  remove_own_at_exit
  remove_abandoned_files
  for outrigger_try in 1 2 3 4 5; do
    temporary=$(mktemp "./.$1.outrigger.XXXXXXXXXX" 2>&1) || {
      outrigger_problem=$temporary
      temporary=
      refuse "cannot create a file beside $1: $outrigger_problem"
    }
    if open_new; then return 0; fi
    rm -f -- "$temporary"
  done
  refuse "cannot create a file beside $1: another program is at work there"
}
# What was opened is what was made, whoever else can write here.
open_new() {
  command exec 9>>"$temporary" || return 1
  ! can_lock || flock -n 9 || return 1
  [ ! -L "$temporary" ] && [ "$temporary" -ef /proc/self/fd/9 ] && [ "$(stat -L -c '%u %h' /proc/self/fd/9)" = "$(id -u) 1" ]
} 2>/dev/null

remove_abandoned_files() { each_abandoned_file . rm -f --; }

# Runs a command with each half-written file of ours in $1 that no script is at work on any more.
each_abandoned_file() {
  can_lock || return 0
  outrigger_in=$1
  shift
  for outrigger_old in "$outrigger_in"/.*.outrigger.??????????; do
    [ -f "$outrigger_old" ] && [ ! -L "$outrigger_old" ] || continue
    # It may have its new owner already: a key is hacluster's.
    case $(stat -c %u -- "$outrigger_old") in "$(id -u)" | "$(id -u hacluster)") ;; *) continue ;; esac
    (flock -n 7 && "$@" "$outrigger_old") 7<"$outrigger_old"
  done
} 2>/dev/null

# Gives the open file 9 the label that SELinux's policy has for $1, not for the temporary file (matchpathcon(8)): nobody
# ever sees the target with another one. Both commands come in one package, libselinux-utils.
label_as() {
  command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled || return 0
  outrigger_label=$(matchpathcon -m file -n "$1" 2>/dev/null)
  # `<<none>>`, or nothing: the policy has no rule, and what the kernel chose is right.
  case $outrigger_label in *:*:*) try "label $1" chcon -- "$outrigger_label" /proc/self/fd/9 ;; esac
}

# The format in which stat tells when $1 was written. A time that lies in the future was put there (rsync -t, cp -p) by
# another clock; that of the last change of its inode is always by this one.
time_of() { if [ "$(stat -L -c %Y -- "$1")" -gt "$(date +%s)" ]; then echo %.9Z; else echo %.9Y; fi; }

# Gives the open file 9 the time of $1, whose content it has: by the time is seen which daemons are older than the content.
keep_time() {
  try "keep the time of $1" touch -d "@$(stat -L -c "$(time_of "$1")" -- "$1")" /proc/self/fd/9
}

# Puts the new file in the place of ./$1, on disk. A link that is there goes; what it leads to stays as it is.
put_in_place() {
  try "write $1 to disk" sync -- "$temporary"
  try "rename $temporary to $1" mv -fT -- "$temporary" "./$1"
  temporary=
  try "write $(pwd -P) to disk" sync -- .
}

# What apt-get says of dependencies (stdin): what cannot be had at all or in that version; else how its solver came to a
# contradiction (apt 3.0); else whatever has an unmet dependency, most of which only follows from another one.
unmet_dependencies() {
  awk '
    /is not installable|is to be installed|Conflicts:|Breaks:/ { root = root $0 "\n"; next }
    /^ +([0-9]+[.]|-) / { solver = solver $0 "\n"; next }
    /Depends:/ { other = other $0 "\n" }
    END { printf "%s", (root != "" ? root : solver != "" ? solver : other) }'
}
