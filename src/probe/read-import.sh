# Prints what an inventory of this cluster would say; changes nothing. $1 nonce
printf '@%s uname\n' "$1"
timeout 10 crm_node --name 2>/dev/null
printf '\n@%s corosync\n' "$1"
timeout 10 corosync-cmapctl 2>/dev/null | grep -E '^(totem\.cluster_name|nodelist\.node\.[0-9]+\.(nodeid|ring[0-9]+_addr)) '
printf '\n@%s environment\n' "$1"
all_environment_variables pacemaker.service /etc/default/pacemaker /etc/sysconfig/pacemaker
printf '\n@%s cib\n' "$1"
timeout 20 cibadmin --query --local
printf '\n@%s end\n' "$1"
