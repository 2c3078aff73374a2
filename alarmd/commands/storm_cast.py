"""Who plays in a storm, made from what was asked for: the nodes that run already, or an installation of the storm's own
with its receiver and its telephones. Called by `storm.py`.
"""

import secrets
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from alarmd.commands.storm_own import HOST, Own, Twilio, listen, own
from alarmd.commands.storm_wish import ALL, OWN, OWN_BUTTONS, Wish
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart, Malformed
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock
from alarmd.rehearsal.line import Mailbox, read_mailbox
from alarmd.rehearsal.phones import Answers, PhoneOwner
from alarmd.rehearsal.serving import served
from alarmd.rehearsal.storm.addresses import Addresses
from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.chance import rolls
from alarmd.rehearsal.storm.conductor import Cast
from alarmd.rehearsal.storm.consoles import Consoles, Ticks
from alarmd.rehearsal.storm.doors import Door, HttpDoor, MqttDoor, devices_of
from alarmd.rehearsal.storm.nodes import Nodes
from alarmd.rehearsal.storm.people import People
from alarmd.rehearsal.storm.plan import Dice
from alarmd.rehearsal.storm.provider import PATH, Phones, Provider, Receiver
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.told import Told
from alarmd.rehearsal.twilio_server import Exchange, create_phone_exchange

PHONED = 0.5
"""Times the share of alarms that are answered by key: that of telephones that answer by themselves."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Against what the storm goes, and by which keys. `own`: what of it is the storm's own."""

    urls: tuple[str, ...]
    devices: tuple[str, ...]
    press_key: str | None
    read_key: str | None
    answer_keys: tuple[str, ...]
    mailbox: Mailbox | None
    phones: str | None
    own: Own | None = None


@dataclass(slots=True)
class Casting:
    """Makes everything. `stack` ends it all, the last first."""

    wish: Wish
    folder: Path
    clock: Clock
    ticks: Ticks
    stack: AsyncExitStack
    supervisor: Supervisor
    session: aiohttp.ClientSession

    def books(self) -> Books:
        """The books that this storm needs."""
        wish = self.wish
        looking = wish.consoles if wish.nodes or wish.read_key else 0
        hearing = wish.nodes or wish.receiver is not None
        return Books([Sight(f"console {n}") for n in range(1, looking + 1)], Told() if hearing else None)

    async def ground(self, books: Books) -> tuple[Ground, Receiver | None]:
        """What there is, or what is made. Raises AlarmdError."""
        receiver = None
        webhook = ""
        if books.told is not None:
            listening = self.stack.enter_context(closing(listen(self.wish.receiver or 0)))
            webhook = f"http://{HOST}:{listening.getsockname()[1]}{PATH}"
            receiver = Receiver(books.told, self.clock, self.ticks)
            await self.stack.enter_async_context(served(receiver, listening, self.supervisor.spawn))
        return (await self._own(webhook) if self.wish.nodes else await self._found()), receiver

    async def cast(self, ground: Ground, receiver: Receiver | None, books: Books) -> tuple[Cast, Nodes | None]:
        """Everybody, and the nodes, started. Raises AlarmdError."""
        dice = rolls(self.wish.seed)
        addresses = Addresses(ground.urls, dice("addresses"), self.clock)
        nodes = await self._nodes(ground, addresses, books)
        consoles = Consoles(books, addresses, ground.read_key, self.clock, self.ticks) if books.sights else None
        phones = Phones(self.session, ground.phones) if ground.phones else None
        if phones is not None:
            await self._teach(phones, dice("phones"))
        people = None
        if self.wish.answers and ground.answer_keys:
            people = People(self.session, addresses, ground.answer_keys, books, self.clock, self.ticks)
        provider = Provider(receiver, phones, self.clock, books.tally.fault) if receiver or phones else None
        door = await self._door(ground, addresses)
        return Cast(door, consoles, people, provider, nodes), nodes

    async def _found(self) -> Ground:
        """Nodes that run already."""
        wish = self.wish
        if wish.devices == ALL or wish.devices.isdecimal():
            devices = await devices_of(self.session, wish.urls[0], wish.read_key or wish.key)
            if wish.devices != ALL:
                some = list(devices)
                many = min(int(wish.devices), len(some))
                chance = rolls(wish.seed)("which devices")
                devices = tuple(some.pop(int(chance.random() * len(some))) for _ in range(many))
        else:
            devices = tuple(filter(None, (word.strip() for word in wish.devices.split(","))))
        if not devices:
            raise Malformed("no devices to press: name them by --devices ID,ID, or load an organisation that has some")
        mailbox = read_mailbox(wish.mqtt) if wish.mqtt else None
        phones = wish.phones.rstrip("/") if wish.phones else None
        return Ground(wish.urls, devices, wish.key, wish.read_key, tuple(wish.answer_key or ()), mailbox, phones)

    async def _own(self, webhook: str) -> Ground:
        """Everything new."""
        wish = self.wish
        listening = self.stack.enter_context(closing(listen()))
        twilio = Twilio(
            f"http://{HOST}:{listening.getsockname()[1]}", "AC" + secrets.token_hex(16), secrets.token_hex(16)
        )
        made = await self.stack.enter_async_context(
            own(
                self.folder,
                nodes=wish.nodes,
                devices=OWN_BUTTONS if wish.devices == ALL else int(wish.devices),
                file=wish.settings,
                twilio=twilio,
                webhook=webhook,
            )
        )
        urls = tuple(daemon.url for daemon in made.daemons)
        exchange = self._exchange(twilio, urls[0], made.organisation)
        await self.stack.enter_async_context(served(exchange, listening, self.supervisor.spawn))
        mailbox = made.mailbox if wish.mqtt == OWN else None
        if wish.mqtt == OWN and mailbox is None:
            raise CannotStart("--mqtt own: there is no broker: set ALARMD_MQTT_URL=mqtt://... in the settings")
        return Ground(urls, made.devices, made.press_key, made.read_key, made.answer_keys, mailbox, twilio.url, made)

    def _exchange(self, twilio: Twilio, url: str, organisation: Organisation) -> Exchange:
        people = organisation.people.values()
        return create_phone_exchange(
            account_sid=twilio.account,
            auth_token=twilio.token,
            inbound_url=f"{url}/v1/hooks/twilio/message",
            people=[PhoneOwner(person.name, person.contact[0].address, "en") for person in people if person.contact],
            clock=self.clock,
            spawn=self.supervisor.spawn,
        )

    async def _nodes(self, ground: Ground, addresses: Addresses, books: Books) -> Nodes | None:
        if ground.own is None:
            return None
        made = ground.own
        nodes = Nodes(made.daemons, self.session, addresses, books.samples, self.clock, self.ticks, made.database)
        self.stack.push_async_callback(nodes.stop)
        await nodes.start()
        return nodes

    async def _teach(self, phones: Phones, dice: Dice) -> None:
        """Some telephones answer by themselves, after a while."""

        def habit() -> dict[str, object]:
            answers = dice.random() < self.wish.answers * PHONED
            what = dice.choice((Answers.REPLY, Answers.PRESS)) if answers else Answers.SILENT
            return {"answers": what, "says": "1", "after": round(dice.expovariate(1 / self.wish.answer_after), 2)}

        try:
            await phones.set_habits(habit)
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise CannotStart(f"--phones {self.wish.phones}: no telephones answer there: {fault}") from fault

    async def _door(self, ground: Ground, addresses: Addresses) -> Door:
        if ground.mailbox is None:
            return HttpDoor(self.session, addresses, ground.press_key)
        door = MqttDoor(ground.mailbox, self.clock)
        await door.open()
        self.stack.push_async_callback(door.close)
        return door
