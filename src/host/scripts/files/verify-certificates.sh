# Verifies the certificate files of a host as the daemons will use them, before any daemon is configured to use them.
#   $1 CA file   $2 certificate   $3 key   $4 CRL (empty: none)   $5 user of the daemons
# Prints what was verified: `verified` or `no-openssl`. Exits 1 and says why when something does not hold.
ca=$1
certificate=$2
key=$3
crl=$4
user=$5

for file in "$ca" "$certificate" "$key" ${crl:+"$crl"}; do
  if ! (exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups cat "$file") >/dev/null 2>&1; then
    echo "$user cannot read $file" >&2
    exit 1
  fi
done
command -v openssl >/dev/null 2>&1 || { echo no-openssl; exit 0; }

# Both directions: each node is shown the same chain, whether it is the client or the server. As for GnuTLS, whatever stands
# in the CA file is trusted, also an authority below another one.
said=$(openssl verify -partial_chain -CAfile "$ca" -untrusted "$certificate" ${crl:+-crl_check -CRLfile "$crl"} "$certificate" 2>&1) || {
  echo "openssl verify rejects $certificate: $(printf '%s' "$said" | grep -a '^error' | head -n 2 | tr '\n' ' ')" >&2
  exit 1
}
public=$(openssl x509 -in "$certificate" -noout -pubkey 2>/dev/null)
if [ -z "$public" ] || [ "$public" != "$(openssl pkey -in "$key" -passin pass: -pubout 2>/dev/null)" ]; then
  echo "$key is not the key of $certificate" >&2
  exit 1
fi
echo verified
