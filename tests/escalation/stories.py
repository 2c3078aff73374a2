"""Beginnings of stories that several tests go on with, and what they ask of them."""

from alarmd.alarm.effects import EndCall, ReportFault
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import AttemptState, Person
from alarmd.organisation.model import Acknowledge, Target, TargetKind
from tests.support.organisations import ANYBODY, answered_by, step, team
from tests.support.story import Story

GUARDS = ["ola", "per", "siv"]
TWO = Acknowledge(needed=2)


def one(name: str) -> Target:
    return Target(TargetKind.PERSON, name)


def one_after_another(**more: object) -> Story:
    """Ola at once, Per after 20 s, Siv after 60 s; every message arrives."""
    chain = (step(0, one("ola")), step(20, one("per")), step(60, one("siv")))
    return Story(answered_by(*chain, **more), arrives=True)  # type: ignore[arg-type]  # keywords of answered_by


def called(acknowledge: Acknowledge = ANYBODY) -> Story:
    """Three guards whose telephones ring."""
    story = Story(answered_by(step(0, team("guards"), by=("voice",)), acknowledge=acknowledge))
    story.press()
    for guard in GUARDS:
        story.report(story.attempt(guard, "voice").id, AttemptState.ACCEPTED, provider=f"CA-{guard}")
    return story


def pressed_at_reception(by: Person) -> Pressed:
    return Pressed(by, zone="fjordvik/reception")


def ended_calls(story: Story) -> list[str]:
    return [e.provider for e in story.effects if isinstance(e, EndCall)]


def faults(story: Story) -> list[str]:
    return [e.cause for e in story.effects if isinstance(e, ReportFault)]
