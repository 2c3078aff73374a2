"""What the store remembers: of alarms few for long, and whatever somebody else still holds; of organisations some."""

from collections.abc import Callable

import pytest

from alarmd.alarm.model import Alarm
from alarmd.alarm.values import replace
from alarmd.store import memory
from alarmd.store.memory import Memory
from tests.support.organisations import office
from tests.wording.cases import alarm


def known(id: str, version: int = 1) -> Alarm:
    return replace(alarm(), id=id, version=version)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Memory:
    monkeypatch.setattr(memory, "ALARMS", 2)
    return Memory()


def test_only_the_newest_are_kept_and_what_is_used_elsewhere_is_found(full: Memory) -> None:
    held = known("held")
    full.keep(held)
    for id in ("a", "b", "c"):
        full.keep(known(id))
    assert full.alarm("a") is None
    assert full.alarm("held") is full.glimpse("held") is held
    del held
    assert full.alarm("held") is full.glimpse("held") is None
    assert (full.alarm("b"), full.alarm("c")) == (known("b"), known("c"))


def test_what_it_was_before_is_never_found_again(full: Memory) -> None:
    before = known("held")
    full.keep(before)
    full.keep(known("a"))
    full.keep(known("b"))
    full.keep(known("held", version=2))
    assert full.alarm("held") == known("held", version=2)
    for id in ("c", "d"):
        full.keep(known(id))
    assert full.alarm("held") is None
    assert before.version == 1, "and somebody still holds it"


@pytest.mark.parametrize(
    "forget",
    [lambda memory: memory.moved_on(2, b"", {"held"}), lambda memory: memory.forget(2, b"")],
    ids=["moved on", "another log"],
)
def test_what_others_have_changed_is_not_found_because_somebody_holds_it(
    full: Memory, forget: Callable[[Memory], None]
) -> None:
    held = known("held")
    for each in (held, known("a"), known("b")):
        full.keep(each)
    forget(full)
    assert full.alarm("held") is None
    assert held.version == 1


def test_of_the_versions_those_that_were_read_last_are_kept() -> None:
    """However many a calendar makes."""
    known, organisation = Memory(), office()
    for version in range(1, memory.ORGANISATIONS + 11):
        known.keep_organisation(version, organisation)
    assert [*known.organisations] == [*range(11, memory.ORGANISATIONS + 11)]
