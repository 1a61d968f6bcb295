#!/bin/sh
# Builds the images of one suite.
#
#   build-images.sh WORK SUITE 'NAME OVER,OVER PACKAGE...' ...
set -eu
here=$(dirname "$(readlink -f "$0")")
work=$1 suite=$2
shift 2

"$here/image.sh" base "$suite" "$work"
for line in "$@"; do
  # shellcheck disable=SC2086 # words are what it is made of
  set -- $line
  name=$1 over=$2
  shift 2
  "$here/image.sh" layer "$work/$(echo "$over" | sed "s|,|:$work/|g")" "$work" "$name" "$work/repo" "$@"
done
