#!/bin/sh
# Builds the layer that makes a Debian root behave as RHEL 9 does; rhel.sh does the work inside of it.
#
#   build-rhel.sh WORK SUITE LOWER REPO     LOWER: a lowerdir list, top first; makes WORK/rhel
set -eu
here=$(dirname "$(readlink -f "$0")")
work=$1 suite=$2 lower=$3 repo=$4

mkdir -p "$work/rhel/root"
chmod 0700 "$work/rhel/root"
cp -r "$here/../rhel" "$work/rhel/root/rhel"
"$here/in-layer.sh" "$lower" "$work" rhel "$repo" \
  sh /root/rhel/inside.sh "$suite" "${OUTRIGGER_LAB_MIRROR:-http://deb.debian.org/debian}"
rm -rf "$work/rhel/root/rhel"
