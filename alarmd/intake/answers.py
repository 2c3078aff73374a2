"""People answer by text and by key. Knows no provider and no number but the one it is asked about; called by the hooks.

Who answers is whoever owns the number a text came from, or whoever the call was for; being answered is no answer. What
was said is handed to the desk, and thanks are given only after it is stored. Nothing here ends, silences or opts out of
anything.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from alarmd.alarm import model
from alarmd.alarm.incoming import Action, Answered, Reported
from alarmd.alarm.model import Alarm, Kind, ResponderState
from alarmd.errors import NotDurable, NotFound, Undecidable
from alarmd.escalation.draft import Decision
from alarmd.escalation.veil import seen_by
from alarmd.organisation.model import Organisation, Person, Recipient
from alarmd.wording.replies import (
    Answer,
    confirmation,
    not_understood,
    read_answer,
    read_key,
    text_confirmation,
    which,
)
from alarmd.wording.texts import FALLBACK, say
from alarmd.wording.twiml import alarm_call, last_words

Asked = tuple[Person, Alarm, Organisation]
"""An open alarm of which this person was told."""

ACTIONS = {Answer.COMING: Action.EN_ROUTE, Answer.CANNOT: Action.DECLINE, Answer.ARRIVED: Action.ARRIVED}
NOT_STORED, OVER = "answer.not_stored", "answer.over"

log = structlog.get_logger()


class AnswerDesk(Protocol):
    """Where answers and receipts are handed in, and whom they are from is asked."""

    async def submit(self, incoming: Answered | Reported) -> Decision:
        """Return when it is durable; a refusal stands in the decision. Raises NotDurable, Undecidable, and NotFound
        for an answer to an alarm that nobody knows (a receipt for one changes nothing).
        """
        ...

    async def alarm(self, id: str) -> tuple[Alarm, Organisation] | None:
        """The alarm as it is now, with the version of the organisation that it keeps. Raises NotDurable."""
        ...

    async def asked(self, number: str) -> Sequence[Asked]:
        """All open alarms of which the owners of this number (E.164) were told, the newest first but those of machines
        last. Raises NotDurable."""
        ...


async def answer_text(desk: AnswerDesk, number: str, text: str) -> str:
    """Take what a text says; the text to send back."""
    try:
        asked = _each_once(await desk.asked(number))
    except NotDurable as fault:
        log.warning("answer not taken", channel="sms", why=str(fault))
        return say(FALLBACK, NOT_STORED)
    if not asked:
        return say(FALLBACK, "reply.none")
    known = [(alarm, organisation) for _, alarm, organisation in asked]
    language = asked[0][2].language_of(asked[0][0])
    read = read_answer(text)
    if read is None:
        return not_understood(known, language)
    answer, code = read
    chosen = _choose(asked, answer, code)
    if chosen is None:
        return which(answer, known, language, code)
    person, alarm, organisation = chosen
    instead = await _hand_in(desk, alarm, person, "sms", answer)
    if instead is not None:
        return say(language, instead)
    return text_confirmation(answer, alarm, organisation, language, alarm.code if len(asked) > 1 else None)


async def answer_key(desk: AnswerDesk, alarm: str, attempt: str, keys: str, action: str) -> str:
    """Take the key that was pressed in the call of this attempt; the TwiML that the call goes on with. `action`: where
    the next key goes.
    """
    try:
        known = await desk.alarm(alarm)
    except NotDurable as fault:
        log.warning("answer not taken", channel="voice", alarm=alarm, why=str(fault))
        return last_words(say(FALLBACK, NOT_STORED), FALLBACK)
    recipient = _called(*known, attempt) if known is not None else None
    if known is None or recipient is None:
        return last_words(say(FALLBACK, "answer.unknown"), FALLBACK)
    about, organisation = seen_by(known[0], recipient), known[1]
    language = organisation.language_of(recipient)

    def again(first: str | None) -> str:
        words = say(language, first) if first else None
        return alarm_call(about, organisation, language, action, attempt=attempt, first=words)

    answer = read_key(keys)
    if about.state.ended:
        return last_words(say(language, OVER), language)
    if answer is None or answer is Answer.AGAIN:
        return again(None if answer else "call.wrong_key")
    instead = await _hand_in(desk, about, recipient, "voice", answer)
    if instead == NOT_STORED:
        return again(instead)
    words = say(language, instead) if instead else confirmation(answer, about, organisation, language)
    return last_words(words, language)


async def _hand_in(desk: AnswerDesk, alarm: Alarm, who: Recipient, channel: str, answer: Answer) -> str | None:
    """Hand the answer in; None when it is stored, else the key of what to say instead of thanks."""
    by = model.Person(who.id, who.name, channel)
    roles = who.roles if isinstance(who, Person) else ()
    try:
        decision = await desk.submit(Answered(alarm.id, ACTIONS[answer], by, roles=roles))
    except (NotDurable, Undecidable, NotFound) as fault:
        log.warning("answer not taken", channel=channel, alarm=alarm.id, why=str(fault))
        return NOT_STORED
    return OVER if decision.refusal is not None else None


def _called(alarm: Alarm, organisation: Organisation, attempt: str) -> Recipient | None:
    """Whom the call of this attempt was for."""
    found = alarm.find(attempt)
    return organisation.recipient(found[0].person) if found else None


def _each_once(asked: Sequence[Asked]) -> list[Asked]:
    """Every alarm once, where two people share a number: with the first of them."""
    once: dict[str, Asked] = {}
    for known in asked:
        once.setdefault(known[1].id, known)
    return list(once.values())


def _choose(asked: Sequence[Asked], answer: Answer, code: str | None) -> Asked | None:
    """The alarm that is meant: by its code; else the only one; else, for one who has arrived, the only one he is coming
    to. Nobody arrives at a fault of the machinery. There are ninety codes: of more alarms the newest of a code is
    meant, but by one who has arrived the one he is coming to.
    """
    if code is not None:
        coded = [a for a in asked if a[1].code == code]
        there = [a for a in coded if answer is Answer.ARRIVED and _on_the_way(*a[:2])]
        meant = (there or coded)[:1]
    elif answer is Answer.ARRIVED and len(asked) > 1:
        meant = [a for a in asked if a[1].kind is not Kind.TECHNICAL and _on_the_way(*a[:2])]
    else:
        meant = list(asked)
    return meant[0] if len(meant) == 1 else None


def _on_the_way(person: Person, alarm: Alarm) -> bool:
    responder = alarm.responder(person.id)
    return responder is not None and responder.state in (ResponderState.ACKNOWLEDGED, ResponderState.EN_ROUTE)
