# Removes the authkey. $1 path
[ ! -e "$1" ] || [ -f "$1" ] || { echo "$1 is not a regular file" >&2; exit 1; }
rm -f -- "$1" && sync "$(dirname "$1")"
