#!/bin/sh
# Turns a fresh Debian root into the root of a lab host. Called by mmdebstrap inside image.sh.
# Usage: customize.sh ROOT
set -eu
root=$1

# The network of a lab host: one interface, its address seeded per host.
systemctl --root="$root" enable systemd-networkd.service ssh.service >/dev/null 2>&1

# Nothing that boots a host slower or wakes it up later without being part of any story.
systemctl --root="$root" mask \
  console-getty.service getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-networkd-wait-online.service \
  systemd-timesyncd.service systemd-modules-load.service systemd-firstboot.service systemd-pcrphase.service \
  systemd-journal-catalog-update.service systemd-update-done.service ldconfig.service \
  systemd-hwdb-update.service systemd-tmpfiles-clean.timer >/dev/null 2>&1

# Identity is seeded per host.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/machine-id"

mkdir -p "$root/root/.ssh" "$root/srv/repo" "$root/srv/lab"
chmod 0700 "$root/root/.ssh"

# sudoer: may do everything without a password. asker: has to type one.
for user in sudoer asker; do
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
  mkdir -m 0700 "$root/home/$user/.ssh"
  chroot "$root" chown "$user:" "/home/$user/.ssh"
done
echo 'asker:lab password' | chroot "$root" chpasswd
echo 'sudoer ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/sudoer"
echo 'asker ALL=(ALL:ALL) ALL' >"$root/etc/sudoers.d/asker"
chmod 0440 "$root/etc/sudoers.d/sudoer" "$root/etc/sudoers.d/asker"
