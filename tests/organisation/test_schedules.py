"""What a file may say of schedules and public holidays beyond the plain rotation."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alarmd.organisation.difference import MOST_DUTIES, difference
from alarmd.organisation.file import export, parse
from alarmd.organisation.model import Calendar, Change, Known, OnHolidays, Organisation, Roster, Shift
from alarmd.organisation.plain import from_plain, plain
from tests.organisation.office import OFFICE, faults

DAYS = frozenset({date(2026, 5, 17), date(2027, 5, 17)})
LAYERS = OFFICE.replace(
    "every: 7d}\n",
    "every: 2w}\n      - {people: [kari], from: 2026-01-05T08:00, every: 1d, only: {holidays: only}, instead: true}\n",
).replace("days: mon-fri,", "days: mon-fri, holidays: never,")
WITH = f"holidays: {{of: NO, also: [2026-12-24]}}\n{LAYERS}"


def look_up(of: str) -> frozenset[date]:
    assert of == "NO"
    return DAYS


def read(text: str) -> Organisation:
    return parse(text, "x.yaml", look_up).organisation


def test_layers_and_holidays() -> None:
    duty = read(WITH).schedules["duty"]
    assert [(each.every, each.instead) for each in duty.rotations] == [
        (timedelta(weeks=2), False),
        (timedelta(days=1), True),
    ]
    assert [each and each.holidays for each in (duty.only, *(r.only for r in duty.rotations))] == [
        OnHolidays.NEVER,
        None,
        OnHolidays.ONLY,
    ]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("NO", Calendar("NO", frozenset(), DAYS)),
        (
            "{of: NO, also: [2026-12-24, 2026-12-31]}",
            Calendar("NO", frozenset({date(2026, 12, 24), date(2026, 12, 31)}), DAYS),
        ),
        ("{also: [2026-12-24]}", Calendar("", frozenset({date(2026, 12, 24)}))),
        ("{}", Calendar()),
    ],
)
def test_the_calendar_is_a_country_and_days_of_ones_own(said: str, found: Calendar) -> None:
    assert read(f"holidays: {said}\n{OFFICE}").holidays == found


@pytest.mark.parametrize("change", Change)
def test_an_override_says_what_it_does(change: Change) -> None:
    text = OFFICE.replace("to: 2026-12-26}", f"to: 2026-12-26, change: {change.value}}}")
    organisation = read(text)
    assert organisation.schedules["duty"].overrides[0].change is change
    assert from_plain(plain(organisation)) == organisation


def test_the_days_are_stored_with_the_version_and_looked_up_again_from_a_file() -> None:
    organisation = read(WITH)
    assert from_plain(plain(organisation)) == organisation
    assert "2026-05-17" not in export(organisation)
    more = DAYS | {date(2028, 5, 17)}
    again = parse(export(organisation), "x.yaml", lambda _: more).organisation
    assert again == replace(organisation, holidays=replace(organisation.holidays, days=more))
    own = read(f"holidays: {{also: [2026-12-24]}}\n{OFFICE}")
    assert read(export(own)) == own


def test_a_difference_tells_them_by_years() -> None:
    old, new = read(OFFICE), read(WITH)
    assert "holidays: added {of: NO, also: [2026-12-24], days: [2026, 2027]}" in difference(old, new)
    more = replace(new, holidays=replace(new.holidays, days=DAYS | {date(2028, 5, 17)}))
    assert difference(new, more) == ("holidays.days.2028: added [2028-05-17]",)


def with_calendar(said: str) -> str:
    return OFFICE.replace("    overrides:", f"    calendar: {said}\n    overrides:", 1)


CALENDAR = """{url: "https://example.org/duty.ics?key=abcdef", people: {"Vakt A": kari, Kurs: ~}, instead: true}"""


def test_a_calendar_is_kept_elsewhere_and_says_whom_its_events_mean() -> None:
    duty = read(with_calendar(CALENDAR)).schedules["duty"]
    url = "https://example.org/duty.ics?key=abcdef"
    assert duty.calendar == Roster("", url, {"Vakt A": "kari", "Kurs": None}, instead=True)
    assert duty.rotations
    assert "abcdef" not in repr(duty)
    alone = read(with_calendar("{file: vakt.ics}")).schedules["duty"].calendar
    assert alone == Roster("vakt.ics")
    assert alone.shifts == ()
    assert read(with_calendar("{url: webcal://example.org/x}")).schedules["duty"].calendar == Roster(
        url="webcal://example.org/x"
    )


def known(organisation: Organisation, known: Known | None) -> Organisation:
    duty = organisation.schedules["duty"]
    assert duty.calendar is not None
    duty = replace(duty, calendar=replace(duty.calendar, known=known))
    return replace(organisation, schedules={**organisation.schedules, "duty": duty})


NIGHT = datetime(2027, 3, 27, 21, tzinfo=UTC)
UNTIL = datetime(2028, 5, 1, tzinfo=UTC)
SHIFTS = (Shift(NIGHT, NIGHT + timedelta(hours=8), "kari"), Shift(NIGHT, NIGHT + timedelta(hours=8), "ola"))
KNOWN = Known(SHIFTS, UNTIL, {"3f2a91c0": NIGHT, "00c0ffee": None})


def test_what_it_said_is_stored_with_the_version_and_no_business_of_a_file() -> None:
    written = read(with_calendar(CALENDAR))
    organisation = known(written, KNOWN)
    stored = plain(organisation)
    assert stored["schedules"]["duty"]["calendar"]["known"] == {  # type: ignore[index]  # plain values have any shape
        "until": "2028-05-01T00:00:00Z",
        "shifts": {
            "kari": ["2027-03-27T21:00:00Z/2027-03-28T05:00:00Z"],
            "ola": ["2027-03-27T21:00:00Z/2027-03-28T05:00:00Z"],
        },
        "unclear": {"3f2a91c0": "2027-03-27T21:00:00Z", "00c0ffee": None},
    }
    assert from_plain(stored) == organisation
    assert "known" not in export(organisation)
    assert read(export(organisation)) == written
    assert from_plain(plain(known(written, Known((), UNTIL)))) == known(written, Known((), UNTIL))


def test_a_difference_tells_duties_and_no_address() -> None:
    without, unread = read(OFFICE), read(with_calendar(CALENDAR))
    whole = known(unread, KNOWN)
    (added,) = difference(without, whole)
    people = "people: {Vakt A: kari, Kurs: nobody}, instead: true, known: 2 shifts to 2028-05-01"
    assert added == f"schedules.duty.calendar: added {{url: htt…ef, {people}}}"
    assert difference(whole, without) == ("schedules.duty.calendar: removed",)
    assert difference(unread, whole) == ("schedules.duty.calendar.known: added 2 shifts to 2028-05-01",)
    hour, later = timedelta(hours=1), NIGHT + timedelta(days=1)
    fewer = Known((SHIFTS[0], Shift(later, later + hour, "ola")), UNTIL, {"7a7a7a7a": None})
    assert difference(whole, known(whole, fewer)) == (
        "schedules.duty.calendar: 2027-03-27 22:00 CET - 2027-03-28 07:00 CEST: kari, ola -> kari",
        "schedules.duty.calendar: 2027-03-28 23:00 CEST - 2027-03-29 00:00 CEST: nobody -> ola",
        "schedules.duty.calendar: unclear events: 2 -> 1",
    )
    others = known(whole, Known(SHIFTS, UNTIL, {"3f2a91c0": NIGHT, "7a7a7a7a": None}))
    assert difference(whole, others) == ("schedules.duty.calendar: unclear events: 2, changed",)
    none = known(whole, Known((), UNTIL, KNOWN.unclear))
    assert difference(whole, none) == (
        "schedules.duty.calendar: 2027-03-27 22:00 CET - 2027-03-28 07:00 CEST: kari, ola -> nobody",
    )


def test_a_difference_does_not_tell_what_time_alone_brings_and_of_many_the_first() -> None:
    whole, day = known(read(with_calendar(CALENDAR)), KNOWN), timedelta(days=1)
    coming = Known((Shift(NIGHT + day, UNTIL, "ola"), Shift(UNTIL, UNTIL + day, "kari")), UNTIL + 30 * day)
    sooner = known(whole, Known((*SHIFTS, coming.shifts[0]), UNTIL))
    assert difference(sooner, known(whole, coming)) == ("schedules.duty.calendar: known to 2028-05-01 -> 2028-05-31",)
    many = tuple(Shift(NIGHT + day * number, NIGHT + day * number + day, "ola") for number in range(40))
    lines = difference(known(whole, Known(SHIFTS[:1], UNTIL)), known(whole, Known((*SHIFTS[:1], *many), UNTIL)))
    assert len(lines) == MOST_DUTIES + 1
    assert lines[-1] == "schedules.duty.calendar: 10 more shifts changed"


def test_a_text_that_means_nobody_now_is_a_change() -> None:
    old, new = (read(with_calendar(f"{{file: x, people: {{A: kari{more}}}}}")) for more in ("", ", B: ~"))
    assert difference(old, new) == ("schedules.duty.calendar.people.B: added nobody",)
    gone = read(with_calendar("{file: x, people: {A: ~}}"))
    assert difference(old, gone) == ("schedules.duty.calendar.people.A: kari -> nobody",)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("vakt.ics", 'duty.calendar: "vakt.ics" stands where a mapping is wanted: keys such as file, url, people'),
        ("{}", "duty.calendar: has 0 places to read from; exactly one of file, url is wanted"),
        ("{file: a, url: 'https://x.example/'}", "duty.calendar: has 2 places to read from"),
        ("{file: ''}", "duty.calendar.file: is empty"),
        ("{url: 'ftp://secret.example/'}", "duty.calendar.url: is no address of a calendar; write it like https://"),
        ("{url: 'file:///etc/passwd'}", "duty.calendar.url: is no address of a calendar"),
        ("{file: a, people: {Vakt: kalle}}", 'duty.calendar.people.Vakt: there is no person "kalle"; known: '),
        ("{file: a, people: {Vakt: [kari]}}", "duty.calendar.people.Vakt: a list is no id of a person"),
        ("{file: a, people: {Vakt: kari, ' vakt ': kari}}", "people: two texts differ by blanks or capital letters"),
        ("{file: a, instead: maybe}", 'duty.calendar.instead: "maybe" stands where true or false is wanted'),
        ("{file: a, known: {}}", "duty.calendar.known: the key until is missing"),
        ("{file: a, known: {until: now}}", "duty.calendar.known.until: is no instant; write it like 2027-03-28T06"),
        (
            "{file: a, known: {until: 2027-01-01T00:00:00Z, shifts: {kari: [2027-01-01]}}}",
            "duty.calendar.known.shifts.kari.1: is no instant; write it like",
        ),
    ],
)
def test_faults_of_a_calendar_say_what_would_be_right(said: str, line: str) -> None:
    found = faults(with_calendar(said))
    assert [each for each in found if line in each], found
    assert "secret" not in "".join(found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f"holidays: Norway\n{OFFICE}",
            "bad.yaml:1: holidays: is no country; write it like NO, or DE-BY for a part of one",
        ),
        (f"holidays: {{als: []}}\n{OFFICE}", 'bad.yaml:1: holidays.als: unknown key "als", did you mean "also"?'),
        (f"holidays: {{also: [12-24]}}\n{OFFICE}", 'bad.yaml:1: holidays.also.1: "12-24" is no local date'),
        (
            f"holidays: {{also: [2026-12-24T08:00]}}\n{OFFICE}",
            'bad.yaml:1: holidays.also.1: "2026-12-24T08:00" is no date; write it like 2026-12-24',
        ),
        (f"holidays: NO\n{OFFICE}", 'bad.yaml:1: holidays.of: the public holidays of "NO" are not at hand here'),
        (LAYERS, "bad.yaml:46: schedules.duty.rotations.2.only.holidays: no public holidays are known; add"),
        (LAYERS, "bad.yaml:47: schedules.duty.only.holidays: no public holidays are known; add"),
        (
            OFFICE.replace("to: 2026-12-26}", "to: 2026-12-26, change: swap}"),
            'overrides.1.change: "swap" is no way to change a duty; known: replace, add, remove',
        ),
        (
            LAYERS.replace("holidays: never", "holidays: closed"),
            'duty.only.holidays: "closed" is no rule for public holidays; known: as_ever, never, only',
        ),
        (LAYERS.replace("instead: true", "instead: yes"), 'rotations.2.instead: "yes" stands where true or false'),
    ],
)
def test_faults_say_what_would_be_right(text: str, line: str) -> None:
    assert [found for found in faults(text) if line in found]
