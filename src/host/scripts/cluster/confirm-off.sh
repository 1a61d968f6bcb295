# Tells the cluster that a node is off, which a person has vouched for: it counts as fenced from then on. $1 node
timeout 60 stonith_admin --confirm "$1" >/dev/null 2>&1 || { echo "stonith_admin --confirm $1: exit $?" >&2; exit 1; }
