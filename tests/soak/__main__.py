"""`make soak`: an hour, or as many minutes as one likes, of a steady storm over one node, with consoles that come and
go, people who answer and end their alarms, and providers that now and then are slow or fail. Exits with 1 when a
promise was broken or something was not flat.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alarmd.rehearsal.storm.plots import Line, Plot, standalone
from tests.soak.flat import Course, Finding, judge, warm_up

MIB = 1 << 20
STORM = (
    *("--nodes", "1", "--mqtt", "own", "--consoles", "20", "--cut-every", "5", "--repeats", "0.05", "--late", "0.02"),
    *("--answers", "1", "--answer-after", "3", "--slow", "0.02", "--failing", "0.01", "--patience", "120"),
    *("--steps-within", "5"),
)
BUTTONS = 20
"""For each press a second: so many that most presses open an alarm of their own."""


def main() -> None:
    words = argparse.ArgumentParser(prog="make soak")
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--rate", type=float, default=10, help="presses a second")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--store", type=Path, default=Path("var/soak"), help="a folder for figures and plots")
    wish = words.parse_args()
    wish.store.mkdir(parents=True, exist_ok=True)
    figures, page = wish.store / "storm.json", wish.store / "storm.html"
    figures.unlink(missing_ok=True)
    command = [sys.executable, "-m", "alarmd", "storm", *STORM, "--rate", f"{wish.rate:g}", "--seed", f"{wish.seed}"]
    command += ["--presses", f"{round(wish.rate * 60 * wish.minutes)}", "--devices", f"{round(wish.rate * BUTTONS)}"]
    subprocess.run([*command, "--json", str(figures), "--page", str(page)], check=False)
    if not figures.exists():
        sys.exit("the storm did not come to its end")
    verdict = json.loads(figures.read_text(encoding="utf-8"))
    courses = list(_courses(verdict))
    findings = [judge(course, wish.minutes) for course in courses]
    _store(wish.store, verdict, courses, findings, wish.minutes)
    _tell(findings, wish.minutes)
    sys.exit(not (verdict["held"] and all(finding.flat for finding in findings)))


def _courses(verdict: dict[str, Any]) -> Iterator[Course]:
    """What is to be flat."""
    samples, buckets = verdict["timeline"]["samples"], verdict["timeline"]["buckets"]

    def sampled(key: str, scale: float = 1) -> list[tuple[float, float]]:
        return [(s["at"] / 60, s[key] / scale) for s in samples if s[key] is not None and s["at"] >= 0]

    def waited(figure: str) -> list[tuple[float, float]]:
        whole = [bucket for bucket in buckets if bucket["to_console"][figure] is not None]
        return [(bucket["at"] / 60, bucket["to_console"][figure]) for bucket in whole]

    yield Course("memory", "MiB", sampled("memory", MIB))
    yield Course("open files", "", sampled("files"), least=3)
    yield Course("tasks", "", sampled("tasks"), least=5)
    yield Course("press to console, p50", "ms", waited("p50"), least=1)
    yield Course("press to console, p99", "ms", waited("p99"), least=5)
    yield Course("database for each press", "KiB", _growth(verdict))


def _growth(verdict: dict[str, Any]) -> list[tuple[float, float]]:
    """How much the log grows for each press, from bucket to bucket: it is never cut, so its size is not flat, and this
    is."""
    samples, buckets = verdict["timeline"]["samples"], verdict["timeline"]["buckets"]
    found, before, size = [], 0, None
    for bucket in buckets:
        here = [s["database"] for s in samples if s["database"] is not None and s["at"] <= bucket["at"]]
        if here and size is not None and before:
            found.append((bucket["at"] / 60, (here[-1] - size) / 1024 / before))
        before, size = bucket["accepted"], here[-1] if here else size
    return found


def _store(
    folder: Path, verdict: dict[str, Any], courses: list[Course], findings: list[Finding], minutes: float
) -> None:
    """The figures in short, and a plot for each course."""
    short = {
        "minutes": minutes,
        "held": verdict["held"],
        "presses": verdict["presses"],
        "alarms": verdict["alarms"],
        "events": verdict["events"],
        "flat": all(finding.flat for finding in findings),
        "findings": [{name: getattr(finding, name) for name in finding.__slots__} for finding in findings],
        "courses": {course.name: [(round(x, 2), round(y, 2)) for x, y in course.points] for course in courses},
    }
    (folder / "soak.json").write_text(json.dumps(short) + "\n", encoding="utf-8")
    for course in courses:
        name = "".join(letter if letter.isalnum() else "-" for letter in course.name).replace("--", "-")
        plot = Plot(
            course.name, "minutes", course.unit, [Line(course.name, course.points)], bands=[(0, warm_up(minutes))]
        )
        (folder / f"soak-{name}.svg").write_text(standalone(plot), encoding="utf-8")


def _tell(findings: list[Finding], minutes: float) -> None:
    print(f"\nafter {warm_up(minutes):.0f} of {minutes:g} minutes:")
    for finding in findings:
        verdict = "flat" if finding.flat else "NOT FLAT"
        print(
            f"{verdict:9} {finding.name}: {finding.middle:.1f} {finding.unit}, "
            f"rises by {finding.rise:+.2f} (limit {finding.limit:.2f}, noise {finding.noise:.2f})"
        )


if __name__ == "__main__":
    main()
