"""A process as the machine sees it: everything that its tasks do, step by step. It can be stopped between any two steps
(SIGSTOP) and go on much later as if nothing had been, and it can be killed there.

Which process a step belongs to stands in the step's context, which tasks and timers inherit from whoever made them.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field

_RUNNING: ContextVar["Process | None"] = ContextVar("process", default=None)


@dataclass(eq=False)
class Process:
    """One life of a node. `again` makes the loop run a step that had to wait. `fuse`: so many steps from now `strikes`
    is called, before the step.
    """

    again: Callable[[asyncio.Handle], None]
    strikes: Callable[[], None] = lambda: None
    fuse: int = 0
    stopped: bool = False
    behind: bool = False
    """The step that runs now was to run before the process was stopped: what it knows it has learned before that."""

    _waiting: list[asyncio.Handle] = field(default_factory=list)
    _late: dict[int, asyncio.Handle] = field(default_factory=dict)

    def context(self) -> Context:
        """For whatever is to be done by this process, or by its machine for it."""
        context = copy_context()
        context.run(_RUNNING.set, self)
        return context

    def may_run(self, step: asyncio.Handle) -> bool:
        """Asked before each of its steps; one that may not run now is run when the process goes on."""
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                self.strikes()
        if self.stopped:
            self._waiting.append(step)
            return False
        self.behind = self._late.pop(id(step), None) is not None
        return True

    def stop(self) -> None:
        self.stopped = True

    def go_on(self) -> None:
        """With everything that has come meanwhile, in its order."""
        self.stopped = False
        waiting, self._waiting = self._waiting, []
        self._late.update((id(step), step) for step in waiting)
        for step in waiting:
            self.again(step)


def of(context: Context | None) -> Process | None:
    """Whose step is it, or for None that of whoever asks."""
    return _RUNNING.get() if context is None else context.get(_RUNNING, None)
