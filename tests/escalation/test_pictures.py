"""The pictures of the engine show what it does: drawn again, they are the same."""

import xml.etree.ElementTree as ET

import pytest

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import State
from scripts.timelines import FOLDER, PICTURES, Picture, Play, drawing, example


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_what_the_engine_does(picture: Picture) -> None:
    drawn = drawing(picture, example())
    stored = (FOLDER / f"{picture.name}.svg").read_text(encoding="utf-8")
    assert stored == drawn, "the engine or its example has changed: run python scripts/timelines.py"
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - it comes from the function under test


def test_the_stories_are_those_that_the_pictures_are_to_tell() -> None:
    nobody, lapse = (Play(example()).live(picture) for picture in PICTURES)
    assert {event.state for event in nobody} == {State.RAISED}
    assert max(event.data["round"] for event in nobody if event.kind is EventKind.STEP_DUE) == 2
    kinds = [event.kind for event in lapse]
    assert kinds.index(EventKind.EN_ROUTE) < kinds.index(EventKind.LAPSED) < kinds.index(EventKind.ATTENDED)
