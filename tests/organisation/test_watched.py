"""What a file may ask of consoles: that somebody is always at one that can be heard."""

from datetime import time, timedelta

import pytest

from alarmd.organisation.difference import difference
from alarmd.organisation.file import export, parse
from alarmd.organisation.model import Organisation, Watched, Window
from tests.organisation.office import OFFICE, faults


def read(said: str) -> Organisation:
    return parse(f"console: {said}\n{OFFICE}", "office.yaml").organisation


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("{}", None),
        ("{watched: {}}", Watched(frozenset({"guard"}), None, timedelta(minutes=1))),
        (
            "{watched: {by_roles: [guard, staff], within: 5m}}",
            Watched(frozenset({"guard", "staff"}), None, 5 * timedelta(minutes=1)),
        ),
        (
            "{watched: {only: {days: mon-fri, between: 07:00-17:00}, within: 15s}}",
            Watched(only=Window(frozenset(range(5)), time(7), time(17)), within=timedelta(seconds=15)),
        ),
    ],
)
def test_who_is_to_be_there_when_and_how_soon_and_back_again(said: str, meant: Watched | None) -> None:
    organisation = read(said)
    assert organisation.watched == meant
    assert parse(export(organisation), "again.yaml").organisation == organisation


def test_nobody_is_asked_for_where_nothing_is_said() -> None:
    before = parse(OFFICE, "office.yaml").organisation
    assert before.watched is None
    assert "console:" not in export(before)
    assert difference(before, read("{watched: {}}")) == ("console: added {watched: {by_roles: [guard], within: 1m}}",)


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        (
            "{watched: {within: 14s}}",
            "console.watched.within",
            "a page that is loaded anew takes as long; write at least 15s",
        ),
        ("{watched: {within: soon}}", "console.watched.within", "is no duration"),
        ("{watched: {by_roles: []}}", "console.watched", "by_roles"),
        ("{watched: {role: guard}}", "console.watched.role", "unknown key"),
        ("{watch: {}}", "console.watch", 'did you mean "watched"?'),
        ("{watched: {only: {holidays: never}}}", "console.watched.only.holidays", "no public holidays are known"),
    ],
)
def test_a_fault_names_place_and_remedy(said: str, path: str, words: str) -> None:
    (line,) = faults(f"console: {said}\n{OFFICE}")
    assert line.startswith(f"bad.yaml:1: {path}")
    assert words in line


def test_a_role_that_nobody_has_is_told() -> None:
    warnings = parse(f"console: {{watched: {{by_roles: [gard]}}}}\n{OFFICE}", "x").warnings
    assert warnings[0] == 'x:1: console.watched.by_roles: nobody has the role "gard", did you mean "guard"?'
