#!/bin/sh
# Runs a command in a root made of overlay layers, with the package repository at /srv/repo; what it writes is DIR/NAME.
#
#   in-layer.sh LOWER DIR NAME REPO COMMAND...       LOWER: a lowerdir list, top first
#
# Everything is mounted in a private mount namespace: whatever happens, no mount is left behind.
set -eu
lower=$1 dir=$2 name=$3 repo=$4
shift 4
mkdir -p "$dir/$name" "$dir/.work" "$dir/.root"
unshare --mount --propagation private sh -euc '
  lower=$1 upper=$2 work=$3 root=$4 repo=$5
  shift 5
  mount -t overlay lab -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --bind "$repo" "$root/srv/repo"
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  # A container tool on this machine may have put its own loader options into the environment.
  unset LD_PRELOAD
  chroot "$root" "$@"
' sh "$lower" "$dir/$name" "$dir/.work" "$dir/.root" "$repo" "$@" </dev/null
rm -rf "$dir/.work" "$dir/.root"
