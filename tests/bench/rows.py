"""What is measured of a system, one round of it. Times are milliseconds, unless the name of a figure says otherwise.
What is lost, or comes twice, is no figure: LostError.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import aiohttp

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.clock import SystemClock, new_id
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taker
from alarmd.organisation.file import parse
from alarmd.store import open_database
from alarmd.store.verify import verify
from tests.bench.load import Load, load, now, ref
from tests.bench.logs import EVENTS, closed, filled
from tests.bench.systems import DEVICES, Alarmd, System, installed, office, running

WARM, GAP = 20, 0.03
IN_FLIGHT = 32
GROUP = 256

Figures = dict[str, float]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Size:
    """How much of everything. `grown`: alarms in the log, in steps."""

    ones: int = 120
    storm: int = 1000
    storm_seconds: float = 10
    burst: int = 10_000
    posts: int = 4000
    many: int = 500
    some: int = 50
    outage_seconds: float = 3
    grown: Sequence[int] = (0, 1500, 15_000, 150_000)
    joined: int = 10_000


TINY = Size(WARM + 2, 10, 0.1, 100, 100, 5, 2, 0.1, (0, 10), 300)
"""Shows that it runs."""


@dataclass(frozen=True)
class Measured:
    """What one round has found. `curve`: points of it, for a plot."""

    figures: Figures
    curve: Points = field(default=())


class LostError(Exception):
    """What was pressed did not come, or came twice: there is nothing to be measured."""


async def one(name: str, size: Size) -> Measured:
    """A press, and when everybody has it an answer, and then the next."""
    return await _one_by_one(name, size, 1)


async def one_to_many(name: str, size: Size) -> Measured:
    return await _one_by_one(name, size, size.many)


async def _one_by_one(name: str, size: Size, consoles: int) -> Measured:
    acknowledged = []
    with running(name) as system:
        async with load(system, consoles) as there, _asking(system, "answer") as session:
            for number in range(size.ones):
                there.press(number)
                await _must(there, lambda pressed=number: there.seen.everywhere(pressed))  # type: ignore[misc]  # mypy infers no lambda with a default
                if consoles == 1:
                    acknowledged.append(await _answer(there, session, number))
                await asyncio.sleep(GAP)
    seen = there.seen
    console = [seen.last[n] - seen.pressed[n] for n in range(WARM, size.ones)]
    hook = [seen.hooked[n] - seen.pressed[n] for n in range(WARM, size.ones)]
    figures = {"console p50": _ms(console, 50), "console p99": _ms(console, 99), "webhook p50": _ms(hook, 50)}
    if acknowledged:
        figures["acknowledge p50"] = _ms(acknowledged[WARM:], 50)
    return Measured(figures, [(_ms(console, share), float(share)) for share in range(100)])


async def _answer(there: Load, session: aiohttp.ClientSession, number: int) -> int:
    """Somebody says that he is coming: how long it takes until the console shows it."""
    seen = there.seen
    alarm = seen.raised or ref(number)
    url, body = there.system.answer(alarm)
    began = now()
    async with session.post(url, data=body) as answered:
        assert answered.status < 300, await answered.text()
    await _must(there, lambda: alarm in seen.answered)
    return seen.answered[alarm] - began


async def storm(name: str, size: Size) -> Measured:
    return await _many(name, size.storm, size.many, size.storm_seconds)


async def burst(name: str, size: Size) -> Measured:
    return await _many(name, size.burst)


async def burst_to_some(name: str, size: Size) -> Measured:
    return await _many(name, size.burst, size.some)


async def _many(name: str, presses: int, consoles: int = 1, seconds: float = 0, hold: float = 0) -> Measured:
    """So many presses within so many seconds, 0: all at once. `hold`: seconds that the webhook takes to answer."""
    with running(name) as system:
        async with load(system, consoles) as there:
            there.webhook.hold = hold
            cpu, began, seen = system.cpu, now(), there.seen
            await _press(there, presses, seconds)
            await _must(there, lambda: len(seen.delays) >= presses * consoles and len(seen.hooked) >= presses)
            spent, most = system.cpu - cpu, system.memory("VmHWM")
    console, webhook = (_seconds(max(times.values()) - began) for times in (seen.last, seen.hooked))
    figures = {
        "p50": _ms(seen.delays, 50),
        "p99": _ms(seen.delays, 99),
        "console seconds": console,
        "seconds": max(console, webhook),
        "cpu seconds": round(spent, 2),
        "MiB": most,
    }
    told = sorted(seen.hooked.values())
    return Measured(figures, [(_seconds(told[n] - began), n + 1) for n in range(0, presses, max(1, presses // 100))])


async def hanging(name: str, size: Size) -> Measured:
    """A webhook that takes two seconds for each answer: do consoles notice?"""
    well = await _many(name, size.storm, seconds=size.storm_seconds)
    ill = await _many(name, size.storm, seconds=size.storm_seconds, hold=2.0)
    before, after = well.figures["p99"], ill.figures["p99"]
    return Measured({"p99": after, "p99 without": before, "ratio": round(after / before, 2)})


async def post(name: str, size: Size) -> Measured:
    """POST to 202, committed, some in flight; nobody is told by webhook."""
    with running(name, told=False) as system:
        async with _asking(system, "press") as session:
            numbers, began = iter(range(size.posts)), now()
            async with Supervisor() as supervisor:
                left = asyncio.Semaphore(0)
                for each in range(IN_FLIGHT):
                    supervisor.spawn(f"post {each}", _post_all(session, system, numbers, left))
                for _ in range(size.posts):
                    await left.acquire()
        return Measured({"per second": round(size.posts / (now() - began) * 1e9)})


async def start(name: str, _size: Size) -> Measured:
    """From exec to the first press accepted, the tables being there; and the memory of one that has nothing to do."""
    with installed(name, told=False) as system:
        system.start()
        system.end()
        seconds, idle = await _first(system), system.memory()
        system.end()
    return Measured({"seconds": seconds, "MiB": idle})


async def crash(name: str, size: Size) -> Measured:
    """Killed in the middle of a burst and started again: until every press is seen by console and webhook."""
    with running(name) as system:
        async with load(system) as there:
            await _press(there, size.burst, 0)
            await there.seen.until(lambda: len(there.seen.first) > size.burst / 4)
            system.kill()
            began = now()
            await _beside(system.start)
            up, seen = now(), there.seen
            await _must(there, lambda: len(seen.first) >= size.burst and len(seen.hooked) >= size.burst, twice=True)
    told = max(*seen.first.values(), *seen.hooked.values())
    return Measured({"seconds": _seconds(told - began), "ready seconds": _seconds(up - began)})


async def outage(name: str, size: Size) -> Measured:
    """The webhook refuses everybody for some seconds: until all are told after its return."""
    presses = size.storm // 5
    with running(name) as system:
        async with load(system) as there:
            there.webhook.away = True
            await _press(there, presses, size.outage_seconds)
            there.webhook.away, back = False, now()
            await _must(there, lambda: len(there.seen.hooked) >= presses)
    return Measured({"seconds": max(0.0, _seconds(max(there.seen.hooked.values()) - back))})


async def growth(name: str, size: Size) -> Measured:
    """What a press, a start and the list of alarms cost as the log grows, and how quickly it is verified."""
    curve, costs, held = [], [], 0
    with installed(name, told=False) as system:
        assert isinstance(system, Alarmd)
        url = system.daemon.environment["ALARMD_DATABASE_URL"]
        for alarms in size.grown:
            filled(url, held, alarms)
            held = alarms
            costs.append(await _costs(system))
            closed(url)
            curve.append((float(max(1, EVENTS * alarms)), costs[-1]["press"]))
        events, rate = _verified(url)
    ratios = {f"{what} ratio": round(costs[-1][what] / costs[0][what], 2) for what in ("press", "list")}
    later = round(costs[-1]["start"] - costs[0]["start"], 3)
    return Measured({**ratios, "start later": later, "verified per second": rate, "events": events, **costs[-1]}, curve)


async def decided(_name: str, size: Size) -> Measured:
    """Processor time of a press that is decided and written, in groups: one that opens an alarm, and one that joins an
    alarm of so many signals. Microseconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{folder}/alarmd.db"
        first = _decided(url, office(), [f"dev-{n % DEVICES}" for n in range(4 * GROUP)])
        groups = max(2, size.joined // GROUP)
        joined = _decided(url, office().replace("same_device: false", "same_device: true"), ["dev-0"] * groups * GROUP)
    return Measured({"first µs": statistics.median(first), "joins µs": statistics.median(joined[-5:])})


def _decided(url: str, text: str, presses: Sequence[str]) -> list[float]:
    """Of each group, what one press of it took."""
    clock, taker = SystemClock(), Taker("bench", new_id)
    took: list[float] = []
    organisation = parse(text, "", lambda _: frozenset()).organisation
    with closing(open_database(url, node="bench")) as database:
        with database.transaction() as unit:
            unit.add_organisation(organisation, by="bench", now=clock.now(), why=None)
        for begin in range(0, len(presses), GROUP):
            group = presses[begin : begin + GROUP]
            began = time.process_time()
            with database.transaction() as unit:
                for device in group:
                    taker.take(unit, Pressed(Device(device), device=device, ref=new_id()), clock.now())
            took.append(round((time.process_time() - began) / len(group) * 1e6))
    return took


def _verified(url: str) -> tuple[int, float]:
    """How many events, and how many for each second of processor time."""
    with closing(open_database(url, node="bench")) as database:
        began = time.process_time()
        report = verify(database)
        spent = time.process_time() - began
    assert not report.findings, report.findings
    return report.events, round(report.events / spent)


async def _costs(system: System) -> Figures:
    """One start, and then what is asked of it one by one."""
    seconds, asked = await _first(system), dict[str, list[int]](press=[], list=[])
    async with _asking(system, "press") as pressing, _asking(system, "read") as reading:
        for number in range(WARM + 200):
            began = now()
            await _post(pressing, system, number)
            asked["press"].append(now() - began)
        for _ in range(WARM):
            began = now()
            async with reading.get(f"{system.url}/v1/alarms?state=open") as answer:
                await answer.read()
            asked["list"].append(now() - began)
    system.end()
    return {"press": _ms(asked["press"][WARM:], 50), "list": _ms(asked["list"], 50), "start": seconds}


async def _first(system: System) -> float:
    """Seconds."""
    began = now()
    await _beside(system.start)
    async with _asking(system, "press") as session:
        await _post(session, system, 0)
    return _seconds(now() - began)


def _beside(work: Callable[[], None]) -> Awaitable[None]:
    return asyncio.get_running_loop().run_in_executor(None, work)


def _asking(system: System, scope: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=system.headers(scope))


async def _post_all(
    session: aiohttp.ClientSession, system: System, numbers: Iterable[int], left: asyncio.Semaphore
) -> None:
    for number in numbers:
        await _post(session, system, number)
        left.release()


async def _post(session: aiohttp.ClientSession, system: System, number: int) -> None:
    """Each is a press of its own, whoever has pressed under this number before."""
    body = {"device": f"dev-{number % DEVICES}", "kind": "panic", "ref": f"{now()}-{number}"}
    async with session.post(f"{system.url}/v1/signals", data=json.dumps(body)) as answer:
        assert answer.status == 202, await answer.text()


async def _press(there: Load, presses: int, seconds: float) -> None:
    began = now()
    for number in range(presses):
        due = began + int(number * seconds * 1e9 / presses)
        if number % 50 == 0 or due > now():
            await asyncio.sleep(max(0.0, (due - now()) / 1e9))
        there.press(number)


async def _must(there: Load, holds: Callable[[], object], *, twice: bool = False) -> None:
    """`twice`: after a crash what was under way may come again."""
    whole, seen = await there.seen.until(holds), there.seen
    if not whole or (seen.twice and not twice):
        places = f"{len(seen.first)} on a console, {len(seen.hooked)} at the webhook, {seen.twice} twice"
        raise LostError(f"of {len(seen.pressed)} presses {places}")


def _ms(nanoseconds: Sequence[int], percent: int) -> float:
    ordered = sorted(nanoseconds)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] / 1e6, 2)


def _seconds(nanoseconds: int) -> float:
    return round(nanoseconds / 1e9, 3)
