"""The rows of the tables in which a verdict is told, for the terminal and for the page. PURE."""

from collections.abc import Iterator

from alarmd.rehearsal.storm.verdict import Latency, Verdict

UNSEEN = "nobody looked"


def counts(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What was counted: the word, the number."""
    seen = verdict.consoles > 0
    yield "presses", f"{verdict.presses}"
    yield "accepted", f"{verdict.accepted}"
    yield "never accepted", f"{verdict.unanswered}"
    yield "lost", f"{verdict.lost}" if seen else UNSEEN
    yield "repeated", f"{verdict.repeated}" if seen else UNSEEN
    if verdict.garbled:
        yield "unreadable", f"{verdict.garbled}"
    yield "tried again", f"{verdict.tried_again}"
    yield "alarms", f"{verdict.alarms}"
    yield "accepted a second", f"{verdict.per_second}"
    if seen:
        yield "consoles", f"{verdict.consoles}"
        yield "events on each", f"{verdict.events}"
        yield "in frames", f"{verdict.frames}"
    if verdict.cuts:
        yield "lines cut", f"{verdict.cuts}"
    if verdict.answers or verdict.answers_by_phone:
        yield "answers by key", f"{verdict.answers}"
        yield "answers by telephone", f"{verdict.answers_by_phone}"
    if verdict.provider_requests:
        yield "requests to the provider", f"{verdict.provider_requests}"
        yield "of them not taken", f"{verdict.provider_refused}"
    yield "the storm itself was late by", f"{verdict.storm_lag:.0f} ms"


def waits(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    """What was waited for, and how long: p50, p95, p99 and the longest, in milliseconds."""
    for what, found in (
        ("press → accepted", verdict.to_accepted),
        ("press → console", verdict.to_console),
        ("press → every console", verdict.to_every_console),
        ("press → provider", verdict.to_provider),
        ("answer → accepted", verdict.to_answer),
        ("answer → console", verdict.answer_to_console),
        ("steps late by", verdict.steps_late),
    ):
        if found is not None and found.count:
            yield (what, *_spread(found))


def node_rows(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    """Each node: peak memory, CPU, its share of a core, kills, and how long it was away at the longest."""
    for node in verdict.nodes:
        back = f"{max(node.back):.1f}" if node.back else ""
        yield node.name, f"{node.peak:.0f}", f"{node.cpu:.1f}", f"{node.share:.0%}", f"{node.kills or ''}", back


def _spread(found: Latency) -> tuple[str, ...]:
    values = (found.p50, found.p95, found.p99, found.max)
    return tuple("–" if value is None else f"{value:.1f}" for value in values)
