#!/bin/sh
# Makes the disk of a domain: a file system with what an overlay of its layers would show.
#
#   domain-disk.sh LOWER DIR REPO IMAGE SIZE     LOWER: a lowerdir list, top first; DIR: has upper, work and root
#
# Everything is mounted in a private mount namespace: whatever happens, no mount is left behind.
set -eu
rm -f "$4"
exec unshare --mount --propagation private sh -euc '
  lower=$1 dir=$2 repo=$3 image=$4 size=$5
  mount -t overlay lab -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
  mount --bind "$repo" "$dir/root/srv/repo"
  mke2fs -q -t ext4 -d "$dir/root" "$image" "$size"
' sh "$@"
