# Sets variables of an environment file, all or none, and leaves every other byte as it is.
#   $1 file   then pairs: variable, value (letters, digits, dot, slash, hyphen, underscore; empty: it goes)
# Where it is a link, that stays, and what it leads to is changed: every directory on the way is root's alone.
file=$1
shift
links=0
while enter "${file%/*}" && [ -L "./${file##*/}" ]; do
  links=$((links + 1))
  [ "$links" -le 8 ] || refuse "$file is one of too many symbolic links"
  # Without a look at links in its directories: those are refused.
  leads=$(readlink -- "./${file##*/}") && file=$(realpath -m -s -- "$leads") || refuse "cannot read the link $file"
done
name=${file##*/}
[ ! -e "./$name" ] || [ -f "./$name" ] || refuse "$file is not a regular file"

wanted=
while [ $# -gt 0 ]; do
  wanted="$wanted $1=$2"
  shift 2
done
new_file "$name"
if [ -f "./$name" ]; then
  cp -p -- "./$name" "$temporary" || exit 1
  environment_with "./$name" "$wanted" >"$temporary" || exit 1
else
  chmod 0644 /proc/self/fd/9 || exit 1
  environment_with /dev/null "$wanted" >"$temporary" || exit 1
fi
# systemd must be able to read it at the next boot.
label_as "$file"
put_in_place "$name"
