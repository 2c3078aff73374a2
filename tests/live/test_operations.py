"""The commands of docs/operations.md that move an installation, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, daemon

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
EXAMPLE = "postgresql://alarmd:PASSWORD@db-1,db-2/alarmd"
STOPPED = """
systemctl() {
    test "$*" = "stop alarmd" && kill "$DAEMON"
    until grep --quiet 'State:.Z' "/proc/$DAEMON/status"; do sleep 0.1; done
}
"""

pytestmark = pytest.mark.timeout(120)  # whole processes, started and stopped


def commands(heading: str, first: str) -> str:
    """The block of commands under a heading that begins like this."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    return next(re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in blocks if block.strip().startswith(first))


def run(one: Daemon, script: str) -> str:
    environment = one.environment | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "DAEMON": str(one.pid if one.running else ""),
    }
    done = subprocess.run(
        ["/bin/bash", "-euc", script], cwd=one.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_one_machine_to_nodes_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with daemon(tmp_path) as one:
        one.headers("press")
        one.start()
        before = one.press(ref="before").json()
        script = commands("From one machine to three nodes", "alarmd backup rehearsal")
        assert EXAMPLE in script
        said = run(one, STOPPED + script.replace(EXAMPLE, postgres_url))
        assert "restored moved.backup" in said
        assert said.rstrip().splitlines()[-1].startswith("the log is whole")
        node = Daemon(tmp_path, {"ALARMD_DATABASE_URL": postgres_url}, _keys=one._keys)
        node.start()
        try:
            assert node.press(ref="before").json() == before
            assert node.press(ref="after").status_code == 202
        finally:
            node.stop()


def test_backup_restore_and_upgrade(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        places = ("/var/backups/alarmd/", f"{tmp_path}/")
        run(one, commands("Backup", "alarmd backup").replace(*places))
        (made,) = tmp_path.glob("20*.backup")
        made.rename(tmp_path / "2027-03-01.backup")
        said = run(one, commands("Backup", "alarmd restore").replace(*places))
        assert "alarmd.db.before-restore" in said
        assert "up to date" in run(one, commands("Upgrade", "alarmd upgrade").replace(*places))
