# Gives a file its owner and mode without touching its content. $1 file  $2 owner  $3 group  $4 mode
[ -f "$1" ] && [ ! -L "$1" ] || { echo "$1 is not a regular file" >&2; exit 1; }
chown -- "$2:$3" "$1" && chmod -- "$4" "$1"
