"""Preview is the engine itself on an imagined press: what it shows is what a real drill then does, step by step."""

from datetime import timedelta

import pytest

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Kind
from alarmd.escalation.preview import PreviewStep, Told, preview, upcoming
from alarmd.organisation.model import Acknowledge, Organisation, Repeat, Target, TargetKind
from tests.escalation.stories import one
from tests.support.organisations import answered_by, office, role, seconds, step, team
from tests.support.story import BEGAN, Story

ARC = Target(TargetKind.EXTERNAL, "arc")


def passing() -> Organisation:
    """A chain with a step that reaches nobody, one with `else`, and one that begins late."""
    return answered_by(
        step(5, team("guards")),
        step(20, team("nobody")),
        step(60, team("nobody"), otherwise=(role("manager"),), by=("voice",)),
        repeat=Repeat(2, seconds(30)),
    )


def choosing() -> Organisation:
    """Steps that choose, and one that leaves the organisation."""
    return answered_by(
        step(0, Target(TargetKind.COLLEAGUES, "zone")),
        step(10, Target(TargetKind.NEAREST, "guard", 2), by=("voice",)),
        step(30, ARC, by=()),
    )


def test_a_preview_tells_who_when_and_how() -> None:
    imagined = preview(office(), "desk-3", None, BEGAN)
    assert (imagined.device, imagined.kind, imagined.chain, imagined.at) == ("desk-3", Kind.PANIC, "panic", BEGAN)
    guards = tuple(Told(name, ("voice",)) for name in ("ola", "per", "siv"))
    assert imagined.steps == (
        PreviewStep(
            1,
            BEGAN,
            timedelta(0),
            tuple(Told(name, ("console", "sms")) for name in ("kari", "ola", "per", "siv")),
            "step_is_due",
        ),
        PreviewStep(2, BEGAN + seconds(20), seconds(20), guards, "step_is_due"),
        PreviewStep(3, BEGAN + seconds(60), seconds(60), (Told("eva", ("sms", "voice")),), "step_is_due"),
    )


def test_a_preview_shows_the_step_that_reaches_nobody_and_the_else() -> None:
    steps = preview(passing(), "desk-3", None, BEGAN).steps
    assert [(s.step, s.after.total_seconds(), [t.person for t in s.tell], s.reason) for s in steps] == [
        (1, 5, ["ola", "per", "siv"], "step_is_due"),
        (2, 20, [], "nobody_reached"),
        (3, 20, ["eva"], "step_is_due"),
    ]


@pytest.mark.parametrize("organisation", [office(), passing(), choosing()], ids=["office", "passing", "choosing"])
@pytest.mark.parametrize(("device", "kind"), [("desk-3", None), ("under-desk-2", None), ("room-2", Kind.MEDICAL)])
def test_a_real_drill_then_does_the_same_step_by_step(
    organisation: Organisation, device: str, kind: Kind | None
) -> None:
    imagined = preview(organisation, device, kind, BEGAN)
    drill = Story(organisation, arrives=True)
    drill.press(device, kind, drill=True, externals=True)
    drill.wait(imagined.steps[-1].after.total_seconds())
    assert drill.alarm.kind is imagined.kind
    assert drill.alarm.chain == imagined.chain
    assert drill.steps() == [(s.after.total_seconds(), s.step, [t.person for t in s.tell]) for s in imagined.steps]


@pytest.mark.parametrize("kind", [Kind.PANIC, Kind.TEST])
@pytest.mark.parametrize(
    ("notify", "otherwise"),
    [
        ((ARC,), (role("manager"),)),
        ((ARC, team("nobody")), (role("manager"),)),
        ((ARC, role("manager")), (team("guards"),)),
        ((team("nobody"),), (ARC, role("manager"))),
        ((team("nobody"),), (ARC,)),
    ],
)
def test_one_that_is_kept_inside_does_the_same_but_for_those_outside(
    notify: tuple[Target, ...], otherwise: tuple[Target, ...], kind: Kind
) -> None:
    """The `else` of somebody outside is not told in his place, which it would not be when it matters."""
    chain = (step(0, team("guards")), step(10, *notify, otherwise=otherwise, by=()), step(30, one("kari")))
    organisation = answered_by(*chain, repeat=Repeat(1, seconds(60)))
    imagined = preview(organisation, "desk-3", kind, BEGAN).steps
    drill = Story(organisation, arrives=True)
    drill.press("desk-3", kind, drill=kind is not Kind.TEST)
    drill.wait(30)
    inside = [(s.after.total_seconds(), s.step, [t.person for t in s.tell if t.person != "arc"]) for s in imagined]
    assert drill.steps() == inside


def test_a_preview_of_a_chain_with_one_step_is_one_step() -> None:
    (only,) = preview(answered_by(step(0, team("guards"))), "desk-3", None, BEGAN).steps
    assert (only.step, only.reason) == (1, "step_is_due")


def test_upcoming_is_what_the_alarm_will_do_if_nobody_answers() -> None:
    story = Story(passing(), arrives=True)
    story.press("desk-3")
    story.wait(6)
    plan = upcoming(story.alarm, story.organisation)
    assert [(s.step, s.after.total_seconds()) for s in plan] == [(2, 20), (3, 20)]
    before = story.steps()
    story.wait(30)
    assert story.steps() == before + [(s.after.total_seconds(), s.step, [t.person for t in s.tell]) for s in plan]


def test_upcoming_does_not_mix_up_other_contacts_with_steps() -> None:
    """A text that nobody has confirmed leads to a call on the way to the next step, which is not part of it."""
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))))
    story.press("desk-3")
    (next_step,) = upcoming(story.alarm, story.organisation)
    assert [t.person for t in next_step.tell] == ["eva"]


def test_upcoming_is_only_this_round() -> None:
    story = Story(passing(), arrives=True)
    story.press("desk-3")
    story.wait(40)
    plan = upcoming(story.alarm, story.organisation)
    assert [(s.step, s.after.total_seconds(), s.reason) for s in plan] == [
        (2, 50, "nobody_reached"),
        (3, 50, "new_round"),
    ]


def test_nothing_is_coming_up_while_the_clock_stands_or_after_the_end() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager")), acknowledge=Acknowledge(needed=2)))
    story.press("desk-3")
    story.does("ola", Action.ACKNOWLEDGE)
    assert len(upcoming(story.alarm, story.organisation)) == 1
    story.does("per", Action.ACKNOWLEDGE)
    assert upcoming(story.alarm, story.organisation) == ()
    story.resolve("ola", "seen to")
    assert upcoming(story.alarm, story.organisation) == ()


def test_a_preview_tells_nobody_and_leaves_the_alarm_as_it_is() -> None:
    story = Story()
    before = story.press("desk-3")
    upcoming(story.alarm, story.organisation)
    assert story.alarm == before
