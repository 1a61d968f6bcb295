# Gives a file or a directory its owner and mode without touching its content. $1 path  $2 owner  $3 group  $4 mode
[ -f "$1" ] || [ -d "$1" ] && [ ! -L "$1" ] || { echo "$1 is neither a regular file nor a directory" >&2; exit 1; }
chown -- "$2:$3" "$1" && chmod -- "$4" "$1"
