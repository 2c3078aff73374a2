"""Somebody who is on his way to an alarm presses himself: his is an alarm of its own, and it goes first."""

import pytest

from alarmd.alarm.effects import LINKED, Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, NeedsHelp, Pressed
from alarmd.alarm.model import Alarm, Device, Kind, Person, State
from alarmd.organisation.model import Acknowledge, Joining
from tests.escalation.stories import faults, one
from tests.support.organisations import answered_by, office, role, step, team
from tests.support.story import Story

RECEPTION, ROOM = "fjordvik/reception", "fjordvik/room-2"


def presses(story: Story, person: str, zone: str = RECEPTION, kind: Kind | None = None, **more: object) -> Alarm:
    by = Person(person, story.organisation.people[person].name, "phone")
    return story.happens(Pressed(by, zone=zone, kind=kind, **more))  # type: ignore[arg-type]  # fields of Pressed


def called_out(action: Action = Action.ACKNOWLEDGE, story: Story | None = None) -> tuple[Story, Alarm]:
    """Ola is on his way to a panic at reception."""
    story = story or Story()
    story.press("desk-3")
    story.does("ola", action)
    return story, story.alarm


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED])
@pytest.mark.parametrize("zone", [RECEPTION, ROOM])
def test_a_press_by_one_who_is_coming_opens_an_alarm_of_its_own_that_names_the_first(action: Action, zone: str) -> None:
    story, first = called_out(action)
    own = presses(story, "ola", zone)
    assert own.id != first.id
    assert (own.linked, own.state, [*own.pressers]) == (first.id, State.RAISED, ["ola"])
    assert story.events[own.id][0].data["linked"] == first.id
    assert story.alarms[first.id] == first, "the first goes on as it was"


def test_an_alarm_that_nobody_was_on_his_way_from_names_none() -> None:
    story = Story()
    story.press("desk-3")
    assert story.events[story.last][0].data["linked"] is None
    assert story.alarm.linked is None


def test_it_does_not_join_by_zone_an_alarm_to_which_somebody_else_is_coming_either() -> None:
    story, first = called_out()
    other = story.press("room-2", Kind.PANIC)
    own = presses(story, "ola", ROOM)
    assert own.id not in (first.id, other.id)
    assert own.linked == first.id


def test_everything_that_is_done_for_it_goes_before_all_else() -> None:
    story, _ = called_out()
    before = len(story.effects)
    presses(story, "ola", kind=Kind.ASSIST)
    story.wait(100)
    assert {n.round for n in story.alarm.notifications} == {1, 2}
    assert {e.priority for e in story.effects[before:] if isinstance(e, Tell)} == {LINKED}


@pytest.mark.parametrize("action", [Action.EN_ROUTE, Action.ARRIVED])
def test_where_he_was_expected_he_counts_no_longer_and_others_are_told_at_once(action: Action) -> None:
    story = Story(answered_by(step(0, one("ola")), step(60, one("per")), step(90, one("siv"))), arrives=True)
    called_out(action, story)
    story.wait(5)
    story.happens(NeedsHelp(story.last, Person("ola", "Ola Nes", "phone")))
    assert (story.state(), story.alarm.coming, story.alarm.arrived) == (State.RAISED, 0, 0)
    assert story.steps() == [(0, 1, ["ola"]), (5, 2, ["per"])]
    assert story.shown("desk-3")[-1] == "raised"
    said = next(e for e in story.events[story.last] if e.kind is EventKind.DECLINED)
    assert (said.data["person"], said.data["reason"]) == ("ola", "needs_help")
    story.wait(30)
    assert story.steps()[2:] == [(35, 3, ["siv"])]


def test_where_nobody_else_is_left_he_is_not_asked_either_until_he_says_that_he_comes() -> None:
    chain = (step(0, one("ola")), step(30, one("ola")), step(120, one("ola"), one("per")))
    story = Story(answered_by(*chain), arrives=True)
    called_out(Action.EN_ROUTE, story)
    story.wait(5)
    story.happens(NeedsHelp(story.last, Person("ola", "Ola Nes", "phone")))
    assert story.steps() == [(0, 1, ["ola"]), (5, 2, []), (5, 3, ["per"])]
    assert faults(story) == ["exhausted:only"]
    story.does("per", Action.DECLINE)
    story.wait(60)
    assert story.steps()[3:] == [(65, 3, ["per"])]
    assert story.folded(story.last) == story.alarm
    story.does("ola", Action.EN_ROUTE)
    story.does("ola", Action.DECLINE)
    assert story.steps()[4:] == [(65, 3, ["per"])]
    story.wait(60)
    assert story.steps()[5:] == [(125, 3, ["ola", "per"])]


@pytest.mark.parametrize("how", ["never answered", "declined", "opened it"])
def test_one_who_helps_nobody_there_changes_nothing_there(how: str) -> None:
    story, _ = called_out()
    if how == "declined":
        story.does("ola", Action.DECLINE)
    elif how == "opened it":
        presses(story, "ola")
        story.does("ola", Action.ACKNOWLEDGE)
    before = story.alarm
    story.happens(NeedsHelp(story.last, Person("siv" if how == "never answered" else "ola", "x", "phone")))
    assert story.alarm == before


def test_those_who_are_coming_to_the_first_may_be_asked_and_he_himself_never() -> None:
    story = Story(answered_by(step(0, team("guards")), acknowledge=Acknowledge(needed=2)))
    called_out(story=story)
    story.does("per", Action.EN_ROUTE)
    presses(story, "ola")
    assert story.steps() == [(0, 1, ["per", "siv"])]


def test_his_later_presses_join_his_own() -> None:
    story, first = called_out()
    own = presses(story, "ola")
    story.wait(30)
    again = presses(story, "ola", ROOM)
    assert (again.id, len(again.signals)) == (own.id, 2)
    assert story.kinds()[-1] is EventKind.JOINED
    story.last = first.id
    story.resolve("siv", "seen to")
    assert presses(story, "ola").id == own.id, "also when nothing is left that he was coming to"


def test_his_later_presses_join_his_own_where_nothing_else_is_joined() -> None:
    story, _ = called_out(story=Story(office(joining=Joining(same_device=False, same_zone_within=None))))
    assert presses(story, "ola").id == presses(story, "ola").id


def test_one_helper_never_joins_the_alarm_of_another() -> None:
    story, first = called_out()
    story.does("per", Action.EN_ROUTE)
    olas = presses(story, "ola")
    story.does("siv", Action.EN_ROUTE)
    assert presses(story, "per").linked == first.id
    sivs = presses(story, "siv", ROOM)
    assert sivs.linked == olas.id
    assert presses(story, "per").linked == first.id
    assert len({story.last, olas.id, sivs.id}) == 3


def test_a_stronger_press_makes_his_own_stronger() -> None:
    story, _ = called_out()
    own = presses(story, "ola", kind=Kind.ASSIST)
    story.wait(5)
    assert presses(story, "ola", kind=Kind.DURESS).id == own.id
    assert (story.alarm.kind, story.kinds().count(EventKind.UPGRADED)) == (Kind.DURESS, 1)


def test_of_several_alarms_it_is_linked_to_the_one_to_which_he_has_last_said_that_he_is_coming() -> None:
    story, first = called_out()
    story.wait(5)
    story.press("room-2", Kind.PANIC)
    story.does("ola", Action.EN_ROUTE)
    second = story.alarm
    assert second.id != first.id
    assert presses(story, "ola").linked == second.id


@pytest.mark.parametrize("how", ["declined", "lapsed", "over", "never asked"])
def test_one_who_is_not_coming_any_more_joins_like_anybody_else(how: str) -> None:
    story, first = called_out()
    if how == "declined":
        story.does("ola", Action.DECLINE)
    elif how == "lapsed":
        story.wait(300)
        assert not story.alarm.responders
    elif how == "over":
        story.resolve("siv", "seen to")
    alarm = presses(story, "siv" if how == "never asked" else "ola")
    assert alarm.linked is None
    assert (alarm.id == first.id) == (how != "over")


@pytest.mark.parametrize(("drill", "kind"), [(True, Kind.PANIC), (False, Kind.TEST)])
def test_a_promise_to_come_to_a_drill_or_a_test_links_nothing(drill: bool, kind: Kind) -> None:
    story = Story()
    story.press("desk-3", kind, drill=drill)
    story.does("ola", Action.EN_ROUTE)
    assert presses(story, "ola").linked is None


@pytest.mark.parametrize(("drill", "kind"), [(True, Kind.PANIC), (False, Kind.TEST)])
def test_a_drill_or_a_test_is_linked_to_nothing(drill: bool, kind: Kind) -> None:
    story, _ = called_out()
    assert presses(story, "ola", kind=kind, drill=drill).linked is None


def test_a_button_of_its_own_knows_nobody() -> None:
    story, first = called_out()
    assert story.press("desk-4").id == first.id


def test_a_person_who_presses_a_button_by_its_id_is_known_all_the_same() -> None:
    story, first = called_out()
    by = Person("ola", "Ola Nes", "api")
    own = story.happens(Pressed(by, device="desk-4"))
    assert (own.linked, own.first.device) == (first.id, "desk-4")
    assert story.shown("desk-4") == ["raised"]
    assert story.happens(Pressed(by, device="desk-3")).id == own.id
    assert story.happens(Pressed(Device("desk-4"), device="desk-4")).id == own.id


def test_one_who_answers_the_alarm_that_he_opened_himself_is_on_his_way_to_nobody() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))))
    own = presses(story, "ola")
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    assert presses(story, "ola").id == own.id


def test_the_log_alone_rebuilds_it() -> None:
    story, _ = called_out()
    own = presses(story, "ola")
    assert story.folded(own.id) == own
