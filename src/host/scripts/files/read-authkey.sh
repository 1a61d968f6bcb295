# Prints the authkey, base64. $1 path
[ -f "$1" ] && [ -s "$1" ] || { echo "$1 is missing or empty" >&2; exit 1; }
base64 -w 0 "$1"
