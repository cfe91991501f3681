#!/usr/bin/env bash
# Builds what deploy/Dockerfile builds, without Docker: in a Debian 13 root made
# by debootstrap. Then runs the result as the image would be run: as its own
# root, read-only, under the image's user. Needs root, a Debian mirror and half
# an hour; a second run builds only what changed.
#   deploy/image/test-build.sh [FOLDER]     default: build/image
set -euo pipefail
cd "$(dirname "$0")/../.."
source=$PWD
work=$(realpath -m "${1:-build/image}")
root=$work/debian-13
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

[[ $EUID -eq 0 ]] || { echo "needs root, for chroot" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
# Mounts made below vanish with their namespace, also when this is killed.
[[ ${IN_NAMESPACE:-} ]] || exec env IN_NAMESPACE=1 unshare --mount -- "$0" "$@"

if [[ ! -e $root/etc/debian_version ]]; then
  mkdir -p "$work"
  debootstrap --variant=minbase --include=ca-certificates trixie "$root.new" "$mirror"
  mv "$root.new" "$root"
fi
mount -t proc proc "$root/proc"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

# The committed tree, as the image's build context; what it built stays.
mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git -C "$source" ls-files -z | tar -C "$source" --null -T - -cf - | tar -C "$root/src" -xf -
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
  JOBS="${JOBS:-$(nproc)}" bash /src/deploy/image/build-root.sh /image

image=$root/image
mount --bind "$image" "$image"
mount -o remount,bind,ro "$image"
in_image() { chroot --userspec=65532:65532 "$image" "$@"; }
echo "--- in the image: $(du -sh "$image" | cut -f1), $(ls "$image/var/lib/dpkg/status.d" | wc -l) packages"
in_image /usr/bin/sequitur --version
in_image /usr/bin/sequitur check --config /etc/sequitur/sequitur.yaml
in_image /usr/bin/sequitur test --config /etc/sequitur/sequitur.yaml
if in_image /bin/sh -c true 2>/dev/null; then
  echo "there is a shell in the image" >&2
  exit 1
fi
echo "--- the image's root is good"
