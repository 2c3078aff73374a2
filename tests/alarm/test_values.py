"""Quick values are what frozen dataclasses are: as safe, as exact, only quicker."""

import dataclasses
import inspect
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from alarmd.alarm.values import quick, replace


@dataclass(frozen=True, slots=True)
class Plain:
    """What a frozen dataclass does by itself."""

    name: str
    size: int = 3
    parts: list[str] = field(default_factory=list)
    twice: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.size)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """The same, quick."""

    name: str
    size: int = 3
    parts: list[str] = field(default_factory=list)
    twice: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.size)


@pytest.mark.parametrize("kind", [Plain, Quick])
def test_one_is_made_as_the_other(kind: type[Plain | Quick]) -> None:
    one = kind("a")
    assert (one.name, one.size, one.parts, one.twice) == ("a", 3, [], 6)
    assert one.parts is not kind("b").parts
    assert dataclasses.astuple(kind("a", 4, parts=["x"])) == ("a", 4, ["x"], 8)
    assert kind("a") == kind(name="a", size=3)
    assert inspect.signature(kind).parameters.keys() == inspect.signature(Plain).parameters.keys()


@pytest.mark.parametrize("kind", [Plain, Quick])
def test_one_is_changed_as_the_other(kind: type[Plain | Quick]) -> None:
    before = kind("a", 5, ["x"])
    after = replace(before, size=6, name="b")
    assert dataclasses.astuple(before) == ("a", 5, ["x"], 10)
    assert dataclasses.astuple(after) == ("b", 6, ["x"], 12)
    assert after.parts is before.parts
    assert type(after) is kind


@pytest.mark.parametrize("kind", [Plain, Quick])
def test_what_is_not_there_can_be_neither_given_nor_changed(kind: type[Plain | Quick]) -> None:
    with pytest.raises(TypeError):
        kind()  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError):
        kind("a", colour="red")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError):
        replace(kind("a"), colour="red")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(FrozenInstanceError):
        kind("a").size = 4  # type: ignore[misc]  # that is the point
