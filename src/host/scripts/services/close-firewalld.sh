# Takes one rich rule away, now and for good; that it is not there is no error. $1 zone  $2 rich rule
firewall-cmd --quiet --zone="$1" --remove-rich-rule="$2" && firewall-cmd --quiet --permanent --zone="$1" --remove-rich-rule="$2"
