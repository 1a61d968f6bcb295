# Forgets the failures of resources, so that the cluster tries again. $1 ...: resource ids
for resource in "$@"; do
  timeout 60 crm_resource --cleanup --resource "$resource" >/dev/null 2>&1 || {
    echo "crm_resource --cleanup --resource $resource: exit $?" >&2
    exit 1
  }
done
