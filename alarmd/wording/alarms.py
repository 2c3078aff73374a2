"""The text that tells somebody of an alarm, or that it is over. PURE. Called by every channel that carries writing.

What must be known stands first, how to answer last. A drill is marked before anything else is read. Letters are those
of a plain text message (GSM 03.38; the dash of the drill's mark is one that providers replace), and one message is
never more than two parts: the way, the note and the names of the place give way. Of those present at an office nothing
is said but what the presser wrote himself.
"""

from alarmd.alarm.model import Alarm, Kind, Person, Purpose, State
from alarmd.organisation.model import Organisation
from alarmd.wording.causes import trouble
from alarmd.wording.places import clip, hour_minute, note, place
from alarmd.wording.texts import say

LONGEST = 306
"""Characters of a text: two parts of 153 letters each, for the header that joins parts takes seven of the 160."""
LEAST_NOTE = 40
"""Characters of a note that are kept however long the rest is."""
HELPER = 24
"""Characters of the name of a helper who needs help himself."""


def text_message(
    alarm: Alarm,
    organisation: Organisation,
    language: str,
    purpose: Purpose,
    *,
    attempt: str | None = None,
    code: str | None = None,
) -> str:
    """The whole text. `attempt` tells whether this is a later step, which then says how many are coming; `code`
    stands in the answer where several alarms are open.
    """
    after = [*progress(alarm, language, attempt), instruction(alarm, language, code)]

    def said(where: str, notes: list[str]) -> str:
        if purpose is Purpose.ALL_CLEAR:
            return mark(alarm, language, _all_clear(alarm, organisation, language, where))
        return mark(alarm, language, " ".join([*_raised(alarm, organisation, language, where), *notes, *after]))

    where = place(alarm, organisation, LONGEST - len(said("", noted(alarm, organisation, language, 0))))
    return said(where, noted(alarm, organisation, language, LONGEST - len(said(where, []))))


def mark(alarm: Alarm, language: str, text: str) -> str:
    """The same text, said to be an exercise where it is one."""
    return say(language, "text.drill", text=text) if alarm.drill else text


def kind_name(alarm: Alarm, language: str) -> str:
    """The kind as a headline."""
    return say(language, f"kind.{alarm.kind.value}")


def instruction(alarm: Alarm, language: str, code: str | None) -> str:
    """How to answer, beginning with `Svar 1` or `Reply 1`."""
    key = "text.answer_technical" if alarm.kind is Kind.TECHNICAL else "text.answer"
    return say(language, key, code=with_blank(code))


def with_blank(code: str | None) -> str:
    """The answer code as it follows a digit."""
    return f" {code}" if code else ""


def manner(alarm: Alarm, language: str) -> list[str]:
    """How to come to a silent alarm, the more so where it only looks called off; else whose it is where a helper needs
    help himself."""
    opener = alarm.first.by
    helper = opener.name if alarm.linked is not None and isinstance(opener, Person) and not alarm.coerced else ""
    return [
        *([say(language, "text.coerced")] if alarm.coerced else []),
        *([say(language, "text.silent")] if alarm.silent else []),
        *([say(language, "text.linked", name=clip(helper, HELPER))] if helper else []),
    ]


def progress(alarm: Alarm, language: str, attempt: str | None) -> list[str]:
    """At a later step: that nobody comes yet, or how many. What is wrong with a machine needs nobody on the way."""
    found = alarm.find(attempt) if attempt else None
    if found is None or (found[0].step, found[0].round) == (1, 1) or alarm.kind is Kind.TECHNICAL:
        return []
    if alarm.coming == 0:
        return [say(language, "text.nobody")]
    return [say(language, "text.coming", coming=alarm.coming, needed=alarm.needed)]


def noted(alarm: Alarm, organisation: Organisation, language: str, room: int) -> list[str]:
    """The presser's note in so many characters, or in the fewest that still say something; of alarmd's own troubles
    what is wrong.
    """
    if alarm.cause is not None:
        return [trouble(alarm, organisation, language)]
    words = note(alarm)
    if not words:
        return []
    label = len(say(language, "text.note", note=""))
    short = clip(words, max(room - label - 2, LEAST_NOTE))
    return [say(language, "text.note", note=short if short.endswith((".", "!", "?")) else short + ".")]


def _raised(alarm: Alarm, organisation: Organisation, language: str, where: str) -> list[str]:
    head = say(language, "text.raised", **_words(alarm, organisation, language, where))
    return [head, *manner(alarm, language)]


def _all_clear(alarm: Alarm, organisation: Organisation, language: str, where: str) -> str:
    if alarm.drill:
        key = "text.over_drill"
    elif alarm.kind is Kind.TECHNICAL:
        key = "text.over_technical"
    elif alarm.state is State.CANCELLED:
        key = "text.cancelled"
    else:
        key = "text.over"
    outcome = say(language, f"outcome.{alarm.outcome or 'real'}")
    return say(language, key, outcome=outcome, **_words(alarm, organisation, language, where))


def _words(alarm: Alarm, organisation: Organisation, language: str, where: str) -> dict[str, str]:
    time = say(language, "time", **hour_minute(alarm, organisation))
    return {"kind": kind_name(alarm, language), "place": where, "time": time}
