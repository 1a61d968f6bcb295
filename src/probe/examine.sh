# Tells what decides over the success of an installation on a host, and changes nothing.
#   $1  nonce that frames the sections
#   $2 ... packages that an apply would install there
nonce=$1
shift
section() { printf '\n@%s %s\n' "$nonce" "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }

section clock
timedatectl show --property=NTPSynchronized --property=NTP --property=CanNTP 2>/dev/null
if has chronyc; then timeout 5 chronyc -n tracking 2>/dev/null | sed -n 's/^Leap status *: */chrony=/p'; fi

# Free kilobytes where an installation writes.
section space
for directory in / /etc /var /usr; do
  df -Pk "$directory" 2>/dev/null | awk -v directory="$directory" 'NR == 2 { print directory "=" $4 }'
done

# What the package lists of this host offer, without fetching them anew.
section offered
if [ $# -gt 0 ]; then
  if has apt-cache; then
    LC_ALL=C timeout 30 apt-cache policy "$@" 2>/dev/null | awk '
      /^[^ ].*:$/ { name = substr($0, 1, length($0) - 1) }
      $1 == "Candidate:" { print name "=" $2 }'
  elif has dnf; then
    LC_ALL=C timeout 60 dnf --quiet --cacheonly repoquery --available --latest-limit=1 \
      --qf '%{name}=%{version}-%{release}\n' "$@" 2>/dev/null
  fi
fi

# Why they could not be installed together, although each is offered: nothing where they could, or where it is unknown. apt and dnf
# resolve here as an installation does (install-apt.sh, install-dnf.sh), from the lists that are there; neither changes anything.
short_lines() {
  sed 's/^[[:space:]]*//; s/[[:space:]]*$//; s|://[^/@ ]*@|://|g' | awk '/./ && !seen[$0]++ && count++ < 8' | cut -c 1-300
}
section unmet
if [ $# -gt 0 ]; then
  if has apt-get; then
    said=$(LC_ALL=C timeout 30 apt-get install --simulate --no-remove --no-install-recommends -- "$@" 2>&1)
    # 100: apt could not (apt-get(8)); else it was timeout that ended it.
    [ $? -ne 100 ] || {
      printf '%s\n' "$said" | unmet_dependencies
      printf '%s\n' "$said" | grep -a '^E:.*[^:]$'
    } | short_lines
  elif has dnf; then
    LC_ALL=C timeout 60 dnf --cacheonly --assumeno --color=never --setopt=install_weak_deps=False install "$@" 2>&1 </dev/null |
      grep -aE '^ *(Problem:|-) ' | short_lines
  fi
fi

section end
