#!/usr/bin/env bash
# Usage: scripts/venv.sh LOCK
# Makes .venv where there is none, and installs alarmd into it (editable) with exactly what LOCK says.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ ! -x .venv/bin/pip ]; then
    for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 none; do
        if [ "$python" = none ]; then
            echo "alarmd needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python" >&2
            exit 1
        fi
        usable "$python" && break
    done
    # Debian keeps what makes a venv in a package of its own.
    "$python" -c 'import ensurepip' 2>/dev/null || scripts/debian.sh "python3-venv=/nowhere"
    echo "making .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
echo "installing $lock ($(grep -c '==' "$lock") packages)"
# --no-deps: the lock names everything. Old pips look at newer versions of what a package asks for with an extra, and stop.
.venv/bin/pip install --disable-pip-version-check --no-deps --require-hashes --requirement "$lock" \
    | sed --unbuffered --quiet 's/^Collecting \([^ ]*\).*/  \1/p'
echo "installing alarmd"
.venv/bin/pip install --disable-pip-version-check --quiet --no-deps --editable .
