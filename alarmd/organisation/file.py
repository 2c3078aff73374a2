"""The organisation file: text in, one frozen Organisation out, or every fault with its line; and the way back. PURE.

The only module that loads the YAML library, so `alarmd run` never does: a stored version is read by `plain.py`. Called
by the commands `apply` and `export`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter

from alarmd.errors import FaultyFile
from alarmd.organisation import sense, shape
from alarmd.organisation.model import Organisation
from alarmd.organisation.plain import plain
from alarmd.organisation.reading import Book, Item, Series, Table, shown

_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")}
_NOTHING = ("", "~", "null", "Null", "NULL")


LookUp = Callable[[str], frozenset[date]]
"""The public holidays of a country, whole years of them. Raises LookupError with words for one that is not known."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file says. `warnings` are whole lines in the form of the faults: known, but not built yet, or surely
    unmeant.
    """

    organisation: Organisation
    warnings: tuple[str, ...]
    told: Callable[[str, str], str]
    """A path such as `chains.panic` and words about it, as a whole line like the others."""


def nowhere(of: str) -> frozenset[date]:
    """Where nobody looks up public holidays, a file that wants them is refused."""
    raise LookupError(f"the public holidays of {shown(of)} are not at hand here")


def parse(text: str, name: str, look_up: LookUp = nowhere) -> Parsed:
    """Read an organisation file; `name` is what its lines are told by. Raises FaultyFile with every fault as
    `NAME:LINE: path: what is wrong and what would be right`: those of shape first, those of sense when the shape is
    right.
    """
    book = Book(name, {"": 1})
    item = Item(_Grower(book).value(_composed(text, name), ""), "", book)
    found = item.kept(shape.organisation)
    if not found or book.noted:
        raise FaultyFile(book.faults())
    organisation = _with_holidays(found[0], book, look_up)
    for path, words in sense.faults(organisation):
        book.note(path, words)
    if book.noted:
        raise FaultyFile(book.faults())
    warnings = sorted(sense.warnings(organisation), key=lambda each: book.line(each[0]))
    return Parsed(organisation, tuple(book.told(path, words) for path, words in warnings), book.told)


def export(organisation: Organisation) -> str:
    """The organisation as a file that `parse` takes back to an equal value, if public holidays and calendars say what
    they said. Holds numbers and secrets in full.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.width, yaml.representer.sort_base_mapping_type_on_output = 130, False
    out = StringIO()
    yaml.dump(plain(_as_written(organisation)), out)
    return out.getvalue()


class _Representer(SafeRepresenter):
    """Quotes what the library itself would not read back: a plain `?x` is a key without its first sign, and a plain
    `:x` none at all between braces."""

    def text(self, text: str) -> ScalarNode:
        quote = "'" if text.startswith(("?", ":")) else None
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", text, style=quote)
        return node


_Representer.add_representer(str, _Representer.text)


def _as_written(organisation: Organisation) -> Organisation:
    """Without what was looked up when it came in."""
    holidays = organisation.holidays
    schedules = {
        key: replace(schedule, calendar=schedule.calendar and replace(schedule.calendar, known=None))
        for key, schedule in organisation.schedules.items()
    }
    days = frozenset() if holidays.of else holidays.days
    return replace(organisation, schedules=schedules, holidays=replace(holidays, days=days))


def _with_holidays(organisation: Organisation, book: Book, look_up: LookUp) -> Organisation:
    calendar = organisation.holidays
    if not calendar.of:
        return organisation
    try:
        return replace(organisation, holidays=replace(calendar, days=look_up(calendar.of)))
    except LookupError as unknown:
        book.note("holidays.of", str(unknown.args[0]))
        return organisation


def _composed(text: str, name: str) -> Node:
    """The nodes of the text. A text that is no YAML has only its first fault told: what follows it cannot be known."""
    yaml = YAML(typ="base", pure=True)
    yaml.max_depth = 40
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark, begun = error.problem_mark or error.context_mark, error.context_mark
        told = f"{error.context} that begins in line {begun.line + 1}, " if begun and error.context else ""
        hint = "; indent with blanks, not tabs" if "\\t" in str(error.problem) else ""
        raise _no_yaml(name, mark.line + 1 if mark else 1, f"{told}{error.problem}{hint}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _no_yaml(name, line, "a character that no YAML text may hold") from None
    if not isinstance(node, Node):
        raise FaultyFile([f"{name}:1: the file is empty; it begins with alarmd: 1"])
    return node


def _no_yaml(name: str, line: int, words: str) -> FaultyFile:
    return FaultyFile([f"{name}:{line}: this is no YAML: {words}"])


@dataclass(frozen=True, slots=True)
class _Grower:
    """Grows the plain tree from the nodes, each node once: one that aliases repeat stays one value."""

    book: Book
    grown: dict[int, object] = field(default_factory=dict)

    def value(self, node: Node, path: str) -> object:
        if id(node) not in self.grown:
            if node.tag not in _TAGS:
                self.fault(node, path, f"the tag {node.tag} is not known here; leave it out")
            if isinstance(node, ScalarNode):
                self.grown[id(node)] = None if node.style is None and node.value in _NOTHING else node.value
            elif isinstance(node, SequenceNode):
                self.series(node, path)
            else:
                self.table(node, path)
        return self.grown[id(node)]

    def series(self, node: SequenceNode, path: str) -> None:
        self.grown[id(node)] = series = Series()
        for place, each in enumerate(node.value, 1):
            series.lines.append(each.start_mark.line + 1)
            series.append(self.value(each, f"{path}.{place}"))

    def table(self, node: Node, path: str) -> None:
        self.grown[id(node)] = table = Table()
        for key, each in node.value:
            line, word = key.start_mark.line + 1, key.value
            if not isinstance(key, ScalarNode):
                self.fault(key, path, "a list or mapping stands where a key is wanted")
            elif word in table:
                self.fault(
                    key, path, f"the key {shown(word)} stands twice, first in line {table.lines[word]}; leave one"
                )
            else:
                table.lines[word] = line
                table[word] = self.value(each, f"{path}.{word}" if path else word)

    def fault(self, node: Node, path: str, words: str) -> None:
        self.book.noted.append(
            (node.start_mark.line + 1, f"{self.book.name}:{node.start_mark.line + 1}: {path}: {words}")
        )
