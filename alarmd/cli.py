"""The command line of the contract: parses arguments, nothing else. Each command is imported when it is called, so
that `--help` is quick.

Exit status 0, or 1 with clear lines on stderr for whatever alarmd refuses; never a stack trace.
"""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from alarmd.access.model import Scope
from alarmd.alarm.model import Kind
from alarmd.errors import AlarmdError
from alarmd.settings import Settings, load

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Panic-button and duress alarms."
)
key = typer.Typer(no_args_is_help=True, help="Keys for devices and programs.")
account = typer.Typer(no_args_is_help=True, help="Who can sign in.")
pin = typer.Typer(no_args_is_help=True, help="The codes that cancel one's own alarm.")
app.add_typer(key, name="key")
app.add_typer(account, name="account")
app.add_typer(pin, name="pin")

GARBAGE = (50_000, 50, 100)
"""How seldom Python looks for garbage that refers to itself. There is next to none, and in a storm of true alarms, all
of which stay, looking through them again and again was two fifths of all work."""


def main() -> None:
    """The program. What alarmd refuses is told in its own words."""
    gc.set_threshold(*GARBAGE)
    try:
        app()
    except AlarmdError as refused:
        sys.exit(f"{refused}")
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def settings() -> Settings:
    """Those of the environment; read only when a command needs them, so that `--help` always works."""
    return load()


@app.command()
def run() -> None:
    """Run the daemon with the settings of the environment."""
    from alarmd.app.daemon import run as start

    start(settings())


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the console listens on 127.0.0.1.")] = 8080,
    phones_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the simulated phones and buttons are shown.")
    ] = 8081,
    mqtt_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Where the broker listens; else on 1883, or elsewhere if that is taken."),
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep the data here instead of a temporary folder.")] = None,
) -> None:
    """A sample office with simulated buttons and phones; needs nothing else."""
    from alarmd.commands.demo import demo as start

    start(port=port, phones_port=phones_port, mqtt_port=mqtt_port, folder=folder)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="The organisation file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference, change nothing.")] = False,
    accept: Annotated[str | None, typer.Option(metavar="REASON", help="Take a chain that can reach nobody.")] = None,
) -> None:
    """Load an organisation file: all or nothing."""
    from alarmd.commands import apply as command

    command.apply(settings(), file, dry_run=dry_run, accept=accept)


@app.command()
def export() -> None:
    """Write the organisation that holds now to stdout."""
    from alarmd.commands import apply as command

    command.export(settings())


@key.command("create")
def key_create(
    name: Annotated[str, typer.Option(help="What it is called in lists and logs.")],
    scope: Annotated[Scope, typer.Option(help="What it is for.")],
    device: Annotated[str | None, typer.Option(help="A press key for this device alone.")] = None,
    site: Annotated[str | None, typer.Option(help="Limited to this site.")] = None,
    person: Annotated[str | None, typer.Option(help="In whose name it answers.")] = None,
) -> None:
    """Make a key; it stands alone on the last line and is shown only now."""
    from alarmd.commands import keys

    print(keys.create(settings(), keys.Wish(name, scope, device, site, person)))


@key.command("list")
def key_list() -> None:
    """Show the keys that hold."""
    from alarmd.commands import keys

    keys.show(settings())


@key.command("revoke")
def key_revoke(name: str) -> None:
    """Take a key back, at once."""
    from alarmd.commands import keys

    keys.revoke(settings(), name)


@account.command("create")
def account_create(person: Annotated[str, typer.Option(help="The person's id.")]) -> None:
    """Let a person sign in; asks for the password."""
    from alarmd.commands import accounts

    accounts.create(settings(), person)


@pin.command("set")
def pin_set(person: str) -> None:
    """Set a person's PIN and duress PIN; asks for both."""
    from alarmd.commands import accounts

    accounts.set_pins(settings(), person)


@app.command()
def press(
    device: str,
    kind: Annotated[Kind | None, typer.Option(help="Other than the device's own.")] = None,
    ref: Annotated[str | None, typer.Option(help="A mark of yours; the same mark is the same press.")] = None,
    note: Annotated[str | None, typer.Option(help="What the responders should know.")] = None,
) -> None:
    """Press a button from here."""
    from alarmd.commands.press import press as command

    command(settings(), device, kind=kind, ref=ref, note=note)


@app.command()
def preview(
    device: str,
    kind: Annotated[Kind | None, typer.Option(help="Other than the device's own.")] = None,
    at: Annotated[str | None, typer.Option(help="When; without an offset local to the site.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show who would be told, when and how; tells nobody."""
    from alarmd.commands.preview import preview as command

    command(settings(), device, kind=kind, at=at, as_json=as_json)


@app.command()
def oncall(
    schedule: str,
    at: Annotated[str | None, typer.Option(help="When; without an offset local to the site. Else now.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="All who are from then on, for a week.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Until when.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    as_ics: Annotated[bool, typer.Option("--ics", help="A calendar; of 90 days, if nothing else is said.")] = False,
) -> None:
    """Show who is on call, at a time or over a span."""
    from alarmd.commands.oncall import Wish
    from alarmd.commands.oncall import oncall as command

    command(settings(), schedule, Wish(at, start, end, as_json, as_ics))


@app.command()
def storm(
    url: Annotated[str, typer.Option(help="The alarmd that is to stand it.")] = "http://127.0.0.1:8080",
    presses: Annotated[int, typer.Option(min=1, max=100_000, help="How many presses.")] = 1000,
    devices: Annotated[str, typer.Option(metavar="all|ID,ID", help="Which devices are pressed.")] = "all",
    rate: Annotated[float, typer.Option(min=0, max=100_000, help="Presses a second; 0: all at once.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed presses the same devices in the same order.")] = 1,
    key: Annotated[str | None, typer.Option(help="A key that may press any device.")] = None,
    mqtt: Annotated[str | None, typer.Option(metavar="URL", help="Press by this broker instead of by HTTP.")] = None,
    read_key: Annotated[str | None, typer.Option(help="A key that may read: a console looks on.")] = None,
    patience: Annotated[float, typer.Option(min=1, max=600, help="Seconds from the last press to the verdict.")] = 30,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures there too.")] = None,
) -> None:
    """Press many buttons of a running alarmd; status 1 when anything was lost or came twice."""
    from alarmd.commands.storm import Wish
    from alarmd.commands.storm import storm as command

    command(Wish(url, presses, devices, rate, seed, patience, key, read_key, mqtt, json))


@app.command()
def verify() -> None:
    """Check that the log is as it was written."""
    from alarmd.commands.verify import verify as command

    command(settings())


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Copy everything into one file, beside a running daemon too."""
    from alarmd.commands import backup as command

    command.backup(settings(), file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `alarmd backup` made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up what PostgreSQL holds now.")] = False,
    accept: Annotated[
        str | None, typer.Option(metavar="REASON", help="Take one that is not as it was written.")
    ] = None,
) -> None:
    """Put a backup back; no daemon may run."""
    from alarmd.commands import backup as command

    command.restore(settings(), file, replace=replace, accept=accept)


@app.command()
def upgrade(
    check: Annotated[bool, typer.Option("--check", help="Only say what is to be done; status 1 if there is.")] = False,
) -> None:
    """Bring the database to this version."""
    from alarmd.commands import upgrade as command

    command.upgrade(settings(), check=check)
