"""Every way to reach people that alarmd knows, in one table; and the opening of those that are configured. Called by
app/.

A channel is imported only when it is opened. A kind that is not built, or lacks a setting, is absent from what is
opened: its attempts fail at once as `not_configured`, and `why_not` says what is missing.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from alarmd.ports import Channel, Channels
from alarmd.settings import PREFIX, Settings

Opener = Callable[[Settings], AbstractAsyncContextManager[Channel]]


@dataclass(frozen=True, slots=True)
class Entry:
    """`opener`: dotted name of a function that takes the settings and gives the open channel; None: known, and not
    built yet. `needs`: the settings without which it cannot work.
    """

    opener: str | None = None
    needs: tuple[str, ...] = ()


TWILIO = ("twilio_account_sid", "twilio_auth_token", "twilio_from")

CHANNELS: Mapping[str, Entry] = {
    "sms": Entry("alarmd.channels.twilio_sms.open_channel", TWILIO),
    "voice": Entry("alarmd.channels.twilio_voice.open_channel", TWILIO),
    "webhook": Entry("alarmd.channels.webhook.open_channel"),
    "push": Entry(),
    "email": Entry(),
    "apprise": Entry(),
    "dc09": Entry(),
}
"""By the kind of contact that they reach."""


def why_not(kind: str, settings: Settings) -> str | None:
    """What keeps this kind from reaching anybody, for a warning; None when nothing does. Raises KeyError for an unknown
    kind.
    """
    entry = CHANNELS[kind]
    if entry.opener is None:
        return "this version of alarmd cannot reach anybody that way yet"
    missing = [name for name in entry.needs if not _value(settings, name)]
    return f"not configured: {', '.join(PREFIX + name.upper() for name in missing)}" if missing else None


@asynccontextmanager
async def open_channels(settings: Settings) -> AsyncIterator[Channels]:
    """Every channel that can work, by kind; closed at the end. Call it inside the running loop."""
    async with AsyncExitStack() as stack:
        channels = {}
        for kind, entry in CHANNELS.items():
            if entry.opener is not None and why_not(kind, settings) is None:
                channels[kind] = await stack.enter_async_context(_opener(entry.opener)(settings))
        yield channels


def _opener(dotted: str) -> Opener:
    module, _, name = dotted.rpartition(".")
    opener: Opener = getattr(import_module(module), name)
    return opener


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value if isinstance(value, str) else str(value.get_secret_value())
