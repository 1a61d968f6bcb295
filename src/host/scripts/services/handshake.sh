# Makes a TLS handshake with each server, with this cluster node's own certificate. Only for a daemon that nobody is
# connected to: a second client would make the cluster of the first one fence the node.
#   $1 CA file   $2 certificate   $3 key        stdin: lines of `server port`
# Prints `server port accepted|rejected|untrusted|no-openssl`, in any order.
# TLS 1.2, because only there a client learns in the handshake that its certificate was not accepted: Pacemaker 3.0.0
# closes the connection without an alert, and with TLS 1.3 the client has finished by then.
shake() {
  case $1 in *:*) to="[$1]:$2" ;; *) to="$1:$2" ;; esac
  said=$(timeout 10 openssl s_client -connect "$to" -tls1_2 -brief -partial_chain -CAfile "$ca" -verify_return_error \
    -cert "$certificate" -cert_chain "$certificate" -key "$key" </dev/null 2>&1)
  case $said in
    *'CONNECTION ESTABLISHED'*) state=accepted ;;
    *'verify error'* | *'certificate verify failed'*) state=untrusted ;;
    *) state=rejected ;;
  esac
  printf '%s %s %s\n' "$1" "$2" "$state"
}
ca=$1
certificate=$2
key=$3
running=0
while read -r server port; do
  if ! command -v openssl >/dev/null 2>&1; then printf '%s %s no-openssl\n' "$server" "$port"; continue; fi
  shake "$server" "$port" &
  running=$((running + 1))
  if [ "$running" -ge 32 ]; then wait; running=0; fi
done
wait
