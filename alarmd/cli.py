"""The command line of the contract: parses arguments, nothing else. Each command is imported when it is called, so
that `--help` is quick.

Exit status 0, or 1 with clear lines on stderr for whatever alarmd refuses; never a stack trace.
"""

import gc
import sys
from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from alarmd.access.model import Scope
from alarmd.alarm.model import Kind
from alarmd.commands.storm_wish import Wish as StormWish
from alarmd.errors import AlarmdError
from alarmd.settings import Settings, load

T = TypeVar("T")

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


def asks(wish: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """A command whose options are the fields of a dataclass, with their types and defaults."""
    hints = get_type_hints(wish, include_extras=True)
    parameters = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(wish)  # type: ignore[arg-type]  # a dataclass, which no bound of a type variable can say
    ]

    def asking(command: Callable[[T], None]) -> Callable[..., None]:
        def ask(**given: Any) -> None:
            command(wish(**given))

        ask.__name__, ask.__doc__ = command.__name__, command.__doc__
        ask.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
        return ask

    return asking


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

    accounts.new_pins(settings(), person)


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
@asks(StormWish)
def storm(wish: StormWish) -> None:
    """Press very many buttons, and check every promise; status 1 when one was broken.

    `alarmd storm --nodes 1` needs nothing else: a node, a broker and an office of its own, gone afterwards.
    """
    from alarmd.commands.storm import storm as command

    command(wish)


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
