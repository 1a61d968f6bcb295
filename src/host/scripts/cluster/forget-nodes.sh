# Removes what the cluster remembers of nodes whose connection is gone. $1 ...: node names
# A node that is connected would be fenced for it. The caller has waited until the connection is gone; it is looked for
# once more here, and in any spelling: crm_node takes a name from the caches of the daemons without regard to case.
cib=$(timeout 60 cibadmin --query) || { echo "cibadmin --query: exit $?" >&2; exit 1; }
is_there() {
  printf '%s\n' "$cib" | node=$1 awk -v RS='<' '
    BEGIN { node = tolower(ENVIRON["node"]) }
    function has(name) { return index(line, " " name "=\"" node "\"") > 0 }
    { line = tolower($0) }
    line ~ /^node / && has("uname") && line !~ / type="remote"/ { found = 1 }
    line ~ /^primitive / && has("id") && line ~ / (type="remote"|template=)/ { found = 1 }
    line ~ /^nvpair / && has("value") && line ~ / name="remote-node"/ { found = 1 }
    END { exit !found }'
}
for node in "$@"; do
  if is_there "$node"; then
    echo "$node is not forgotten: the cluster has a node of that name, whatever its case" >&2
    exit 1
  fi
done
for node in "$@"; do
  timeout 60 crm_node --force --remove "$node" >/dev/null 2>&1 || {
    echo "crm_node --force --remove $node: exit $?" >&2
    exit 1
  }
done
