"""The shifts of a calendar beside rotations, hours and overrides, and what is lacking in them. Oslo, March 2027."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from alarmd.calendars.events import events
from alarmd.escalation.duty import Duty, duties, on_duty
from alarmd.escalation.preview import preview
from alarmd.escalation.readiness import Finding, Reason, Severity, readiness
from alarmd.escalation.schedule import changes, in_hours, on_call
from alarmd.organisation.model import (
    Absence,
    Change,
    Known,
    Organisation,
    Override,
    Person,
    Roster,
    Rotation,
    Schedule,
    Shift,
    Target,
    TargetKind,
    Window,
)
from alarmd.organisation.roster import Said, read_from
from alarmd.wording.duties import calendar
from tests.support.organisations import answered_by, office, person, step, team

OSLO = "Europe/Oslo"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MARCH = datetime(2027, 3, 1, tzinfo=UTC)
UNTIL = datetime(2028, 5, 1, tzinfo=UTC)
ALWAYS = Rotation(("siv",), datetime.combine(date(2027, 1, 1), time()), DAY)
OFFICE_HOURS = Window(frozenset(range(5)), time(8), time(16))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """UTC; Oslo is an hour ahead until the 28th."""
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


def roster(*shifts: Shift, instead: bool = False, **unclear: datetime | None) -> Roster:
    return Roster(file="/vakt.ics", instead=instead, known=Known(tuple(sorted(shifts)), UNTIL, unclear))


MORNING, NOON = Shift(at(1, 7), at(1, 15), "ola"), Shift(at(1, 11), at(1, 19), "per")
BOTH = roster(MORNING, NOON)


class TestWho:
    @pytest.mark.parametrize(
        ("instant", "who"),
        [
            (at(1, 6, 59), ()),
            (at(1, 7), ("ola",)),
            (at(1, 11), ("ola", "per")),
            (at(1, 15), ("per",)),
            (at(1, 18, 59), ("per",)),
            (at(1, 19), ()),
        ],
    )
    def test_shifts_hold_from_their_first_instant_to_before_their_last_and_add_up(
        self, instant: datetime, who: tuple[str, ...]
    ) -> None:
        assert on_call(Schedule("duty", (), calendar=BOTH), OSLO, instant) == who
        beside = Schedule("duty", (ALWAYS,), calendar=BOTH)
        assert on_call(beside, OSLO, instant) == ("siv", *who), "rotations and calendar are layers"
        above = replace(beside, calendar=replace(BOTH, instead=True))
        assert on_call(above, OSLO, instant) == (who or ("siv",)), "while it has somebody, rotations rest"

    def test_one_that_was_never_read_names_nobody(self) -> None:
        assert on_call(Schedule("duty", (ALWAYS,), calendar=Roster(url="https://x.example")), OSLO, at(1, 8)) == (
            "siv",
        )

    def test_the_hours_of_the_schedule_hold_for_them_too(self) -> None:
        found = Schedule("duty", (), OFFICE_HOURS, calendar=BOTH)
        assert [on_call(found, OSLO, at(1, hour)) for hour in (7, 14, 15)] == [("ola",), ("ola", "per"), ()]

    def test_overrides_hold_over_both(self) -> None:
        span = datetime.combine(date(2027, 3, 1), time(12)), datetime.combine(date(2027, 3, 1), time(14))
        for change, who in (
            (Change.REPLACE, ("eva",)),
            (Change.ADD, ("siv", "ola", "per", "eva")),
        ):
            found = Schedule("duty", (ALWAYS,), None, (Override("eva", *span, change),), BOTH)
            assert on_call(found, OSLO, at(1, 11)) == who
        removed = Schedule("duty", (ALWAYS,), None, (Override("ola", *span, Change.REMOVE),), BOTH)
        assert on_call(removed, OSLO, at(1, 11)) == ("siv", "per")

    def test_their_edges_are_foretold(self) -> None:
        found = [*changes(Schedule("duty", (), calendar=BOTH), OSLO, at(1, 7), at(1, 19))]
        assert found == [at(1, 11), at(1, 15)], "neither end belongs to the span"

    def test_with_a_calendar_somebody_is_meant_to_be_there_always_but_for_hours_that_are_said(self) -> None:
        own = replace(ALWAYS, only=OFFICE_HOURS)
        assert in_hours(Schedule("duty", (own,), calendar=BOTH), OSLO, at(1, 3))
        assert not in_hours(Schedule("duty", (own,), OFFICE_HOURS, calendar=BOTH), OSLO, at(1, 3))


def organisation(roster: Roster, *people: Person) -> Organisation:
    """Whoever has a shift is told, else the guards; these people in the place of those of the office, or beside."""
    duty = Schedule("duty", (), calendar=roster)
    chain = step(0, Target(TargetKind.ON_CALL, "duty"), otherwise=(team("guards"),))
    everybody = {**office().people, **{each.id: each for each in people}}
    return answered_by(chain, schedules={"duty": duty}, people=everybody)


def long(person: str, days: int = 60) -> Shift:
    return Shift(MARCH, MARCH + days * DAY, person)


class TestReadiness:
    def lacking(self, roster: Roster, *people: Person) -> tuple[Finding, ...]:
        return readiness(organisation(roster, *people), MARCH)

    def test_one_that_goes_on_lacks_nothing(self) -> None:
        assert self.lacking(roster(long("ola"))) == ()

    def test_a_hole_between_shifts(self) -> None:
        (hole,) = self.lacking(roster(Shift(MARCH, at(9, 7), "ola"), Shift(at(9, 15), UNTIL, "per")))
        assert (hole.reason, hole.path) == (Reason.SCHEDULE_HAS_A_HOLE, "schedules.duty")
        words = "nobody is on call from 2027-03-09T08:00 to 2027-03-09T16:00; add a shift to its calendar"
        assert hole.words == words

    def test_one_whose_shift_it_is_may_be_away(self) -> None:
        away = replace(person("ola"), absent=(Absence(at(9, 7).replace(tzinfo=None), at(9, 9).replace(tzinfo=None)),))
        assert [each.reason for each in self.lacking(roster(long("ola")), away)] == [Reason.SCHEDULE_HAS_A_HOLE]

    def test_an_end_within_thirty_days(self) -> None:
        found = [each for each in self.lacking(roster(long("ola", 30))) if each.reason is Reason.CALENDAR_RUNS_OUT]
        assert found == []
        ends, hole = self.lacking(roster(Shift(MARCH, MARCH + 30 * DAY - HOUR, "ola")))[::-1]
        assert ends == Finding(
            Reason.CALENDAR_RUNS_OUT,
            Severity.WARNS,
            "schedules.duty.calendar",
            "ends at 2027-03-31T01:00; add shifts to the calendar",
        )
        assert hole.reason is Reason.SCHEDULE_HAS_A_HOLE

    @pytest.mark.parametrize("nothing", [roster(), Roster(file="/vakt.ics"), roster(Shift(MARCH - DAY, MARCH, "ola"))])
    def test_no_shifts_at_all(self, nothing: Roster) -> None:
        words = {each.reason: each.words for each in self.lacking(nothing)}
        assert words[Reason.CALENDAR_RUNS_OUT].startswith("says nothing of the time to come; ")
        assert words[Reason.SCHEDULE_HAS_A_HOLE].startswith("nobody is on call from 2027-03-01T01:00 on; ")

    def test_what_is_unclear_in_it(self) -> None:
        (found,) = self.lacking(roster(long("ola"), odd=None, later=at(19, 7), strange=at(9, 7)))
        words = "has events that name nobody known or cannot be read, 3 of them, the first at 2027-03-09T08:00"
        assert (found.reason, found.severity) == (Reason.CALENDAR_IS_UNCLEAR, Severity.WARNS)
        assert found.path == "schedules.duty.calendar"
        mend = "`alarmd apply` tells which; add under people whom they mean, or mend the calendar"
        assert found.words == f"{words}; {mend}"
        (without,) = self.lacking(roster(long("ola"), odd=None))
        assert without.words.startswith("has events that name nobody known or cannot be read, 1 of them; `alarmd")

    def test_whoever_has_a_shift_should_have_a_contact(self) -> None:
        last = Shift(UNTIL - DAY, UNTIL, "mute")
        found = self.lacking(roster(long("ola"), last), person("mute", contact=()))
        assert [(each.reason, each.path) for each in found] == [(Reason.PERSON_WITHOUT_CONTACT, "people.mute")]

    def test_a_chain_that_waits_for_it_alone_has_a_gap_or_reaches_nobody(self) -> None:
        def chain(roster: Roster) -> set[Reason]:
            alone = answered_by(
                step(0, Target(TargetKind.ON_CALL, "duty")), schedules={"duty": Schedule("duty", (), calendar=roster)}
            )
            return {each.reason for each in readiness(alone, MARCH)} & {
                Reason.CHAIN_HAS_A_GAP,
                Reason.CHAIN_REACHES_NOBODY,
            }

        assert chain(roster(long("ola"))) == set()
        assert chain(roster(MORNING, Shift(at(2, 7), UNTIL, "ola"))) == {Reason.CHAIN_HAS_A_GAP}
        assert chain(roster()) == {Reason.CHAIN_REACHES_NOBODY}


class TestInAndOut:
    def test_a_preview_asks_the_calendar(self) -> None:
        found = organisation(BOTH)
        told = [[t.person for t in preview(found, "desk-3", None, at(1, hour)).steps[0].tell] for hour in (8, 12, 20)]
        assert told == [["ola"], ["ola", "per"], ["ola", "per", "siv"]], "the guards where nobody has a shift"

    def test_what_goes_out_as_a_calendar_comes_in_as_the_same_duties(self) -> None:
        """Turns, hours, overrides and both nights of the year, written and read again."""
        turns = Rotation(("ola", "per"), datetime.combine(date(2027, 1, 1), time(2, 30)), DAY)
        override = Override(
            "siv", datetime.combine(date(2027, 6, 1), time()), datetime.combine(date(2027, 6, 3), time())
        )
        wanted = office(schedules={"duty": Schedule("duty", (turns,), None, (override,))})
        start, end = MARCH - DAY, MARCH + 300 * DAY
        out = duties(wanted, "duty", start, end)
        text = calendar(wanted, "duty", out, MARCH)
        said: Said = events(text.encode(), OSLO, start, end)
        read = read_from(Roster(file="/vakt.ics"), said, wanted.people, start)
        back = office(schedules={"duty": Schedule("duty", (), calendar=read)})
        assert read.known is not None
        assert read.known.unclear == {}
        assert duties(back, "duty", start, end) == out
        assert len(out) > 290
        assert out[0] == Duty(start, out[0].end, on_duty(back, "duty", start))
