# Makes a private key that waits beside the one in use, unless a good one waits there already, and prints a certificate
# request for it. The key never leaves the host, and no daemon is told of it.
#   $1 where the key waits   $2 name of the node
set -u
key=$1
name=$2
folder=${key%/*}
above=${folder%/*}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
first_line() { printf '%s\n' "$1" | grep -a . | head -n 1; }

case $name in '' | *[!A-Za-z0-9._-]*) fail "a certificate request cannot name $name" ;; esac
command -v openssl >/dev/null 2>&1 || fail 'openssl is not installed'
# As Pacemaker's packages make it; the key is for root alone until it is taken up.
enter "${above:-/}"
[ -e "$folder" ] || said=$(mkdir -m 0755 -- "./${folder##*/}" 2>&1) || fail "cannot create $folder: $said"
enter "$folder"
[ ! -L "$key" ] || fail "$key is a symbolic link"
[ ! -e "$key" ] || [ -f "$key" ] || fail "$key is not a regular file"

if [ "$(grep -ac -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' "$key" 2>/dev/null)" != 1 ] ||
  ! openssl pkey -in "$key" -passin pass: -noout >/dev/null 2>&1 </dev/null; then
  make_work || exit 1
  new_file "${key##*/}"
  interruptible openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 >&9 2>"$work/problem" </dev/null ||
    fail "cannot make a key: $(first_line "$(cat "$work/problem")")"
  put_in_place "${key##*/}"
fi

openssl req -new -sha256 -key "$key" -passin pass: -config /dev/stdin <<END || fail 'cannot make a certificate request'
[req]
prompt = no
utf8 = yes
string_mask = utf8only
distinguished_name = subject
req_extensions = extensions
[subject]
CN = $name
[extensions]
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:$name
END
