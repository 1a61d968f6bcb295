# Gives a file or a directory its owner and mode without touching its content. $1 path  $2 owner  $3 group  $4 mode
name=./${1##*/}
parent=${1%/*}
enter "${parent:-/}"
[ -f "$name" ] || [ -d "$name" ] && [ ! -L "$name" ] || refuse "$1 is neither a regular file nor a directory"
# By what was opened and looked at, not by a name that may become a link.
command exec 9<"$name" || exit 1
[ ! -L "$name" ] && [ "$name" -ef /proc/self/fd/9 ] || refuse "$1 is replaced by another program"
[ -d "$name" ] || [ "$(stat -L -c %h /proc/self/fd/9)" = 1 ] || refuse "$1 has other names (hard links), whose permissions would change too"
# A time in the future counts as that of the last change of the inode, which this is.
[ -d "$name" ] || keep_time "$name"
try "give $1 to $2:$3" chown -- "$2:$3" /proc/self/fd/9
try "set the mode of $1" chmod -- "$4" /proc/self/fd/9
