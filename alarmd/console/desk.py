"""What this room asks of the loop, as one Protocol. `app/` says who stands behind it; nothing here knows how a press
is decided."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from alarmd.alarm.incoming import Answered, Pressed
from alarmd.dispatch.presence import Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.take import Taken
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock, Head, Store

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]
"""Start one named piece of work that may end; the supervisor's."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Could this node take a press and tell somebody now? `body` says how each part is, in words for an
    administrator."""

    ready: bool
    body: Mapping[str, Any] = field(default_factory=dict)


class Desk(Protocol):
    """The loop, as the people's door sees it."""

    @property
    def node(self) -> str:
        """This node's name."""
        ...

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def sisters(self) -> Sisters:
        """The other nodes, for what may be lost."""
        ...

    @property
    def presence(self) -> Presence:
        """Who is at which console."""
        ...

    @property
    def head(self) -> Head:
        """The head of the log as this node knows it, never older than the loop's next look. In memory: asked on every
        request."""
        ...

    def organisation(self) -> tuple[int, Organisation]:
        """The version that holds, and it. In memory. Raises NotFound where none was applied yet."""
        ...

    async def submit(self, incoming: Answered | Pressed) -> Taken:
        """Decide and commit; returns when it is durable. Raises NotFound, NotDurable and Undecidable; a refusal
        stands in the decision."""
        ...

    def health(self) -> Readiness: ...
