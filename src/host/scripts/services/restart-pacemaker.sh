# Restarts Pacemaker on a cluster node; Corosync goes on. $1 unit
# The caller sees to it that the cluster leaves every resource alone meanwhile. No limit of our own on the stop: what
# systemd kills in the middle would look like a failure to the other nodes, and get this one fenced.
systemctl reset-failed "$1" 2>/dev/null
systemctl restart "$1" 2>/dev/null || {
  echo "$1 does not start ($(systemctl show --property=Result --value "$1")): see journalctl -u $1 there" >&2
  exit 1
}
