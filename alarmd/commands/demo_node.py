"""The running demo: the daemon, and beside it in the same loop the buttons and the telephone company, which start
after it and end before it. Called by `demo.py`.
"""

import shlex
import sys
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from alarmd.app.daemon import Node, node, start
from alarmd.commands.demo import HOST, Setup
from alarmd.commands.demo_office import Office, furnish
from alarmd.commands.demo_words import tell
from alarmd.observe.logging import configure
from alarmd.organisation.model import Organisation
from alarmd.rehearsal.buttons import Buttons, places_of
from alarmd.rehearsal.line import Mailbox
from alarmd.rehearsal.phones import PhoneOwner
from alarmd.rehearsal.serving import served
from alarmd.rehearsal.twilio_server import create_phone_exchange
from alarmd.settings import MQTT_PORT, Settings


def run(setup: Setup, console: Console) -> None:
    """Until Ctrl-C. Raises CannotStart."""
    with setup.log.open("a", buffering=1, encoding="utf-8") as log:
        configure(setup.settings.log_format, log)
        office = furnish(setup.settings)
        console.print("alarmd demo: starting the daemon, the broker, the buttons and the telephones …")
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
            start(_run(setup, office, console))
        console.print("\nalarmd demo: stopped." + (f" Everything is kept in {setup.folder}." if setup.kept else ""))


async def _run(setup: Setup, office: Office, console: Console) -> None:
    async with node(setup.settings) as started:
        buttons = _buttons(setup.settings, office.organisation, started)
        exchange = create_phone_exchange(
            account_sid=setup.settings.twilio_account_sid,
            auth_token=setup.settings.twilio_auth_token.get_secret_value(),
            inbound_url=setup.settings.base_url + "/v1/hooks/twilio/message",
            people=_owners(office.organisation),
            clock=started.house.clock,
            spawn=started.supervisor.spawn,
            buttons=buttons,
        )
        async with served(exchange, setup.phones, started.supervisor.spawn):
            buttons.start(started.supervisor.spawn)
            try:
                tell(console, setup.settings, setup.phones_url, setup.log, office, _storm(setup.settings, office))
                await started.serve()
            finally:
                await buttons.close()


def _buttons(settings: Settings, organisation: Organisation, started: Node) -> Buttons:
    mailbox = Mailbox(HOST, settings.embedded_port or MQTT_PORT)
    return Buttons(places_of(organisation), mailbox, started.house.clock)


def _owners(organisation: Organisation) -> list[PhoneOwner]:
    """A telephone for everybody who can be texted or called."""
    numbers = {
        contact.address: person
        for person in organisation.people.values()
        for contact in person.contact
        if contact.kind in ("sms", "voice")
    }
    return [PhoneOwner(person.name, number, organisation.language_of(person)) for number, person in numbers.items()]


def _storm(settings: Settings, office: Office) -> str:
    """A command line that can be pasted into another terminal."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "alarmd" else "alarmd"
    words = [program, "storm", "--url", settings.base_url, "--presses", "200", "--rate", "50"]
    return shlex.join([*words, "--key", office.press_key, "--read-key", office.read_key])
