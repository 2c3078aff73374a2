"""`alarmd preview DEVICE`: who would be told, when and how, by the engine itself; tells nobody."""

import json
from collections.abc import Collection
from datetime import timedelta
from zoneinfo import ZoneInfo

from alarmd.alarm.model import Kind
from alarmd.alarm.times import stamp
from alarmd.commands.common import current, instant, not_configured, opened
from alarmd.errors import NotFound
from alarmd.escalation.preview import Preview, Told
from alarmd.escalation.preview import preview as imagine
from alarmd.organisation.model import Organisation
from alarmd.organisation.sense import NOT_BUILT
from alarmd.settings import Settings


def preview(settings: Settings, device: str, *, kind: Kind | None, at: str | None, as_json: bool) -> None:
    """Print the steps. `at` without an offset is local to the site. Raises NotFound, Malformed."""
    with opened(settings) as database, database.snapshot() as reading:
        organisation = current(reading)
    if device not in organisation.devices:
        raise NotFound(f"no device {device!r} in this organisation")
    shown = imagine(organisation, device, kind, instant("--at", at, organisation))
    lacking = not_configured(settings)
    plain, lines = _plain(shown, lacking), _lines(shown, organisation, lacking)
    print(json.dumps(plain, ensure_ascii=False) if as_json else "\n".join(lines))


def _plain(shown: Preview, lacking: Collection[str]) -> dict[str, object]:
    return {
        "device": shown.device,
        "kind": shown.kind.value,
        "at": stamp(shown.at),
        "chain": shown.chain,
        "steps": [
            {
                "step": s.step,
                "after": _duration(s.after),
                "at": stamp(s.at),
                "tell": [{"person": t.person, "by": list(t.by)} | _fails(t, lacking) for t in s.tell],
                "reason": s.reason,
            }
            for s in shown.steps
        ],
    }


def _lines(shown: Preview, organisation: Organisation, lacking: Collection[str]) -> list[str]:
    zone = ZoneInfo(organisation.time_zone)
    head = f"{shown.device} pressed {shown.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}: {shown.kind}, chain {shown.chain}"
    return [head, *(f"  +{_duration(s.after):>5}  step {s.step}  {_tell(s.tell, lacking)}" for s in shown.steps)]


def _tell(tell: tuple[Told, ...], lacking: Collection[str]) -> str:
    return "; ".join(f"{t.person} ({', '.join(_way(way, lacking) for way in t.by)})" for t in tell) or "NOBODY"


def _way(channel: str, lacking: Collection[str]) -> str:
    if channel in NOT_BUILT:
        return f"{channel}: not built yet"
    return f"{channel}: not configured" if channel in lacking else channel


def _fails(told: Told, lacking: Collection[str]) -> dict[str, object]:
    """The ways that are known but not built yet, and those that lack a setting; no key where there are none."""
    fails = {"not_built": NOT_BUILT, "not_configured": lacking}
    found = {why: [way for way in told.by if way in ways] for why, ways in fails.items()}
    return {why: ways for why, ways in found.items() if ways}


def _duration(length: timedelta) -> str:
    """As the file writes it: 0s, 90s, 5m."""
    seconds = length.total_seconds()
    whole = int(seconds)
    return f"{whole // 60}m" if whole and whole % 60 == 0 and whole == seconds else f"{seconds:g}s"
