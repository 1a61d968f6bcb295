# Enables a unit, starts or restarts it, and waits until its port is open.
#   $1 unit   $2 enable (only) | restart   $3 port
unit=$1
mode=$2
port=$(printf '%04X' "$3")

systemctl unmask --quiet "$unit"
systemctl enable --quiet "$unit" || exit 1
[ "$mode" = enable ] && exit 0

systemctl reset-failed "$unit" 2>/dev/null
systemctl restart "$unit" 2>/dev/null || {
  echo "$unit does not start ($(systemctl show --property=Result --value "$unit")): see journalctl -u $unit there" >&2
  exit 1
}

# The daemon makes its key-exchange parameters first: 0.1 to 0.8 s, longer on a loaded machine.
tries=60
while ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2 }' | grep -q ":$port\$"; do
  tries=$((tries - 1))
  if [ "$tries" -le 0 ] || [ "$(systemctl is-active "$unit")" != active ]; then
    case $(cat /sys/fs/selinux/enforce 2>/dev/null) in
      1) why='; SELinux is enforcing there: look at ausearch --message avc --start recent' ;;
      *) why= ;;
    esac
    echo "$unit does not listen on port $3 (state: $(systemctl is-active "$unit"), waited up to 15 s)$why" >&2
    exit 1
  fi
  sleep 0.25
done
