#!/bin/sh
# Lets BUILDER fill a directory, so that DIR is there either whole or not at all.
#
#   build-once.sh DIR LABEL BUILDER ARGUMENT...      calls: BUILDER WORK ARGUMENT...
#
# One builder at a time; whoever waited finds the work done.
set -eu
here=$(dirname "$(readlink -f "$0")")
dir=$1 label=$2 builder=$3
shift 3

exec 9>"$(dirname "$dir")/lock"
if ! flock -n 9; then
  echo "lab: waiting for another process that builds images" >&2
  flock -w 900 9 || { echo "lab: the other one has not finished within 900 s" >&2; exit 1; }
fi
[ ! -e "$dir" ] || exit 0

echo "lab: building $label in $dir (once)" >&2
# A build that was cut short left its directory; nobody else can own one, since we hold the lock.
rm -rf "$(dirname "$dir")"/building.*
find "$(dirname "$dir")" -mindepth 1 -maxdepth 1 -type d -mtime +7 -exec rm -rf {} +
work=$(dirname "$dir")/building.$$
log=$(dirname "$dir")/build-${dir##*/}.log
log=${log%-*}.log
mkdir "$work"
"$here/$builder" "$work" "$@" >"$log" 2>&1 9>&- || {
  tail -n 30 "$log" >&2
  echo "lab: building failed; the whole log is $log" >&2
  exit 1
}
mv "$work" "$dir"
