#!/bin/sh
# Builds the images that lab hosts are overlays of. The caller holds the lock and renames the result into place.
#
#   image.sh base SUITE DIR          DIR/bare (a whole root), DIR/repo (packages for offline installs)
#   image.sh layer LOWER DIR NAME REPO PACKAGE...
#                                    DIR/NAME: an overlayfs layer over LOWER (a lowerdir list, top first)
set -eu

here=$(dirname "$(readlink -f "$0")")
mirror=${OUTRIGGER_LAB_MIRROR:-http://deb.debian.org/debian}

# Packages of a bare host: what a small server has. No Pacemaker, no Python, no firewall.
bare=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,procps,ca-certificates,openssl,netbase,polkitd

build_bare() { # SUITE DIR
  mmdebstrap --quiet --variant=minbase --include="$bare" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
    --skip=cleanup/apt/lists --customize-hook="$here/customize.sh \"\$1\"" \
    "$1" "$2/bare" "$mirror"
}

# Fetches the packages of every layer and of an install on a bare host, each set for a bare host as it is.
build_repo() { # DIR
  mkdir -p "$1/repo"
  for set in \
    'pacemaker-remote pacemaker-cli-utils resource-agents' \
    'pacemaker pacemaker-cli-utils corosync resource-agents pcs' \
    firewalld; do
    # shellcheck disable=SC2086 # a list of package names
    "$here/in-layer.sh" "$1/bare" "$1" .fetch "$1/repo" \
      apt-get install -y -qq --download-only --no-install-recommends \
      -o Dir::Cache::archives=/srv/repo -o APT::Sandbox::User=root $set
  done
  rm -rf "$1/.fetch" "$1/repo/partial" "$1/repo/lock"
  (cd "$1/repo" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
}

# From here on the repository is the only source: hosts have no other network.
close_bare() { # DIR
  rm -rf "$1/bare/var/lib/apt/lists" "$1/bare/etc/apt/sources.list.d"
  echo 'deb [trusted=yes] file:/srv/repo ./' >"$1/bare/etc/apt/sources.list"
  "$here/in-layer.sh" "$1/bare" "$1" .lists "$1/repo" apt-get update -qq
  mkdir -p "$1/bare/var/lib/apt/lists"
  cp -a "$1/.lists/var/lib/apt/lists/." "$1/bare/var/lib/apt/lists/"
  rm -rf "$1/.lists"
}

# What a package set up for this one root and hosts must not share, or must not start.
finish_layer() { # LAYER
  rm -f "$1/etc/pacemaker/authkey" "$1"/etc/systemd/system/multi-user.target.wants/pcsd*.service
  [ ! -x "$1/usr/sbin/pacemakerd" ] || install -m 0755 "$here/fence_lab" "$1/usr/sbin/fence_lab"
}

case $1 in
  base)
    build_bare "$2" "$3"
    build_repo "$3"
    close_bare "$3"
    ;;
  layer)
    lower=$2 dir=$3 name=$4 repo=$5
    shift 5
    "$here/in-layer.sh" "$lower" "$dir" "$name" "$repo" apt-get install -y -qq --no-remove --no-install-recommends "$@"
    rm -f "$dir/$name"/var/log/dpkg.log "$dir/$name"/var/log/apt/*
    finish_layer "$dir/$name"
    ;;
  *)
    echo "image.sh: unknown step '$1'" >&2
    exit 2
    ;;
esac
