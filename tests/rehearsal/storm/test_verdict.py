"""The figures of a storm, how they are drawn, and the page: one file that needs nothing else."""

import json
import re
from html.parser import HTMLParser

from alarmd.rehearsal.storm.page import page, plots
from alarmd.rehearsal.storm.plan import Trouble
from alarmd.rehearsal.storm.plots import Line, Plot, cumulative, standalone, svg
from alarmd.rehearsal.storm.promises import Ending
from alarmd.rehearsal.storm.rows import counts, node_rows, waits
from alarmd.rehearsal.storm.samples import MIB, Sample, Samples
from alarmd.rehearsal.storm.verdict import Latency, Verdict, latency, verdict
from tests.rehearsal.storm.test_promises import WHOLE, good_storm, lost, twice

TROUBLES = (Trouble(1, 2, slow=True), Trouble(3, 4, slow=False))


def whole() -> Verdict:
    books = good_storm()
    for second in range(10):
        books.samples.taken.append(Sample(second, "node-1", (100 + second) * MIB, second / 4, 20, 4096))
    return verdict(books, WHOLE, TROUBLES)


def test_percentiles_are_by_nearest_rank_in_milliseconds() -> None:
    found = [n / 1000 for n in (*range(51, 101), *range(50, 0, -1))]
    assert latency(found) == Latency(100, 50.0, 95.0, 99.0, 100.0)
    assert latency([0.003, 0.001, 0.002]) == Latency(3, 2.0, 3.0, 3.0, 3.0)
    assert latency([0.25]) == Latency(1, 250.0, 250.0, 250.0, 250.0)
    assert latency([]) == Latency(0)


def test_the_figures_of_a_storm() -> None:
    found = whole()
    assert found.held
    assert (found.presses, found.accepted, found.garbled, found.alarms, found.consoles) == (3, 2, 1, 1, 2)
    assert (found.lost, found.repeated, found.unanswered, found.unasked) == (0, 0, 0, 0)
    assert (found.seconds, found.per_second) == (1, 2)
    assert found.to_accepted == Latency(2, 1000, 1000, 1000, 1000)
    assert found.to_console == found.to_every_console == Latency(2, 4000, 4000, 4000, 4000)
    assert found.to_provider == Latency(1, 2000, 2000, 2000, 2000)
    assert found.to_answer == Latency(1, 500, 500, 500, 500)
    assert found.answer_to_console == Latency(1, 1000, 1000, 1000, 1000)
    assert found.nodes[0].peak == 109
    assert found.nodes[0].share == 0.25
    assert json.loads(json.dumps(found.plain()))["held"] is True


def test_a_broken_promise_is_no_storm_that_held() -> None:
    books = good_storm()
    lost(books)
    twice(books)
    found = verdict(books, WHOLE)
    assert (found.lost, found.repeated, found.held) == (1, 1, False)


def test_a_storm_in_which_nothing_was_accepted_has_figures_too() -> None:
    from_nothing = verdict(type(good_storm())(), Ending())
    assert (from_nothing.presses, from_nothing.per_second, from_nothing.held) == (0, 0, True)
    assert page(from_nothing, "nothing", "alarmd storm")


def test_nodes_by_kills_and_by_how_soon_they_were_back() -> None:
    samples = Samples(kills=[(3, "b"), (9, "b")], back=[(5, "b")])
    samples.taken = [Sample(0, "a", MIB, 0, 9), Sample(10, "a", 3 * MIB, 5, 11), Sample(1, "b", MIB, 0, 9)]
    a, b = samples.figures
    assert (a.peak, a.cpu, a.share, a.files, a.kills) == (3, 5, 0.5, 11, 0)
    assert (b.kills, b.back, b.share) == (2, (2,), 0)


def test_rows_leave_out_what_was_not() -> None:
    found = whole()
    assert dict(counts(found))["unreadable"] == "1"
    assert [row[0] for row in waits(found)][:3] == ["press → accepted", "press → console", "press → every console"]
    assert list(node_rows(found)) == [("node-1", "109", "2.2", "25%", "1", "")]
    bare = verdict(type(good_storm())(), Ending())
    assert dict(counts(bare))["lost"] == "nobody looked"
    assert list(waits(bare)) == []


class Balanced(HTMLParser):
    """Fails on a tag that is closed wrongly; gathers what is linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_well_made() -> None:
    text = page(whole(), "<b>10 presses</b>", "alarmd storm --nodes 1")
    read = Balanced()
    read.feed(text)
    assert read.open == []
    assert read.links == []
    assert not re.search(r"https?://|@import|url\(|<script", text)
    assert "&lt;b&gt;10 presses" in text
    assert "prefers-color-scheme:dark" in text
    assert "width=device-width" in text
    assert "every promise held" in text
    assert text.count("<svg") == len(plots(whole())) == 5
    assert text.count('class="band"') == 4 * len(TROUBLES)
    assert text.count('class="mark"') == 4


def test_a_broken_promise_stands_on_the_page() -> None:
    books = good_storm()
    lost(books)
    text = page(verdict(books, WHOLE), "10 presses", "alarmd storm")
    assert "a promise was broken" in text
    assert "1 times: r9" in text


def test_a_plot_keeps_inside_its_frame() -> None:
    line = Line("one", [(0.01, 5), (3, 50_000), (900, 0)])
    for log in (False, True):
        drawn = svg(Plot("<plot>", "ms", "a second", [line, Line("two", [(1, 1)])], log_x=log, log_y=log, marks=[5000]))
        points = re.findall(r'points="([^"]+)"', drawn)
        assert len(points) == 2
        for x, y in (pair.split(",") for each in points for pair in each.split()):
            assert 0 <= float(x) <= 400
            assert 0 <= float(y) <= 230
        assert "&lt;plot&gt;" in drawn


def test_a_plot_without_anything_says_so() -> None:
    assert Plot("t", "x", "y", [Line("one", [])]).empty
    assert "polyline" not in svg(Plot("t", "x", "y", [Line("one", [])]))


def test_a_plot_of_its_own_carries_its_style() -> None:
    text = standalone(Plot("Memory", "minutes", "MiB", [Line("rss", [(0, 100), (60, 101)])]))
    read = Balanced()
    read.feed(text)
    assert read.open == []
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "Memory" in text


def test_a_cumulative_line_ends_with_everything() -> None:
    assert cumulative([1, 2, 5, 9]) == [(1, 25), (2, 50), (5, 75), (9, 100)]
