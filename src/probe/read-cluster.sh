# Prints the cluster's state. $1 nonce
printf '@%s crm_mon\n' "$1"
timeout 20 crm_mon --one-shot --inactive --output-as=xml
printf '\n@%s dc_state\n' "$1"
dc=$(timeout 10 crmadmin --dc_lookup --quiet 2>/dev/null | awk '{ print $NF }')
timeout 10 crmadmin --status="$dc" --quiet 2>/dev/null
printf '\n@%s cib\n' "$1"
timeout 20 cibadmin --query --local
printf '\n@%s end\n' "$1"
