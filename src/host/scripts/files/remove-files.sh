# Removes files. $@ paths
# Each by its name in the very directory: others who can write there cannot make that another one.
go_to() {
  cd -P -- "$1" 2>/dev/null || return 1
  [ "$(pwd -P)" = "$1" ] || refuse "$1 leads elsewhere through a symbolic link"
}
for path; do
  [ ! -e "$path" ] || [ -f "$path" ] || refuse "$path is not a regular file"
done
for path; do
  folder=${path%/*}
  folder=${folder:-/}
  [ -d "$folder" ] || continue
  go_to "$folder" || refuse "cannot enter the directory $folder"
  remove_abandoned_files
  try "remove $path" rm -f -- "./${path##*/}"
  try "write $folder to disk" sync -- .
done
