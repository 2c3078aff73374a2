"""What a file may say of schedules and public holidays beyond the plain rotation."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from alarmd.organisation.difference import difference
from alarmd.organisation.file import export, parse
from alarmd.organisation.model import Calendar, Change, OnHolidays, Organisation
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
