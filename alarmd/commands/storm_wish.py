"""What may be asked of `alarmd storm`, and what is wrong with it: everything that can be told before anything is
started. The command line takes its options from here, so this imports little. Called by `cli.py` and `storm.py`.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from alarmd.alarm.model import Kind
from alarmd.errors import Malformed
from alarmd.rehearsal.storm.weather import Weather

ALL = "all"
OWN = "own"
"""`--mqtt own`: by the broker of the nodes that the storm starts."""
OWN_BUTTONS = 100
DEFAULT_URL = "http://127.0.0.1:8080"
SECRETS = ("key", "read_key", "answer_key")
LONGEST = 24 * 3600.0
"""Seconds from the first press to the last, at most."""


AGAINST, PRESSED, AROUND, TROUBLE, VERDICT = (
    partial(typer.Option, rich_help_panel=panel)
    for panel in (
        "Against what",
        "What is pressed",
        "Who looks on, is told and answers",
        "What goes wrong meanwhile",
        "The verdict",
    )
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of the command line; each field is one of them."""

    url: Annotated[list[str] | None, AGAINST(help="A node that is to stand it; repeat it for several.")] = None
    nodes: Annotated[int, AGAINST(min=0, max=20, help="Start so many nodes here, with all that they need.")] = 0
    settings: Annotated[Path | None, AGAINST(metavar="FILE", help="Their settings, in the form of `.env`.")] = None
    key: Annotated[str | None, AGAINST(help="A key that may press any device.")] = None
    mqtt: Annotated[str | None, AGAINST(metavar="URL|own", help="Press by this broker instead of by HTTP.")] = None

    presses: Annotated[int, PRESSED(min=1, max=100_000, help="How many presses.")] = 1000
    devices: Annotated[str, PRESSED(metavar="all|N|ID,ID", help="Which devices are pressed.")] = ALL
    rate: Annotated[float, PRESSED(min=0, max=100_000, help="Presses a second; 0: all at once.")] = 0
    seed: Annotated[int, PRESSED(help="The same seed is the same storm.")] = 1
    kinds: Annotated[str, PRESSED(metavar="KIND=WEIGHT,…", help="Kinds asked for; else each device's own.")] = ""
    repeats: Annotated[float, PRESSED(min=0, max=1, help="Share that is sent again with the same ref.")] = 0
    late: Annotated[float, PRESSED(min=0, max=1, help="Share that was pressed up to six hours ago.")] = 0
    garbled: Annotated[float, PRESSED(min=0, max=1, help="Share that cannot be read; by MQTT alone.")] = 0

    read_key: Annotated[str | None, AROUND(help="A key that may read: consoles look on.")] = None
    consoles: Annotated[int, AROUND(min=0, max=2000, help="How many consoles look on.")] = 1
    answer_key: Annotated[list[str] | None, AROUND(help="A key of somebody who answers; repeat it for several.")] = None
    answers: Annotated[float, AROUND(min=0, max=1, help="Share of the alarms that somebody answers.")] = 0
    answer_after: Annotated[float, AROUND(min=0.01, max=600, help="Seconds, on average, for each act of his.")] = 3
    receiver: Annotated[
        int | None, AROUND(min=1, max=65535, metavar="PORT", help="Be the webhook http://127.0.0.1:PORT/alarm.")
    ] = None
    phones: Annotated[str | None, AROUND(metavar="URL", help="The page of a demo's simulated telephones.")] = None

    slow: Annotated[float, TROUBLE(min=0, max=1, help="Share of the time in which providers are slow.")] = 0
    failing: Annotated[float, TROUBLE(min=0, max=1, help="Share of the time in which providers fail.")] = 0
    kill_every: Annotated[
        float | None, TROUBLE(min=1, metavar="SECONDS", help="Kill one of the --nodes about so often.")
    ] = None
    cut_every: Annotated[
        float | None, TROUBLE(min=0.1, metavar="SECONDS", help="Cut the line of a console about so often.")
    ] = None

    patience: Annotated[float, VERDICT(min=1, max=600, help="Seconds from the last press to the verdict.")] = 30
    steps_within: Annotated[float, VERDICT(min=0.1, max=60, help="Seconds that a step may be late.")] = 2
    json: Annotated[Path | None, VERDICT(metavar="FILE", help="Write the figures there too.")] = None
    page: Annotated[Path | None, VERDICT(metavar="FILE", help="And a page with plots there.")] = None

    @property
    def urls(self) -> tuple[str, ...]:
        """The nodes that run already."""
        return tuple(url.rstrip("/") for url in self.url or (DEFAULT_URL,))

    @property
    def again(self) -> str:
        """The command line by which this storm can be had once more, without the keys and passwords in it."""
        words = ["alarmd", "storm"]
        for field in fields(self):
            value, option = getattr(self, field.name), f"--{field.name.replace('_', '-')}"
            if field.name in ("json", "page") or (value in (field.default, None) and field.name != "seed"):
                continue
            for each in value if isinstance(value, list) else [value]:
                said = f"{each:g}" if isinstance(each, float) else f"{each}"
                words += [option, "..." if field.name in SECRETS or "@" in said else said]
        return shlex.join(words)

    def check(self) -> None:
        """Raises Malformed, saying which option and what would be right."""
        for url in self.urls:
            if not url.startswith(("http://", "https://")):
                raise Malformed(f"--url {url}: expected http://HOST:PORT")
        if self.nodes:
            self._check_own()
        else:
            self._check_other()
        if self.garbled and self.mqtt is None:
            raise Malformed("--garbled: over HTTP what cannot be read is refused with 422; send it by --mqtt")
        if self.rate and self.presses / self.rate > LONGEST:
            raise Malformed(f"{self.presses} presses at {self.rate:g} a second take more than a day; fewer, or faster")
        kinds_of(self.kinds)

    def weather(self, devices: tuple[str, ...]) -> Weather:
        """What storm that is, with these devices."""
        return Weather(
            presses=self.presses,
            devices=devices,
            rate=self.rate,
            seed=self.seed,
            patience=self.patience,
            kinds=kinds_of(self.kinds),
            repeats=self.repeats,
            late=self.late,
            garbled=self.garbled,
            answers=self.answers,
            answer_after=self.answer_after,
            slow=self.slow,
            failing=self.failing,
            kill_every=self.kill_every,
            cut_every=self.cut_every,
        )

    def _check_own(self) -> None:
        given = [
            option
            for option, value in (
                ("--key", self.key),
                ("--read-key", self.read_key),
                ("--answer-key", self.answer_key),
                ("--receiver", self.receiver),
                ("--phones", self.phones),
            )
            if value
        ]
        if given:
            raise Malformed(
                f"{', '.join(given)}: nodes that the storm starts have their own keys, receiver and telephones"
            )
        if self.mqtt not in (None, OWN):
            raise Malformed(
                f"--mqtt {self.mqtt}: with --nodes write --mqtt {OWN}; the broker is the one of the settings"
            )
        if self.devices != ALL and not self.devices.isdecimal():
            raise Malformed(f"--devices {self.devices}: buttons of the storm's own have no names; say how many")
        if self.nodes > 1 and self.settings is None:
            raise Malformed(
                f"--nodes {self.nodes}: several nodes need a PostgreSQL and a broker; "
                "name them in a file, as in config/alarmd.env.example, and give it by --settings FILE"
            )

    def _check_other(self) -> None:
        if self.kill_every is not None:
            raise Malformed("--kill-every: only nodes that the storm has started are killed; add --nodes N")
        if self.settings is not None:
            raise Malformed("--settings: they are those of nodes that the storm starts; add --nodes N")
        if self.mqtt == OWN:
            raise Malformed(f"--mqtt {OWN}: only with --nodes; else name the broker, as mqtt://HOST[:PORT]")
        if self.mqtt is None and self.key is None:
            raise Malformed("nobody may press without a key: give one by --key, or a broker by --mqtt")
        if self.answers and not (self.answer_key and self.read_key):
            raise Malformed("--answers: who answers sees alarms by --read-key, and does so by --answer-key")
        if (self.slow or self.failing) and self.receiver is None and self.phones is None:
            raise Malformed("--slow, --failing: whose? give --receiver PORT, or --phones URL")


def kinds_of(text: str) -> Mapping[Kind, float]:
    """`panic=8,assist=2`: how often each is asked for. Raises Malformed."""
    found: dict[Kind, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, weight = part.partition("=")
        try:
            found[Kind(word)] = float(weight)
        except ValueError:
            raise Malformed(f"--kinds {part}: expected KIND=WEIGHT, with one of {', '.join(Kind)}") from None
        if not 0 < found[Kind(word)] < float("inf"):
            raise Malformed(f"--kinds {part}: a weight is a number above nought")
    return found
