"""`alarmd preview DEVICE`: who would be told, when and how, by the engine itself; tells nobody."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

from alarmd.alarm.model import Kind
from alarmd.alarm.times import stamp
from alarmd.commands.common import current, instant, opened
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
    print(json.dumps(_plain(shown), ensure_ascii=False) if as_json else "\n".join(_lines(shown, organisation)))


def _plain(shown: Preview) -> dict[str, object]:
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
                "tell": [{"person": t.person, "by": list(t.by)} | _fails(t) for t in s.tell],
                "reason": s.reason,
            }
            for s in shown.steps
        ],
    }


def _lines(shown: Preview, organisation: Organisation) -> list[str]:
    zone = ZoneInfo(organisation.time_zone)
    head = f"{shown.device} pressed {shown.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}: {shown.kind}, chain {shown.chain}"
    return [head, *(f"  +{_duration(s.after):>5}  step {s.step}  {_tell(s.tell)}" for s in shown.steps)]


def _tell(tell: tuple[Told, ...]) -> str:
    return "; ".join(f"{t.person} ({', '.join(map(_way, t.by))})" for t in tell) or "NOBODY"


def _way(channel: str) -> str:
    return f"{channel}: not built yet" if channel in NOT_BUILT else channel


def _fails(told: Told) -> dict[str, object]:
    """The ways that are known but not built yet; no key where there are none."""
    fails = [way for way in told.by if way in NOT_BUILT]
    return {"not_built": fails} if fails else {}


def _duration(length: timedelta) -> str:
    """As the file writes it: 0s, 90s, 5m."""
    seconds = length.total_seconds()
    whole = int(seconds)
    return f"{whole // 60}m" if whole and whole % 60 == 0 and whole == seconds else f"{seconds:g}s"
