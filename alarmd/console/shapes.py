"""The shapes of bodies, in and out, as pydantic models. Those that come in are checked by them; those that go out are
only documented by them (/openapi.json): what is sent is built by pure functions, and a test holds the two together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from alarmd.alarm.incoming import Outcome
from alarmd.alarm.model import AttemptState, Kind, Purpose, ResponderState, State

STORABLE = r"^[^\x00]*$"
"""PostgreSQL holds no NUL in a text."""
PART = "[a-z0-9][a-z0-9-]{0,62}"
PIN = r"^[0-9]{4,8}$"
SITE, ID = rf"^{PART}$", rf"(?i)^{PART}(/{PART})?$"
PATTERNS = {
    STORABLE: "a text with a NUL character",
    SITE: "not the id of a site; expected letters a to z, digits and -",
    PIN: "not a PIN; expected 4 to 8 digits",
    ID: "not an id; expected letters a to z, digits and -, and for a zone site/zone",
}
"""What is said of a text that does not fit."""
Id = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=ID)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=STORABLE)]


class Strict(BaseModel):
    """A misspelt key is told, not ignored."""

    model_config = ConfigDict(extra="forbid")


class SignInBody(Strict):
    """`person` is an id, however it is written."""

    person: Id
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class ActBody(Strict):
    """What an action may say. `reason` for resolve and cancel, `outcome` for resolve, `text` for a note; `pin` to
    cancel from where it was pressed, and `person`, whose it is, where a key for a device asks."""

    outcome: Outcome | None = None
    reason: Words | None = None
    text: Words | None = None
    pin: Annotated[str, StringConstraints(pattern=PIN)] | None = None
    person: Id | None = None


class DrillBody(Strict):
    """One of device and zone; `kind`: left out, the device's own or panic; `externals`: those outside the organisation
    are told, too."""

    device: Id | None = None
    zone: Id | None = None
    kind: Kind | None = None
    externals: StrictBool = False


class Problem(BaseModel):
    """RFC 9457. `alarm` comes with 409: what it has become."""

    type: str
    title: str
    status: int
    detail: str
    alarm: dict[str, Any] | None = None


class SessionShape(Strict):
    """Who is signed in, and until when."""

    person: str
    name: str
    roles: list[str]
    language: str
    expires: str


class NextShape(Strict):
    """The chain's clock; no `at` while it stands."""

    at: str | None
    step: int
    round: int


class ResponderShape(Strict):
    """One who answered."""

    person: str
    state: ResponderState
    at: str
    counts: bool
    arrive_by: str | None


By = dict[Literal["person", "name", "channel", "device", "system"], str]


class AlarmShape(Strict):
    """An alarm as lists and snapshots show it."""

    id: str
    state: State
    kind: Kind
    site: str | None
    zone: str | None
    device: str | None
    drill: bool
    opened_at: str
    changed_at: str
    presses: int
    version: int
    needed: int
    responders: list[ResponderShape]
    next: NextShape | None
    outcome: Outcome | None
    by: By
    note: str | None
    cause: str | None
    coerced: bool
    linked: str | None


class AlarmsShape(Strict):
    """A list."""

    alarms: list[AlarmShape]


class SignalShape(Strict):
    """One press."""

    signal: str
    ref: str | None
    device: str | None
    zone: str | None
    kind: Kind
    note: str | None
    at: str
    by: By
    pressed_at: str | None
    fault: str | None


class EventShape(Strict):
    """One event, as in the feed."""

    position: int
    alarm: str
    kind: str
    at: str
    by: By
    state: State
    site: str | None
    data: dict[str, Any]


class AttemptShape(Strict):
    """One try through one channel."""

    id: str
    channel: str
    state: AttemptState
    at: str
    why: str | None


class NotificationShape(Strict):
    """One person to be told at one step."""

    id: str
    person: str
    step: int
    round: int
    purpose: Purpose
    attempts: list[AttemptShape]


class ToldShape(Strict):
    """One person, and the channels used at once."""

    person: str
    by: list[str]


class PlannedShape(Strict):
    """A step still to come."""

    step: int
    at: str
    tell: list[ToldShape]


class AlarmDetailShape(AlarmShape):
    """An alarm with all that is known of it."""

    signals: list[SignalShape]
    timeline: list[EventShape]
    notifications: list[NotificationShape]
    plan: list[PlannedShape]


class RaisedShape(Strict):
    """What a press has become."""

    signal: str
    alarm: str
    joined: bool
    state: State


class ZoneShape(Strict):
    """A room; `area` is x, y, width and height on the drawing of its floor, 0 to 1."""

    id: str
    name: str
    floor: str
    way: str
    area: tuple[float, float, float, float] | None
    audible_to: list[str]


class SiteShape(Strict):
    """An office."""

    id: str
    name: str
    address: str
    emergency_number: str
    zones: list[ZoneShape]


class DeviceShape(Strict):
    """A button; `pin` is its place on the drawing."""

    id: str
    zone: str
    kind: Kind
    pin: tuple[float, float] | None


class PersonShape(Strict):
    """Somebody, without a way to reach him."""

    id: str
    name: str
    roles: list[str]
    at: str | None


class OrganisationShape(Strict):
    """Places, buttons and names."""

    version: int
    name: str
    language: str
    time_zone: str
    sites: list[SiteShape]
    devices: list[DeviceShape]
    people: list[PersonShape]


class Here(BaseModel):
    """What a console says of itself over its WebSocket. What a later version adds is let by."""

    type: Literal["here"]
    armed: StrictBool
    visible: StrictBool = True


class ConsoleShape(Strict):
    """An open console, and who is at it. `site`: the only one that it shows."""

    person: str
    roles: list[str]
    site: str | None
    node: str
    since: str
    armed: bool
    visible: bool


class ConsolesShape(Strict):
    """`complete`: no other node can have more of them."""

    open: int
    armed: int
    complete: bool
    consoles: list[ConsoleShape]


class DutyShape(Strict):
    """`from` is included, `to` is not; `people` are ids, none where nobody is on call."""

    start: str = Field(alias="from")
    end: str = Field(alias="to")
    people: list[str]


class OnCallShape(Strict):
    """At an instant `at` and `people`, over a span the others."""

    schedule: str
    at: str | None = None
    people: list[str] | None = None
    start: str | None = Field(default=None, alias="from")
    end: str | None = Field(default=None, alias="to")
    duties: list[DutyShape] | None = None
