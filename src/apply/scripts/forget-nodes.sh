# Removes what the cluster remembers of nodes whose connection resource is gone. $1 ...: node names
# While the resource exists this would fence the node: the caller has waited until it is gone.
for node in "$@"; do
  timeout 60 crm_node --force --remove "$node" >/dev/null 2>&1 || {
    echo "crm_node --force --remove $node: exit $?" >&2
    exit 1
  }
done
