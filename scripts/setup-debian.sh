#!/bin/sh
# Installs the Debian packages that the tests need on this machine, and only what is missing. `npm test` calls it first.
# Where it cannot install it says what is missing and leaves it at that: the tests that need it say so again.
set -eu
cd "$(dirname "$0")/.."

missing=
need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
PATH=$PATH:/usr/sbin:/sbin
need sshd openssh-server
need ssh-agent openssh-client
need sudo sudo
need useradd passwd
need mount mount
need openssl openssl
need age age
# Login shells that are not like sh.
need bsd-csh csh
need tcsh tcsh
need fish fish
need ksh ksh
need zsh zsh
# What the runners of pipelines need.
need curl curl
need git git
need rsync rsync
# Readers of the manual page.
need man man-db
need mandoc mandoc
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
# Readers of drift's reports.
need xmllint libxml2-utils

cannot() { # WHY
  echo "SETUP: $1: tests that need a real sshd or a lab of hosts cannot run here${missing:+; missing:$missing}" >&2
  [ "${CI-}" != true ] || exit 1
  exit 0
}
[ "$(uname -s)" = Linux ] || cannot 'this is not Linux'
[ "$(id -u)" = 0 ] || cannot 'not root'

if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || cannot 'there is no apt-get'
  echo "setup: installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # The tests start an sshd of their own: a new one must not serve this machine.
  case $missing in
    *openssh-server*)
      if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 0755 /usr/sbin/policy-rc.d
      fi
      ;;
  esac
  apt-get update -qq >&2
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
  case $missing in
    *openssh-server*) ! command -v systemctl >/dev/null 2>&1 || systemctl --quiet disable ssh.service 2>/dev/null || true ;;
  esac
fi
# Only the program that checks metrics: the package would start a server.
if ! command -v promtool >/dev/null 2>&1; then
  folder=$(mktemp -d)
  # apt's own user may be denied the folder, and then root downloads.
  (cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1 \
    && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool \
    && install -m 0755 usr/bin/promtool /usr/local/bin/promtool) \
    || echo "setup: no promtool: metrics are not checked by it" >&2
  rm -rf "$folder"
fi
# A browser for drift's page; it is large, and nothing else needs it.
if ! command -v chromium >/dev/null 2>&1; then
  echo "setup: installing chromium" >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 \
    || echo "setup: no chromium: pages are not looked at by a browser" >&2
fi
log=$(test/lab/sh/dependencies.sh 2>&1) || {
  echo "$log" >&2
  exit 1
}
