# Puts a key and its certificate, both of them verified, in the place of the old ones: two renames in a row.
#   $1 key that waits   $2 key in use   $3 certificate that waits   $4 certificate in use
set -u
# Whoever started this may go away; it is finished all the same.
trap '' HUP INT PIPE TERM

for file; do enter "${file%/*}"; done
for file in "$1" "$3"; do
  [ -f "$file" ] && [ ! -L "$file" ] || { echo "$file is not a regular file" >&2; exit 1; }
done
for file in "$2" "$4"; do
  # A link goes, and what it leads to stays as it is.
  [ -L "$file" ] || [ ! -e "$file" ] || [ -f "$file" ] || { echo "$file is not a regular file" >&2; exit 1; }
done
# By their times it is seen which daemons are older than they.
touch -h -- "$1" "$3" && sync -- "$1" "$3" || exit 1
mv -fT -- "$1" "$2" && mv -fT -- "$3" "$4" && sync -- "${2%/*}"
