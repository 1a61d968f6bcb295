# Opens the port with one rich rule, now and for good. $1 zone  $2 rich rule
firewall-cmd --quiet --zone="$1" --add-rich-rule="$2" && firewall-cmd --quiet --permanent --zone="$1" --add-rich-rule="$2"
