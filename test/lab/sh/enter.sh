#!/bin/sh
# Moves itself into cgroups (made if missing), then becomes COMMAND: all its descendants are killed with the cgroup.
# Usage: enter.sh CGROUP... -- COMMAND...
set -eu
while [ "$1" != -- ]; do
  mkdir -p "$1"
  echo $$ >"$1/cgroup.procs"
  shift
done
shift
exec "$@"
