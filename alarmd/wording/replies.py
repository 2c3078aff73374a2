"""What people answer, read forgivingly, and what they are told back. PURE. Called by the hooks for texts and keys.

Only what plainly means one thing is taken: somebody who is thought to be coming and is not costs more than a question
back. No word opts out of, silences or ends an alarm: stop, cancel, end, quit, avslutt are answered with how to
answer.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from alarmd.alarm.model import Alarm, Kind
from alarmd.organisation.model import Organisation
from alarmd.wording.alarms import instruction, mark, with_blank
from alarmd.wording.choices import Known, choices
from alarmd.wording.places import spot
from alarmd.wording.texts import say


class Answer(StrEnum):
    """What was meant; the value is its digit, on a keypad and in a text."""

    COMING = "1"
    CANNOT = "2"
    ARRIVED = "3"
    AGAIN = "9"
    """Only by key: say it once more."""


WORDS = {
    **dict.fromkeys(("ja", "jau", "jepp", "ok", "okay", "okei", "oki", "yes", "yep", "👍"), Answer.COMING),
    **dict.fromkeys(("kommer", "kjem", "coming", "vei", "veg"), Answer.COMING),
    **dict.fromkeys(("fremme", "framme", "her", "arrived", "here", "ankommet", "ankomen"), Answer.ARRIVED),
    **dict.fromkeys(("opptatt", "oppteken", "forhindret", "forhindra", "busy"), Answer.CANNOT),
}
NOT = frozenset(("nei", "nope", "ikke", "ikkje", "not", "cannot", "cant", "👎"))
FILLERS = (
    frozenset(("jeg", "eg", "i", "im", "vi", "we", "er", "am", "kan", "can", "come", "komme", "kome"))
    | frozenset(("på", "nå", "straks", "snart", "takk", "thanks", "hei"))
    | frozenset(("svar", "reply", "send", "kode", "code"))
)
"""Words that change nothing."""
SAME = (("kjem no", "kjem"), ("veg no", "veg"), ("on my way", "coming"))
"""`no` is now in nynorsk and no in English: it is taken as no only alone."""
SPAN = re.compile(r"\b(?:(?:om|in|ca) )*\d+ ?(?:min\w*|m|t|timer?|h|hours?|sek\w*|sec\w*)\b")
"""`om 3 min` is no answer 3."""
NUMBERED = re.compile(r"(?:([123]) ?([0-9]{2})?|([0-9]{2}) ([123]))(\D*)")
"""An answer's digit, with the alarm's code behind it or before it, then words."""
CODE = re.compile(r"[0-9]{2}")
EMERGENCY = frozenset({"110", "112", "113"})
"""Emergency numbers, not answer 1 with a code."""
KEYS = {answer.value: answer for answer in Answer}
MOST = 10
"""Alarms that one text back names at most."""


def read_answer(text: str) -> tuple[Answer, str | None] | None:
    """What the text says, with the two-digit code where there is one; None where it says nothing that is sure."""
    words, spans = SPAN.subn(" ", _plain(text))
    tokens = [t for t in words.split() if t not in FILLERS]
    line = " ".join(tokens)
    found = NUMBERED.fullmatch(line)
    if line in EMERGENCY:
        return None
    if found is None:
        said, code = _coded(tokens)
        meant = _meant(said)
        if meant is Answer.ARRIVED and spans:
            meant = Answer.COMING  # there in five minutes
        return (meant, code) if meant else None
    answer, code, rest = Answer(found[1] or found[4]), found[2] or found[3], found[5].split()
    if (answer is Answer.ARRIVED and spans) or not (rest in ([], ["a"]) or _meant(rest) is answer):
        return None
    return answer, code


def read_key(digits: str) -> Answer | None:
    """What a key of the telephone means; None for one that means nothing."""
    return KEYS.get(digits)


def confirmation(answer: Answer, alarm: Alarm, organisation: Organisation, language: str) -> str:
    """Thanks, and what he is now shown as."""
    if alarm.kind is Kind.TECHNICAL:
        return mark(alarm, language, say(language, "answer.technical"))
    words = say(language, f"answer.{answer.name.lower()}", place=spot(alarm, organisation))
    return mark(alarm, language, words)


def text_confirmation(answer: Answer, alarm: Alarm, organisation: Organisation, language: str, code: str | None) -> str:
    """The same by text; to one who is coming also what to answer when he is there."""
    words = confirmation(answer, alarm, organisation, language)
    if answer is Answer.COMING and alarm.kind is not Kind.TECHNICAL:
        return f"{words} {say(language, 'answer.then', code=with_blank(code))}"
    return words


def which(answer: Answer, open_alarms: Sequence[Known], language: str, code: str | None) -> str:
    """Which alarm did he mean? With a code: one that none of these has."""
    ways = options(answer, open_alarms, language)
    if code is None:
        return say(language, "reply.several", options=ways)
    return say(language, "reply.no_code", code=code, options=ways)


def not_understood(open_alarms: Sequence[Known], language: str) -> str:
    """How to answer, whatever he wrote."""
    sorry = say(language, "reply.not_understood")
    if len(open_alarms) == 1:
        return f"{sorry} {instruction(open_alarms[0][0], language, None)}"
    ways = options(Answer.COMING, open_alarms, language)
    return f"{sorry} {say(language, 'reply.several', options=ways)}"


def options(answer: Answer, open_alarms: Sequence[Known], language: str) -> str:
    """`1 47 for Mottak, 1 48 for Samtalerom 2`, the newest first."""
    newest = sorted(open_alarms, key=lambda known: known[0].opened_at, reverse=True)[:MOST]
    return ", ".join(
        say(language, "reply.option", digit=answer.value, code=with_blank(alarm.code), place=choice)
        for (alarm, _), choice in zip(newest, choices(newest, language), strict=True)
    )


def _coded(tokens: list[str]) -> tuple[list[str], str | None]:
    """Words, and the alarm's code behind them or before them."""
    if tokens and CODE.fullmatch(tokens[-1]):
        return tokens[:-1], tokens[-1]
    if tokens and CODE.fullmatch(tokens[0]):
        return tokens[1:], tokens[0]
    return tokens, None


def _meant(tokens: Sequence[str]) -> Answer | None:
    """What words alone mean: all of them the same, or a no to what would be a yes."""
    if list(tokens) == ["no"]:
        return Answer.CANNOT
    known = [t for t in tokens if t not in NOT]
    meanings = {WORDS.get(t) for t in known}
    if len(known) < len(tokens):
        return Answer.CANNOT if meanings <= {Answer.COMING, Answer.CANNOT} else None
    return meanings.pop() if len(meanings) == 1 else None


def _plain(text: str) -> str:
    """Lower case, one blank between words, digits apart from letters; quotes, points and the frames of emoji gone."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")  # can't
    apart = re.sub(r"(?<=[0-9])(?=[^\W0-9_])|(?<=[^\W0-9_])(?=[0-9])", " ", folded)
    plain = " ".join(re.sub(r"[^\w👍👎]|_", " ", apart).split())
    for words, simpler in SAME:
        plain = re.sub(rf"\b{words}\b", simpler, plain)
    return plain
