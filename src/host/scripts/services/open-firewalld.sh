# Opens the port with one rich rule, now and for good. $1 zone  $2 rich rule  $3 permanent: only from the next reload on
[ "${3-}" = permanent ] || firewall-cmd --quiet --zone="$1" --add-rich-rule="$2" || exit
firewall-cmd --quiet --permanent --zone="$1" --add-rich-rule="$2"
