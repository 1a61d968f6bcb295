# Writes one line into the system log. $1: the line
printf '%s\n' "$1" | logger -t outrigger 2>/dev/null ||
  printf '%s\n' "$1" | systemd-cat -t outrigger
