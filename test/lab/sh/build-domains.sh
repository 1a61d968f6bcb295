#!/bin/sh
# Builds the layers that domains need: QEMU and libvirt for cluster nodes, a kernel for the machine itself.
#
#   build-domains.sh WORK SUITE CLUSTER BARE REPO     CLUSTER, BARE: lowerdir lists, top first;
#                                                     makes WORK/libvirt (over CLUSTER) and WORK/kernel (over BARE)
set -eu
here=$(dirname "$(readlink -f "$0")")
work=$1 suite=$2 cluster=$3 bare=$4 repo=$5
mirror=${OUTRIGGER_LAB_MIRROR:-http://deb.debian.org/debian}

# Installs from the mirror, and leaves the hosts' own repository as their only source.
# shellcheck disable=SC2016 # expanded inside
install='
  suite=$1 mirror=$2
  shift 2
  cp -a /etc/apt/sources.list /var/lib/apt/lists /root/
  echo "deb $mirror $suite main" >>/etc/apt/sources.list
  apt-get update -qq
  apt-get install -y -qq --no-remove --no-install-recommends "$@"
  apt-get clean
  rm -r /var/lib/apt/lists
  mv /root/sources.list /etc/apt/sources.list
  mv /root/lists /var/lib/apt/lists
  rm -f /var/log/dpkg.log /var/log/apt/*
'

"$here/in-layer.sh" "$cluster" "$work" libvirt "$repo" sh -euc "$install" sh "$suite" "$mirror" \
  qemu-system-x86 libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients

# Python, as machines have it: to compile its library on an emulated processor takes minutes.
# An initrd with what leads to the disk and nothing else: to unpack it costs seconds where the processor is emulated.
mkdir -p "$work/kernel/etc/initramfs-tools/conf.d"
echo MODULES=list >"$work/kernel/etc/initramfs-tools/conf.d/lab"
printf 'virtio_blk\nvirtio_net\n' >"$work/kernel/etc/initramfs-tools/modules"
"$here/in-layer.sh" "$bare" "$work" kernel "$repo" sh -euc "$install" sh "$suite" "$mirror" \
  linux-image-cloud-amd64 initramfs-tools udev kmod zstd python3
mv "$work"/kernel/boot/vmlinuz-* "$work/kernel/boot/vmlinuz"
mv "$work"/kernel/boot/initrd.img-* "$work/kernel/boot/initrd.img"
rm -f "$work"/kernel/vmlinuz* "$work"/kernel/initrd.img*

# Nothing that costs time at boot and is of no use in a story.
systemctl --root="$work/kernel" mask \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount kmod-static-nodes.service modprobe@.service systemd-binfmt.service \
  systemd-udev-load-credentials.service systemd-pstore.service systemd-random-seed.service \
  systemd-journal-flush.service serial-getty@.service systemd-network-generator.service user@.service >/dev/null 2>&1
# Each reload of systemd would start all of them, and find nothing to do.
mkdir -p "$work/kernel/etc/systemd/system-generators"
for generator in "$bare"/usr/lib/systemd/system-generators/*; do
  ln -s /dev/null "$work/kernel/etc/systemd/system-generators/${generator##*/}"
done
