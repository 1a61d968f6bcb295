# Removes one rich rule; that it is not there is no error. $1 zone  $2 rich rule  $3 ... where it is: runtime, permanent
zone=$1 rule=$2
shift 2
for state; do
  case $state in
    runtime) firewall-cmd --quiet --zone="$zone" --remove-rich-rule="$rule" ;;
    permanent) firewall-cmd --quiet --permanent --zone="$zone" --remove-rich-rule="$rule" ;;
  esac || exit
done
