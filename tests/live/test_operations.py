"""The commands of docs/operations.md that set up and move an installation, run as they stand there, in a folder that
stands for the root of a machine.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.daemon import OFFICE, Daemon, daemon

TOP = Path(__file__).parents[2]
TEXT = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
EXAMPLE = "postgresql://alarmd:PASSWORD@db-1,db-2/alarmd"
OTHERS = ("apt-get ", "python3 -m venv ", "useradd ", "systemctl ")
"""Commands that make a machine of one's own."""
ROOT = os.getuid() == 0
NOBODY = 65534
ALARMD = {"o": NOBODY, "g": NOBODY} if ROOT else {"o": os.getuid(), "g": os.getgid()}
"""Who is the user alarmd here, and his group."""
LOOK = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups" if ROOT else ""
MACHINE = f"""
systemctl() {{
    test "$*" = "stop alarmd" && kill "$DAEMON"
    until grep --quiet 'State:.Z' "/proc/$DAEMON/status"; do sleep 0.1; done
}}
# The Python that runs the tests may be in a folder that other users may not look into. So the command runs as whoever
# runs the tests, with the environment that sudo leaves it, and its files are looked at by the user alarmd.
sudo() {{
    test "$1 $2 $3" = "--preserve-env=ALARMD_DATABASE_URL -u alarmd"
    shift 3
    {LOOK} test -r .env
    for word in "$@"; do
        case "$word" in
            /*.yaml) {LOOK} test -r "$word" ;;
            /*.backup) {LOOK} test -w "${{word%/*}}" ;;
        esac
    done
    env -i PATH="$PATH" ${{ALARMD_DATABASE_URL+ALARMD_DATABASE_URL="$ALARMD_DATABASE_URL"}} "$@"
}}
"""

pytestmark = pytest.mark.timeout(120)  # whole processes, started and stopped


def commands(heading: str, first: str) -> str:
    """The block of commands under a heading that begins like this."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    return next(re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in blocks if block.strip().startswith(first))


@dataclass
class Machine:
    """One on which alarmd was installed by the book. `node`: its daemon."""

    root: Path
    node: Daemon

    @property
    def backups(self) -> Path:
        return self.root / "var" / "backups" / "alarmd"

    def run(self, script: str) -> str:
        """As root who has said first what the page asks for; what is printed."""
        return self.bash(MACHINE + commands("One machine", "cd /var/lib/alarmd") + script)

    def bash(self, script: str) -> str:
        script = script.replace("/opt/alarmd/bin/alarmd", f"{Path(sys.executable).parent}/alarmd")
        script = re.sub(r"(?<![\w/])/(etc|var)/", rf"{self.root}/\1/", script)
        script = re.sub(r"-([og]) alarmd\b", lambda who: f"-{who[1]} {ALARMD[who[1]]}", script)
        environment = {"PATH": "/usr/bin:/bin", "DAEMON": str(self.node.pid if self.node.running else "")}
        done = subprocess.run(
            ["/bin/bash", "-euc", script], cwd=TOP, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fill_in(self) -> None:
        """The settings of the node, one with a blank as the example file shows it, and the small office."""
        settings = {k: v for k, v in self.node.environment.items() if k.startswith("ALARMD_")}
        filled = settings | {"ALARMD_TRUSTED_PROXIES": "127.0.0.1, 172.16.0.0/12"}
        lines = (f"{name}={value}\n" for name, value in filled.items())
        (self.root / "etc" / "alarmd" / "alarmd.env").write_text("".join(lines), encoding="utf-8")
        (self.root / "etc" / "alarmd" / "organisation.yaml").write_text(OFFICE, encoding="utf-8")


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="alarmd-machine-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        home = root / "var" / "lib" / "alarmd"
        home.mkdir(parents=True)
        with daemon(home) as node:
            made = Machine(root, node)
            lines = commands("One machine", "apt-get").splitlines(keepends=True)
            made.bash("".join(line for line in lines if not line.startswith(OTHERS)))
            made.fill_in()
            yield made


def test_from_one_machine_to_nodes_on_postgresql(machine: Machine, postgres_url: str) -> None:
    one = machine.node
    one.headers("press")
    one.start()
    before = one.press(ref="before").json()
    script = commands("From one machine to three nodes", "alarmd backup rehearsal")
    assert EXAMPLE in script
    said = machine.run(script.replace(EXAMPLE, postgres_url))
    assert "restored moved.backup" in said
    assert said.rstrip().splitlines()[-1].startswith("the log is whole")
    node = Daemon(one.folder, {"ALARMD_DATABASE_URL": postgres_url}, _keys=one._keys)
    node.start()
    try:
        assert node.press(ref="before").json() == before
        assert node.press(ref="after").status_code == 202
    finally:
        node.stop()


def test_backup_restore_and_upgrade(machine: Machine) -> None:
    machine.run(commands("Backup", "alarmd backup"))
    (made,) = machine.backups.glob("20*.backup")
    made.rename(machine.backups / "2027-03-01.backup")
    said = machine.run(commands("Backup", "alarmd restore"))
    assert "alarmd.db.before-restore" in said
    assert "up to date" in machine.run(commands("Upgrade", "alarmd upgrade"))
