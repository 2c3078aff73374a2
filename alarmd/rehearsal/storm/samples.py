"""The book of the nodes: what each used, second after second, and how often it died. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one node. `at` and `cpu` in seconds (of all its lives), `memory` in bytes (resident), `files` that it
    holds open, `database` in bytes and `tasks` of its loop where they can be known."""

    at: float
    node: str
    memory: int
    cpu: float
    files: int
    database: int | None = None
    tasks: int | None = None


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """What one node came to. `peak` in MiB; `cpu` in seconds of one core; `share`: of one core, on average; `back`:
    from each kill until it was ready again, in seconds."""

    name: str
    peak: float
    cpu: float
    share: float
    files: int
    kills: int
    back: tuple[float, ...] = ()


@dataclass(slots=True)
class Samples:
    """Everything that was looked at. `kills`: when which node was killed; `back`: and when it was ready again."""

    taken: list[Sample] = field(default_factory=list)
    kills: list[tuple[float, str]] = field(default_factory=list)
    back: list[tuple[float, str]] = field(default_factory=list)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sample.node for sample in self.taken))

    def of(self, node: str) -> Sequence[Sample]:
        return [sample for sample in self.taken if sample.node == node]

    @property
    def figures(self) -> tuple[NodeFigures, ...]:
        """One for each node of which there is any sample."""
        return tuple(self._figures(node) for node in self.nodes)

    def _figures(self, node: str) -> NodeFigures:
        samples = self.of(node)
        first, last = samples[0], samples[-1]
        took, cpu = last.at - first.at, last.cpu - first.cpu
        kills = [at for at, name in self.kills if name == node]
        ready = [at for at, name in self.back if name == node]
        return NodeFigures(
            node,
            round(max(s.memory for s in samples) / MIB, 1),
            round(cpu, 2),
            round(cpu / took, 3) if took else 0.0,
            max(s.files for s in samples),
            len(kills),
            tuple(round(back - killed, 2) for killed, back in zip(kills, ready, strict=False)),
        )
