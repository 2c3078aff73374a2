"""Does a signal open an alarm, join one, or make one stronger: the contract's rule, case by case."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alarmd.alarm.joining import Joins, Presser, Rules, bound, join, settles
from alarmd.alarm.model import Alarm, By, Device, Kind, Person, Responder, ResponderState, Signal, State
from tests.support.story import BEGAN

ROOM, HALL = "fjordvik/room-2", "fjordvik/hall"
TEN_MINUTES = timedelta(minutes=10)
LIVE = [Kind.DURESS, Kind.PANIC, Kind.MEDICAL, Kind.LONE_WORKER, Kind.ASSIST]


def open_alarm(
    kind: Kind, device: str | None = "b1", zone: str = ROOM, at: datetime = BEGAN, by: By | None = None
) -> Alarm:
    signal = Signal(f"s-{kind}", at, kind, by or Device(device or ""), device=device, zone=zone)
    return Alarm(f"a-{kind}", State.RAISED, kind, at, at, 1, "c", 1, "10", signals=(signal,))


def pressed(device: str, zone: str = ROOM) -> Presser:
    return Presser(Device(device), device, zone)


def joined(
    kind: Kind, alarms: list[Alarm], presser: Presser, *, same_device: bool = True, after: timedelta = timedelta(0)
) -> tuple[Joins, Alarm | None]:
    return join(presser, kind, alarms, Rules(same_device, TEN_MINUTES), BEGAN + after)


@pytest.mark.parametrize("there", LIVE)
@pytest.mark.parametrize("comes", LIVE)
def test_in_the_same_zone_it_joins_what_is_equal_or_stronger_and_a_duress_only_a_duress(
    comes: Kind, there: Kind
) -> None:
    alarm = open_alarm(there)
    joins = LIVE.index(there) <= LIVE.index(comes) if comes is not Kind.DURESS else there is Kind.DURESS
    assert joined(comes, [alarm], pressed("b2")) == ((Joins.JOINS, alarm) if joins else (Joins.OPENS, None))


@pytest.mark.parametrize("there", LIVE)
@pytest.mark.parametrize("comes", LIVE)
def test_on_the_same_device_a_stronger_kind_upgrades(comes: Kind, there: Kind) -> None:
    alarm = open_alarm(there)
    stronger = LIVE.index(comes) < LIVE.index(there)
    assert joined(comes, [alarm], pressed("b1")) == (Joins.UPGRADES if stronger else Joins.JOINS, alarm)


@pytest.mark.parametrize("kind", [Kind.TECHNICAL, Kind.TEST])
def test_technical_and_test_signals_stand_apart(kind: Kind) -> None:
    assert joined(kind, [open_alarm(k) for k in Kind], pressed("b1")) == (Joins.OPENS, None)
    for live in LIVE:
        assert joined(live, [open_alarm(kind)], pressed("b1")) == (Joins.OPENS, None)


def test_a_live_signal_never_joins_a_drill() -> None:
    drill = replace(open_alarm(Kind.PANIC), drill=True)
    assert joined(Kind.PANIC, [drill], pressed("b1")) == (Joins.OPENS, None)


@pytest.mark.parametrize(
    ("after", "joins"),
    [(timedelta(0), True), (TEN_MINUTES, True), (TEN_MINUTES + timedelta(milliseconds=1), False)],
)
def test_another_device_joins_within_the_window_its_end_included(after: timedelta, joins: bool) -> None:
    what, _ = joined(Kind.PANIC, [open_alarm(Kind.PANIC)], pressed("b2"), after=after)
    assert (what is Joins.JOINS) == joins


def test_the_window_is_counted_from_the_last_signal_of_the_zone() -> None:
    alarm = open_alarm(Kind.PANIC)
    later = replace(alarm.first, id="s2", at=BEGAN + TEN_MINUTES)
    alarm = replace(alarm, signals=(alarm.first, later))
    assert joined(Kind.PANIC, [alarm], pressed("b2"), after=2 * TEN_MINUTES) == (Joins.JOINS, alarm)


def test_the_same_device_joins_however_late() -> None:
    alarm = open_alarm(Kind.PANIC)
    assert joined(Kind.PANIC, [alarm], pressed("b1"), after=timedelta(days=1)) == (Joins.JOINS, alarm)


def test_another_zone_opens_its_own() -> None:
    assert joined(Kind.PANIC, [open_alarm(Kind.PANIC)], pressed("b2", HALL)) == (Joins.OPENS, None)
    nowhere = Presser(Device("b2"), "b2", None)
    assert joined(Kind.PANIC, [open_alarm(Kind.PANIC)], nowhere) == (Joins.OPENS, None)


def test_an_organisation_may_want_nothing_joined() -> None:
    alarm = open_alarm(Kind.PANIC)
    assert joined(Kind.PANIC, [alarm], pressed("b1", HALL), same_device=False) == (Joins.OPENS, None)
    assert join(pressed("b2"), Kind.PANIC, [alarm], Rules(True, None), BEGAN) == (Joins.OPENS, None)


def test_the_device_goes_before_the_zone_the_stronger_before_the_weaker_the_newer_before_the_older() -> None:
    own, strong = open_alarm(Kind.ASSIST, "b1"), open_alarm(Kind.PANIC, "b2")
    assert joined(Kind.ASSIST, [strong, own], pressed("b1")) == (Joins.JOINS, own)
    assert joined(Kind.ASSIST, [own, strong], pressed("b3")) == (Joins.JOINS, strong)
    newer = replace(strong, id="newer", opened_at=BEGAN + timedelta(seconds=1))
    assert joined(Kind.ASSIST, [strong, newer, own], pressed("b3")) == (Joins.JOINS, newer)


def test_one_who_presses_without_a_device_is_the_same_on_phone_and_console() -> None:
    alarm = open_alarm(Kind.ASSIST, None, by=Person("kari", "Kari Berg", "phone"))
    again = Presser(Person("kari", "Kari Berg", "console"), None, HALL)
    other = Presser(Person("ola", "Ola Nes", "phone"), None, HALL)
    assert joined(Kind.PANIC, [alarm], again) == (Joins.UPGRADES, alarm)
    assert joined(Kind.PANIC, [alarm], other) == (Joins.OPENS, None)


def test_an_alarm_binds_who_opened_it_himself_and_who_is_coming_to_it() -> None:
    said = [("ola", ResponderState.EN_ROUTE), ("per", ResponderState.DECLINED), ("siv", ResponderState.ARRIVED)]
    responders = tuple(Responder(person, state, BEGAN, counts=True) for person, state in said)
    by_phone = open_alarm(Kind.PANIC, None, by=Person("kari", "Kari Berg", "phone"))
    assert bound(replace(by_phone, responders=responders)) == {"kari", "ola", "siv"}
    assert bound(open_alarm(Kind.PANIC)) == set()


@pytest.mark.parametrize(
    ("after", "presser", "one_movement"),
    [
        (timedelta(0), pressed("b1"), True),
        (timedelta(seconds=1), pressed("b1"), True),
        (timedelta(seconds=1.001), pressed("b1"), False),
        (timedelta(seconds=0.5), pressed("b2"), False),
        (timedelta(hours=-1), pressed("b1"), False),
    ],
)
def test_a_press_settles_within_a_second_of_the_last_of_its_device(
    after: timedelta, presser: Presser, one_movement: bool
) -> None:
    assert settles(open_alarm(Kind.PANIC), presser, timedelta(seconds=1), BEGAN + after) == one_movement
