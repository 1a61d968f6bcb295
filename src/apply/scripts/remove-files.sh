# Removes files. $@ paths
for path; do
  [ ! -e "$path" ] || [ -f "$path" ] || { echo "$path is not a regular file" >&2; exit 1; }
done
for path; do
  rm -f -- "$path" && sync "$(dirname "$path")" || exit 1
done
