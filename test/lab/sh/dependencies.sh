#!/bin/sh
# Installs what the lab needs on the machine itself (Debian or a relative), and only what is missing.
# Usage: dependencies.sh
set -eu

missing=
need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

PATH=$PATH:/usr/sbin:/sbin
need mmdebstrap mmdebstrap
need systemd-nspawn systemd-container
need dpkg-scanpackages dpkg-dev
need nft nftables
need ip iproute2
need nsenter util-linux
need findmnt mount
need mke2fs e2fsprogs
need ssh-keygen openssh-client
need gpg gpg
# An older one does not know trixie.
[ -e /usr/share/keyrings/debian-archive-trixie-automatic.gpg ] || missing="$missing debian-archive-keyring"
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 || {
  echo "the lab needs these packages, and there is no apt-get to install them:$missing" >&2
  exit 1
}
echo "lab: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
# shellcheck disable=SC2086 # a list of package names
apt-get install -y -qq --no-install-recommends $missing >&2
