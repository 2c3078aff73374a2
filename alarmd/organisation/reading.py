"""How a tree of plain values is read key by key, every fault noted beside its place. PURE. Only `shape.py` reads by it.

The tree is what JSON has (mappings, lists, texts, numbers, true and false, nothing). One that comes from a text file is
made of `Table` and `Series`, which know their lines, and its scalars are all still text, as written: `20`, `true` and
`+4790000021` are understood here, where it is known what is wanted. A reader takes an `Item` and returns its value or
raises `Wrong`; whoever called it notes that and goes on, so that all faults are told at once. What was built around a
fault is never given out.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

T = TypeVar("T")


class Wrong(ValueError):
    """A value that cannot be taken; its text says what is wrong and what would be right."""


class Table(dict[str, object]):
    """A mapping of a file; `lines` has the line of each key, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Series(list[object]):
    """A list of a file; `lines` has the line of each item, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


@dataclass(slots=True)
class Book:
    """What is known of one text while it is read: where each path stands, and the faults. `name` is the file's."""

    name: str
    lines: dict[str, int] = field(default_factory=dict)
    noted: list[tuple[int, str]] = field(default_factory=list)

    def note(self, path: str, words: str) -> None:
        """A fault at a path such as `devices.desk-3.zone`."""
        self.noted.append((self.line(path), self.told(path, words)))

    def told(self, path: str, words: str) -> str:
        """`FILE:LINE: path: words`; without line numbers (a stored version) `FILE: path: words`."""
        line = self.line(path)
        return f"{self.name}{f':{line}' if line else ''}: {f'{path}: ' if path else ''}{words}"

    def line(self, path: str) -> int:
        """The line of this path, or of the nearest one around it that is known; 0 when there are no lines."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 0)

    def faults(self) -> tuple[str, ...]:
        """All lines, in the order of the file."""
        return tuple(words for _, words in sorted(self.noted, key=lambda fault: fault[0]))


@dataclass(frozen=True, slots=True)
class Item:
    """One value and its path. Paths count the items of a list from 1: `chains.panic.steps.2.after`."""

    value: object
    path: str
    book: Book

    def fields(self, *known: str) -> "Fields":
        """Its keys, of which only these are known. Raises Wrong when it is no mapping."""
        table = self.table(f"keys such as {', '.join(known[:3])}")
        for key in table:
            if key not in known:
                words = f"unknown key {shown(key)}{suggestion(key, known)}; known here: {', '.join(known)}"
                self.book.note(self.below(key).path, words)
        return Fields(self, table)

    def entries(self, what: str) -> list[tuple[str, "Item"]]:
        """Keys and values of a mapping whose keys are free. Raises Wrong when it is none."""
        return [(key, self.below(key)) for key in self.table(what)]

    def series(self, what: str) -> list["Item"]:
        """The items of a list. Raises Wrong when it is none."""
        if not isinstance(self.value, list):
            raise Wrong(f"{shown(self.value)} stands where a list of {what} is wanted; write [...]")
        lines = self.value.lines if isinstance(self.value, Series) else ()
        items = [Item(value, f"{self.path}.{place}", self.book) for place, value in enumerate(self.value, 1)]
        self.book.lines.update((item.path, line) for item, line in zip(items, lines, strict=False))
        return items

    def table(self, what: str) -> Mapping[str, object]:
        if not isinstance(self.value, dict):
            raise Wrong(f"{shown(self.value)} stands where a mapping is wanted: {what}")
        return self.value

    def below(self, key: str) -> "Item":
        """The value under this key of a mapping."""
        assert isinstance(self.value, dict)
        path = f"{self.path}.{key}" if self.path else key
        if isinstance(self.value, Table):
            self.book.lines[path] = self.value.lines[key]
        return Item(self.value[key], path, self.book)

    def note(self, words: str) -> None:
        self.book.note(self.path, words)

    def attempt(self, read: Callable[["Item"], T], filler: T) -> T:
        """What the reader makes of it; the filler, and a fault noted, when it is wrong."""
        try:
            return read(self)
        except Wrong as wrong:
            self.note(str(wrong))
            return filler

    def kept(self, read: Callable[["Item"], T]) -> tuple[T, ...]:
        """What the reader makes of it, as one or none."""
        try:
            return (read(self),)
        except Wrong as wrong:
            self.note(str(wrong))
            return ()


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of one mapping. Each method notes what is wrong and returns something of the right type all the same."""

    item: Item
    table: Mapping[str, object]

    def need(self, key: str, read: Callable[[Item], T], filler: T) -> T:
        """A key that must be there."""
        if key in self.table:
            return self.item.below(key).attempt(read, filler)
        self.item.note(f"the key {key} is missing")
        return filler

    def take(self, key: str, read: Callable[[Item], T], default: T) -> T:
        """A key that may be left out."""
        return self.item.below(key).attempt(read, default) if key in self.table else default

    def each(self, key: str, read: Callable[[Item], T], what: str, *, need: bool = False) -> tuple[T, ...]:
        """A list; `need`: with at least one item."""

        def whole(item: Item) -> tuple[T, ...]:
            items = item.series(what)
            if need and not items:
                raise Wrong(f"the list is empty; at least one of {what} is wanted")
            return tuple(value for each in items for value in each.kept(read))

        return self.need(key, whole, ()) if need else self.take(key, whole, ())

    def section(self, key: str, read: Callable[[str, Item], T], *, need: bool = False) -> dict[str, T]:
        """A mapping of free keys, such as ids. One that is left empty in the file counts as empty."""

        def whole(item: Item) -> dict[str, T]:
            entries = item.entries("an id, then what it is") if item.value is not None else []
            return {key: value for key, each in entries for value in each.kept(partial(read, key))}

        return self.need(key, whole, {}) if need else self.take(key, whole, {})


def shown(value: object) -> str:
    """What was found, for a message: short, and never what a mapping or list holds."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)), None)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean "zone"?` for a near miss, else nothing."""
    near = nearest(word, known)
    return f", did you mean {shown(near)}?" if near else ""
