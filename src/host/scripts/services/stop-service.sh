# Stops a unit and keeps it from starting at boot. $1 unit
systemctl disable --quiet "$1" 2>/dev/null || { echo "$1 cannot be disabled" >&2; exit 1; }
systemctl stop "$1" || { echo "$1 does not stop: see journalctl -u $1 there" >&2; exit 1; }
# One that failed would be shown as failed for ever.
systemctl reset-failed "$1" 2>/dev/null
exit 0
