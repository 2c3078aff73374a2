"""What goes first when more has come in than can be taken at once."""

import pytest

from alarmd.alarm.incoming import (
    Action,
    Answered,
    DeadlinePassed,
    FaultFound,
    FaultGone,
    Incoming,
    Performed,
    Pressed,
    Reported,
)
from alarmd.alarm.model import AttemptState, Device, Kind, Person
from alarmd.escalation.urgency import Urgency, urgency
from tests.support.organisations import office


def press(device: str, kind: Kind | None = None, **more: object) -> Pressed:
    return Pressed(Device(device), device=device, kind=kind, **more)  # type: ignore[arg-type]  # fields of Pressed


@pytest.mark.parametrize(
    ("incoming", "found"),
    [
        (press("under-desk-2"), Urgency.DURESS),
        (press("desk-3", Kind.DURESS), Urgency.DURESS),
        (press("under-desk-2", fault="no JSON"), Urgency.DURESS),
        (press("desk-3"), Urgency.LIVE),
        (press("desk-3", fault="no JSON"), Urgency.LIVE),
        (press("nobody-knows-it"), Urgency.LIVE),
        (Answered("a", Action.ACKNOWLEDGE, Person("ola", "Ola Fjord", "sms")), Urgency.LIVE),
        (DeadlinePassed("a"), Urgency.DUE),
        (press("desk-3", Kind.TEST), Urgency.BACKGROUND),
        (press("under-desk-2", drill=True), Urgency.BACKGROUND),
        (FaultFound("broker", "away"), Urgency.BACKGROUND),
        (FaultGone("broker", "back"), Urgency.BACKGROUND),
        (Reported("a", "t", AttemptState.DELIVERED), Urgency.OUTCOME),
        (Performed("e"), Urgency.OUTCOME),
    ],
    ids=str,
)
def test_everything_has_its_urgency(incoming: Incoming, found: Urgency) -> None:
    assert urgency(incoming, office()) is found


def test_before_there_is_an_organisation_a_press_goes_by_the_kind_it_names() -> None:
    assert urgency(press("under-desk-2"), None) is Urgency.LIVE
    assert urgency(press("desk-3", Kind.DURESS), None) is Urgency.DURESS


def test_duress_goes_before_all_and_outcomes_wait_for_everybody() -> None:
    assert min(Urgency) is Urgency.DURESS
    assert list(Urgency) == sorted(Urgency)
    assert max(Urgency) is Urgency.OUTCOME
