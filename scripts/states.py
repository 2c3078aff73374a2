"""Draws docs/states.md from the table in alarmd/alarm/transitions.py. A test fails when the page and the table differ.

`python scripts/states.py` writes the page.
"""

from pathlib import Path

from alarmd.alarm.model import State
from alarmd.alarm.transitions import TABLE

PAGE = Path(__file__).parents[1] / "docs" / "states.md"
HEAD = """\
# The states of an alarm

Drawn from `alarmd/alarm/transitions.py` by `python scripts/states.py`; do not edit. Events that leave the state as it
is are in the table below the drawing.

"""


def page() -> str:
    """The whole page."""
    moves: dict[tuple[State, State], list[str]] = {}
    for (state, event), leads in TABLE.items():
        for target in leads:
            moves.setdefault((state, target), []).append(event.value)
    drawing = ["```mermaid", "stateDiagram-v2", "    [*] --> raised: raised"]
    drawing += [f"    {a} --> {b}: {', '.join(sorted(e))}" for (a, b), e in moves.items() if a is not b]
    drawing += ["    resolved --> [*]", "    cancelled --> [*]", "```", ""]
    table = ["| state | events that leave it as it is |", "| --- | --- |"]
    table += [f"| {state} | {', '.join(sorted(moves.get((state, state), [])))} |" for state in State]
    return HEAD + "\n".join([*drawing, *table]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
