"""The table of rights: each scope and role, the limits of site and device, and what a refusal says."""

from datetime import UTC, datetime, timedelta

import pytest

from alarmd.access.model import Key, Scope, Session
from alarmd.access.rights import ROLES, Right, of_key, of_session, require, rights_of, sees, site_of
from alarmd.alarm.veil import SEE_THROUGH
from alarmd.errors import NotAllowed, NotSignedIn
from alarmd.organisation.model import Organisation, Person

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = {
    "kari": Person("kari", "Kari Berg", ("staff",), at="fjordvik/reception"),
    "ola": Person("ola", "Ola Nes", ("guard",), at="fjordvik"),
    "eva": Person("eva", "Eva Moe", ("manager",)),
    "ane": Person("ane", "Ane Dahl", ("safety_representative",), at="fjordvik"),
    "ivar": Person("ivar", "Ivar It", ("admin",)),
    "pia": Person("pia", "Pia Vik", ("caretaker",), at="fjordvik"),
    "gro": Person("gro", "Gro Dal", ("staff",)),
}
ORGANISATION = Organisation("Nav", "Europe/Oslo", "nb", {}, {}, PEOPLE, {}, {}, {}, {})


def key(scope: Scope, person: str | None = None, site: str | None = None, device: str | None = None) -> Key:
    return Key("a-key", "00", scope, NOW, device, site, person)


def session(person: str) -> Session:
    return Session("00", person, NOW, NOW + timedelta(hours=12))


@pytest.mark.parametrize(
    ("person", "lacks"),
    [
        ("kari", {Right.END, Right.ESCALATE, Right.CONSOLES, Right.DRILL, Right.ADMIN}),
        ("pia", {Right.END, Right.ESCALATE, Right.CONSOLES, Right.DRILL, Right.ADMIN}),
        ("ola", {Right.DRILL, Right.ADMIN}),
        ("eva", {Right.ADMIN}),
        ("ane", {Right.END, Right.ESCALATE, Right.CONSOLES, Right.DRILL, Right.ADMIN}),
        ("ivar", set()),
    ],
)
def test_what_a_signed_in_person_may_do_follows_from_the_roles(person: str, lacks: set[Right]) -> None:
    caller = of_session(session(person), ORGANISATION)
    assert caller is not None
    assert set(Right) - rights_of(caller) == lacks


@pytest.mark.parametrize(
    ("scope", "person", "may"),
    [
        (Scope.PRESS, None, {Right.PRESS, Right.TAKE_BACK}),
        (Scope.PRESS, "ivar", {Right.PRESS, Right.TAKE_BACK}),
        (Scope.READ, None, {Right.READ}),
        (Scope.ANSWER, "ola", {Right.READ, Right.ANSWER, Right.END, Right.ESCALATE, Right.CONSOLES, Right.TAKE_BACK}),
        (Scope.ANSWER, "kari", {Right.READ, Right.ANSWER, Right.TAKE_BACK}),
        (Scope.ANSWER, "nobody", {Right.READ}),
        (Scope.ADMIN, None, {Right.READ, Right.CONSOLES, Right.DRILL, Right.ADMIN}),
    ],
)
def test_what_a_key_may_do_follows_from_its_scope_and_person(scope: Scope, person: str | None, may: set[Right]) -> None:
    assert rights_of(of_key(key(scope, person), ORGANISATION)) == may


def test_whoever_may_close_an_alarm_sees_through_a_veil_and_nobody_else() -> None:
    assert {role for role, grant in ROLES.items() if Right.END in grant.rights} == SEE_THROUGH


def test_a_person_who_has_left_is_nobody() -> None:
    assert of_session(session("nobody"), ORGANISATION) is None
    assert of_session(session("kari"), None) is None
    assert of_key(key(Scope.ANSWER, "kari"), None).person is None


def test_staff_see_their_own_site_and_those_who_come_see_all() -> None:
    limited = {id: site_of(person) for id, person in PEOPLE.items()}
    assert {id for id, site in limited.items() if site == "fjordvik"} == {"kari", "pia"}
    assert {id for id, site in limited.items() if site is None} == {"ola", "eva", "ane", "ivar", "gro"}


def test_a_key_is_limited_to_its_site_and_an_answer_key_to_its_persons() -> None:
    assert of_key(key(Scope.READ, site="fjordvik"), ORGANISATION).site == "fjordvik"
    assert of_key(key(Scope.ANSWER, "kari"), ORGANISATION).site == "fjordvik"
    assert of_key(key(Scope.PRESS, "kari"), ORGANISATION).site is None
    assert of_key(key(Scope.ANSWER, "ola"), ORGANISATION).site is None


def test_what_belongs_to_no_site_is_for_those_who_see_all() -> None:
    limited, free = of_key(key(Scope.READ, site="fjordvik"), None), of_key(key(Scope.READ), None)
    assert [sees(limited, site) for site in ("fjordvik", "dalen", None)] == [True, False, False]
    assert [sees(free, site) for site in ("fjordvik", "dalen", None)] == [True, True, True]


def test_require_says_what_is_missing() -> None:
    with pytest.raises(NotSignedIn, match="Bearer"):
        require(None, Right.READ)
    with pytest.raises(NotAllowed, match=r"key a-key \(scope read\) may not raise an alarm"):
        require(of_key(key(Scope.READ), None), Right.PRESS)
    kari = of_session(session("kari"), ORGANISATION)
    with pytest.raises(NotAllowed, match="kari may not close or cancel an alarm"):
        require(kari, Right.END)
    with pytest.raises(NotAllowed, match="limited to site fjordvik"):
        require(kari, Right.READ, site="dalen")
    with pytest.raises(NotAllowed, match="for device desk-3 alone"):
        require(of_key(key(Scope.PRESS, device="desk-3"), None), Right.PRESS, device="desk-4")


def test_require_gives_the_caller_who_may() -> None:
    caller = of_key(key(Scope.PRESS, device="desk-3", site="fjordvik"), None)
    assert require(caller, Right.PRESS, site="fjordvik", device="desk-3") is caller
