# Puts the key that a link leads to in the place of the link, as a file of its own. It is known on this host alone, and stays
# here; what the link led to stays as it is.
#   $1 the link   $2 SHA-256 of the key's public half   $3 owner   $4 group   $5 mode
name=${1##*/}
enter "${1%/*}"
[ -L "./$name" ] && [ -f "./$name" ] || refuse "$1 does not lead to a regular file"
new_file "$name"
head -c 65536 -- "./$name" >&9 || refuse "cannot copy $1"
# Anything else that root can read is not for haclient.
public=$(openssl pkey -in "$temporary" -passin pass: -pubout 2>/dev/null </dev/null)
[ "$(printf '%s\n' "$public" | sha256sum | cut -d ' ' -f 1)" = "$2" ] || refuse "$1 does not lead to the key that is in use"
label_as "$1"
try "give $1 to $3:$4" chown -- "$3:$4" /proc/self/fd/9
try "set the mode of $1" chmod -- "$5" /proc/self/fd/9
keep_time "./$name"
put_in_place "$name"
