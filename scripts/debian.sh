#!/usr/bin/env bash
# Usage: scripts/debian.sh PACKAGE=FILE ...
# Sees to it that Debian packages are there: FILE is a glob of what a package brings. Installs what is missing when it may
# (as root, or with a sudo that asks for no password), else ends with the command to run. Starts and enables no service:
# the tests start servers of their own, and a broker or database of the machine's would only take the ports.
set -euo pipefail

missing=()
for pair in "$@"; do
    compgen -G "${pair#*=}" >/dev/null || missing+=("${pair%%=*}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    as_root=(false)
fi
if [ "${as_root[*]}" = false ] || ! command -v apt-get >/dev/null; then
    echo "missing on this machine: ${missing[*]}. Run this, then the same make command again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
fi
echo "installing Debian packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}" \
    | sed --unbuffered --quiet '/^Setting up/p'
if command -v systemctl >/dev/null; then
    for package in "${missing[@]}"; do
        case "$package" in
            caddy | mosquitto | postgresql | redis-server) "${as_root[@]}" systemctl disable --quiet "$package" ;;
        esac
    done
fi
