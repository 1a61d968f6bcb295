#!/bin/sh
# Turns a Debian root with firewalld into one that behaves as RHEL 9 does. Runs inside of it, once per image.
#
#   inside.sh SUITE MIRROR
#
# Real: dnf, librpm, the transactions and their scriptlets, and the daemon, which is Debian's build of it in RPMs.
# Not RHEL's: kernel, C library, systemd, and everything about SELinux.
set -eu
here=$(dirname "$(readlink -f "$0")")
suite=$1 mirror=$2
rpms=/srv/rpms
release=9.6

install_tools() {
  mv /etc/apt/sources.list /etc/apt/repo.list
  { cat /etc/apt/repo.list; echo "deb $mirror $suite main"; } >/etc/apt/sources.list
  apt-get update -qq
  apt-get install -y -qq --no-remove --no-install-recommends dnf rpm createrepo-c
  mv /etc/apt/repo.list /etc/apt/sources.list
  apt-get update -qq
}

# Unpacks Debian's packages, with all that they need beyond this root, into one tree for each RPM. Perl serves
# crm_report and plugins for old hardware only: it would be the largest part.
unpack() { # TREES
  apt-get install --simulate --no-install-recommends pacemaker-remote pacemaker-cli-utils resource-agents |
    sed -n 's/^Inst \([^ ]*\).*/\1/p' >"$1.list"
  while read -r package; do
    case $package in
      *perl* | libsnmp* | libgdbm*) continue ;;
      pacemaker-remote) tree=remote ;;
      pacemaker-cli-utils) tree=cli ;;
      resource-agents | pacemaker-resource-agents) tree=agents ;;
      pacemaker-common | libcib* | libcrm* | liblrmd* | libpacemaker* | libpe-* | libstonithd*) tree=libs ;;
      *) tree=runtime ;;
    esac
    mkdir -p "$1/$tree"
    dpkg-deb --extract /srv/repo/"$package"_*.deb "$1/$tree"
  done <"$1.list"
  rm -rf "$1"/*/usr/share/doc "$1"/*/usr/share/man "$1"/*/usr/share/locale "$1"/*/usr/share/lintian "$1"/*/etc/init.d
}

# Where RHEL has what Debian has elsewhere (Pacemaker's rpm/pacemaker.spec.in).
rearrange() { # TREES
  mkdir -p "$1/remote/etc/sysconfig"
  mv "$1/libs/etc/default/pacemaker" "$1/remote/etc/sysconfig/pacemaker"
  mv "$1/libs/etc/logrotate.d" "$1/cli/etc/logrotate.d"
  rm -r "$1/libs/etc" "$1/libs/var" "$1/cli/etc/default"
  sed -i 's|/etc/default/|/etc/sysconfig/|' "$1/remote/usr/lib/systemd/system/pacemaker_remote.service"
  for tree in "$1"/*; do
    (cd "$tree" && find . -type f -o -type l) | sed 's|^\.\(.*\)|"\1"|' >"$tree.files"
  done
  sed -i '\|/etc/sysconfig/pacemaker|d' "$1/remote.files"
}

build() { # REPOSITORY SPEC [OPTION...]
  repository=$1 spec=$2
  shift 2
  rpmbuild -bb --quiet --define "_rpmdir $rpms/$repository" --define "_topdir /tmp/rpmbuild" --define "trees $trees" \
    --define '_binary_payload w.ufdio' --define '_build_id_links none' --define 'debug_package %{nil}' \
    --define '__os_install_post %{nil}' "$@" "$here/$spec.spec"
}

# One repository as `id name enabled`.
repository() {
  createrepo_c --quiet "$rpms/$2"
  printf '[%s]\nname=%s\nbaseurl=file://%s/%s\nenabled=%s\ngpgcheck=0\n\n' "$1" "$2" "$rpms" "$2" "$3" \
    >>/etc/yum.repos.d/redhat.repo
}

# As RHEL 9 has it; Debian's skips a repository that does not answer.
configure_dnf() {
  cat >/etc/dnf/dnf.conf <<END
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
END
}

install_tools
configure_dnf
trees=/tmp/trees
unpack "$trees"
rearrange "$trees"
mkdir -p /etc/yum.repos.d /etc/sysconfig /etc/rpm
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
build baseos redhat-release --define "release_version $release"
build baseos heartbeat-resources
build appstream runtime
build highavailability pacemaker --define 'build 1'
build highavailability resource-agents
build updates pacemaker --define 'build 2'
repository rhel-9-for-x86_64-baseos-rpms baseos 1
repository rhel-9-for-x86_64-appstream-rpms appstream 1
repository rhel-9-for-x86_64-highavailability-rpms highavailability 1
repository updates updates 0
dnf --assumeyes --quiet install redhat-release
rm -rf "$trees" "$trees".* /tmp/rpmbuild /var/cache/dnf /var/log/dnf* /var/log/dpkg.log /var/log/apt

cat >/usr/lib/os-release <<END
NAME="Red Hat Enterprise Linux"
VERSION="$release (Plow)"
ID="rhel"
ID_LIKE="fedora"
VERSION_ID="$release"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Red Hat Enterprise Linux $release (Plow), as the lab has it"
END
rm -rf /etc/apt /etc/dpkg /etc/debian_version /usr/bin/apt* /usr/bin/dpkg* /usr/sbin/dpkg*
