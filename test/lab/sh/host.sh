#!/bin/sh
# Boots one lab host on its own disk (an overlay) and stays until the host is off.
#
#   host.sh NETNS LOWER DIR NAME MACHINE REPO [SHARED [DOMAINS]]
#
# The overlay is mounted in a private mount namespace: it goes away with the last process of the host,
# also after a crash of the lab tool. The caller has put this shell into the host's cgroup (enter.sh).
set -eu
netns=$1 lower=$2 dir=$3 name=$4 machine=$5 repo=$6 shared=${7:-} domains=${8:-}

# "volatile" spares every fsync (the disk outlives the host anyway); its mark of an unclean unmount is expected here.
rm -rf "$dir/work/work/incompat"

exec unshare --mount --propagation private sh -euc '
  netns=$1 lower=$2 dir=$3 name=$4 machine=$5 repo=$6 shared=$7 domains=$8
  mount -t overlay "lab-$machine" -o "volatile,lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
  # What nspawn leaves in its runtime directory when it is killed stays in here.
  mkdir -p /run/systemd/nspawn
  mount -t tmpfs lab-nspawn /run/systemd/nspawn
  unset LD_PRELOAD
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
  exec nsenter --net="/run/netns/$netns" systemd-nspawn --quiet --keep-unit --register=no --boot \
    --directory="$dir/root" --machine="$machine" --hostname="$name" --network-bridge=lab0 \
    --bind-ro="$repo:/srv/repo" ${shared:+"--bind=$shared:/srv/lab"} ${domains:+"--bind=$domains:/srv/domains"} \
    --capability=all --resolv-conf=off --timezone=off --link-journal=no --console=read-only
' sh "$netns" "$lower" "$dir" "$name" "$machine" "$repo" "$shared" "$domains"
