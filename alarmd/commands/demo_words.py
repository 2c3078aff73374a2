"""What `alarmd demo` says when it is ready: where to look, whom to sign in as, what to try. Readable in a pipe too."""

from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from alarmd.commands.demo_office import DURESS_PIN, PIN, WORD, Office
from alarmd.settings import Settings

TRY = (
    "Sign in as ola at the console and begin the shift there, so that it may make a sound.",
    "Press a desk button above the telephones. Texts arrive within a second; the light tells how far help has come.",
    "Answer nothing: 15 seconds later whoever is on duty is called. Take the call, press 1, and look at the light.",
    "Press the silent one, under the table: it shows nothing at all. The console does.",
    "Raise an alarm as kari on the page for a phone, and take it back there with the duress PIN. What does ola see?",
)


def tell(console: Console, settings: Settings, phones: str, log: Path, office: Office, storm: str) -> None:
    """Everything that somebody needs who sees alarmd for the first time."""
    base = settings.base_url
    console.print(f"\n[bold green]alarmd runs[/], with the office of [bold]{office.organisation.name}[/].\n")
    console.print("[bold]Open[/]")
    _rows(
        console,
        (f"{phones}/", "simulated telephones and desk buttons"),
        (f"{base}/console", "the guards' console"),
        (f"{base}/m", "the page for a phone: raise an alarm, see who is coming"),
    )
    if office.doors:
        console.print(
            f"[bold]Sign in as[/], each with the password [bold]{WORD}[/], PIN {PIN}, duress PIN {DURESS_PIN}"
        )
        _rows(console, *((person, f"{name} ({roles})") for person, name, roles in office.doors))
    console.print("[bold]Try[/]")
    _rows(console, *((f"{number}.", what) for number, what in enumerate(TRY, 1)))
    console.print("[bold]A storm[/] against this office, from another terminal:\n")
    console.print(f"  {storm}\n", soft_wrap=True, markup=False)
    console.print("[bold]Besides[/]")
    _rows(
        console,
        ("MQTT", f"devices find the broker at 127.0.0.1:{settings.embedded_port} (3.1.1)"),
        ("Log", str(log)),
    )
    console.print("Ctrl-C ends everything.")


def _rows(console: Console, *rows: tuple[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    for row in rows:
        table.add_row(*row)
    console.print(Padding(table, (0, 0, 1, 2)))
