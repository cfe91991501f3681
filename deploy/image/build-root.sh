#!/usr/bin/env bash
# Builds sequitur and loadgen in this source tree, on Debian 13, and lays the
# root file system of the image in DEST: sequitur, the libraries it loads,
# certificates, time zones, the shipped configuration, and nothing else.
#   deploy/image/build-root.sh DEST
# deploy/Dockerfile and deploy/image/test-build.sh both run it.
set -euo pipefail
dest=${1:?usage: build-root.sh DEST}
cd "$(dirname "$0")/../.."

deploy/install-build-deps.sh
cmake --preset release >/dev/null
cmake --build build/release --parallel "${JOBS:-$(nproc)}" --target sequitur loadgen

rm -rf "$dest"
install -d "$dest"/{etc/ssl/certs,etc/sequitur,usr/bin,usr/lib/ssl,usr/lib64,usr/share/zoneinfo,var/lib/dpkg/status.d} \
  "$dest"/{dev,proc,run,sys,tmp}
chmod 1777 "$dest/tmp"
ln -s usr/lib "$dest/lib"
ln -s usr/lib64 "$dest/lib64"
install --strip build/release/sequitur "$dest/usr/bin"

# Says which package a file is of, where scanners look for it in images without
# dpkg, and keeps the package's licence.
declare -A named=()
name_package() {
  local package
  package=$(dpkg-query -S "$(realpath "$1")" | head -n 1 | cut -d: -f1)
  [[ -z ${named[$package]:-} ]] || return 0
  named[$package]=yes
  dpkg-query --status "$package" >"$dest/var/lib/dpkg/status.d/$package"
  install -D -m 644 "/usr/share/doc/$package/copyright" "$dest/usr/share/doc/$package/copyright"
}

mapfile -t libraries < <(ldd build/release/sequitur | grep -o '/[^ ]*\.so[^ ]*' | sort -u)
for library in "${libraries[@]}"; do
  target=$library
  [[ $target == /usr/* ]] || target=/usr$target
  install -D -m 755 "$(realpath "$library")" "$dest$target"
  name_package "$library"
done

install -m 644 /etc/ssl/certs/ca-certificates.crt "$dest/etc/ssl/certs/"
ln -s /etc/ssl/certs/ca-certificates.crt "$dest/usr/lib/ssl/cert.pem"
name_package /usr/share/doc/ca-certificates/copyright
tar -C /usr/share/zoneinfo --exclude=./posix --exclude=./right -cf - . | tar -C "$dest/usr/share/zoneinfo" -xf -
name_package /usr/share/zoneinfo/Europe/Berlin

printf 'root:x:0:0::/:/nonexistent\nsequitur:x:65532:65532::/:/nonexistent\n' >"$dest/etc/passwd"
printf 'root:x:0:\nsequitur:x:65532:\n' >"$dest/etc/group"
printf 'hosts: files dns\n' >"$dest/etc/nsswitch.conf"
cp /etc/os-release "$dest/etc/os-release"
cp -r config/. "$dest/etc/sequitur/"
# Inside a container, 127.0.0.1 is nobody's way in.
printf '\nhttp:\n  listen: 0.0.0.0:9464\n' >>"$dest/etc/sequitur/sequitur.yaml"
chmod -R a+rX "$dest"
