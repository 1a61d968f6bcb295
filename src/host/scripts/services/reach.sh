# Connects to each server, without a handshake: a second authenticated client would make the cluster fence the node.
# stdin: lines of `server port`.  Prints `server port open|closed`, in any order.
connect() {
  if timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; then state=open; else state=closed; fi
  printf '%s %s %s\n' "$1" "$2" "$state"
}
running=0
while read -r server port; do
  connect "$server" "$port" &
  running=$((running + 1))
  if [ "$running" -ge 64 ]; then wait; running=0; fi
done
wait
