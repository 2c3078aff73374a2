"""alarmd as it was before its newest migration, out of the history of this repository."""

import subprocess
from pathlib import Path

import alarmd
from alarmd.store.upgrade import FOLDER, revisions

TOP = Path(__file__).parents[2]


def before_the_newest_migration(folder: Path) -> Path | None:
    """A folder with that code, to stand first in the path; None where there is no migration but the first, or no
    history to look in.
    """
    newest = revisions()[-1]
    added = next((file for file in (FOLDER / "versions").glob(f"r{newest}_*.py")), None)
    if len(revisions()) == 1 or added is None:
        return None
    log = ["git", "log", "--diff-filter=A", "--format=%H", "-1", "--", str(added)]
    commit = subprocess.run(log, cwd=TOP, capture_output=True, text=True, check=False).stdout.strip()
    archive = ["git", "archive", f"{commit}~1", "alarmd"]
    done = subprocess.run(archive, cwd=TOP, capture_output=True, check=False)
    if not commit or done.returncode:
        return None
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=done.stdout, check=True)
    built = Path(alarmd.__file__).parent / "console" / "static"
    (folder / "alarmd" / "console" / "static").symlink_to(built)
    return folder
