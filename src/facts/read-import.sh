# Prints what an inventory of this cluster would say; changes nothing. $1 nonce
printf '@%s uname\n' "$1"
timeout 10 crm_node --name 2>/dev/null
printf '\n@%s corosync\n' "$1"
timeout 10 corosync-cmapctl 2>/dev/null | grep -E '^(totem\.cluster_name|nodelist\.node\.[0-9]+\.(nodeid|ring0_addr)) '
printf '\n@%s environment\n' "$1"
systemctl show --property=EnvironmentFiles pacemaker.service 2>/dev/null \
  | sed -n 's/^EnvironmentFiles=\(.*\) (ignore_errors=[a-z]*)$/\1/p' \
  | while read -r file; do
    if [ -f "$file" ]; then grep -E '^[[:space:]]*PCMK_[A-Za-z_]+[[:space:]]*=' "$file"; fi
  done
printf '\n@%s cib\n' "$1"
timeout 20 cibadmin --query --local
printf '\n@%s end\n' "$1"
