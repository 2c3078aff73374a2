"""Frozen values that are made and changed as quickly as if they were not frozen. PURE.

A press makes some fifty values. dataclasses sets every field of a frozen one through `object.__setattr__`, and its
`replace` looks at each field anew; the two were a quarter of what deciding cost. Here the same two functions are
written, once for each class, with the setters of its slots.

    @quick
    @dataclass(frozen=True, slots=True)
    class Signal: ...
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

_COPIES: dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {}


def quick(cls: type[T]) -> type[T]:
    """The same frozen, slotted dataclass, with a quicker constructor; `replace` knows it from now on."""
    fields: tuple[Field[Any], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]  # a dataclass, as its caller says
    known: dict[str, Any] = {"cls": cls, "new": object.__new__, "MISSING": MISSING}
    for each in fields:
        known[f"set_{each.name}"] = getattr(cls, each.name).__set__
        known[f"default_{each.name}"], known[f"make_{each.name}"] = each.default, each.default_factory
    known["setters"] = {each.name: known[f"set_{each.name}"] for each in fields}
    end = ["  self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    # As dataclasses itself does; nothing in it comes from outside the code.
    exec("\n".join([*_constructor(fields), *end, *_copier(fields), *end, "  return self"]), known)  # noqa: S102 - see above
    known["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]  # of the same signature
    _COPIES[cls] = known["copy"]
    return cls


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - may be imported from here, checked as what it stands for
else:

    def replace(value: T, /, **changes: Any) -> T:
        """The value with these fields changed."""
        copy = _COPIES.get(value.__class__, _copy)
        return copy(value, changes)


def _copy(value: Any, changes: Mapping[str, Any]) -> Any:
    return dataclasses.replace(value, **changes)


def _constructor(fields: "Sequence[Field[Any]]") -> list[str]:
    values = [f"make_{f.name}() if {f.name} is MISSING else {f.name}" if _made(f) else f.name for f in fields]
    return [
        f"def __init__(self, {', '.join(map(_parameter, fields))}):",
        *(f"  set_{field.name}(self, {value})" for field, value in zip(fields, values, strict=True)),
    ]


def _parameter(field: "Field[Any]") -> str:
    if _made(field):
        return f"{field.name}=MISSING"
    return field.name if field.default is MISSING else f"{field.name}=default_{field.name}"


def _made(field: "Field[Any]") -> bool:
    return field.default_factory is not MISSING


def _copier(fields: "Sequence[Field[Any]]") -> list[str]:
    return [
        "def copy(value, changes):",
        "  self = new(cls)",
        *(f"  set_{field.name}(self, value.{field.name})" for field in fields),
        "  try:",
        "    for name in changes: setters[name](self, changes[name])",
        "  except KeyError as unknown:",
        "    raise TypeError(f'{cls.__name__} has no field {unknown}') from unknown",
    ]
