"""The paper of the exam on alarms that were cancelled by PIN: what those are given from whom they are hidden, and that
it is kept as the log makes it.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from alarmd.alarm.events import from_wire
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, Pin
from alarmd.alarm.lifecycle import faced
from alarmd.alarm.model import Person
from alarmd.alarm.view import summary
from alarmd.ports import Hides, Reading
from alarmd.store.verify import verify
from tests.store.stage import Stage, pressed, stage

TAMPERED = {
    "since when": "UPDATE veils SET position = position + 1",
    "from whom": "UPDATE veils SET body = replace(body, '\"kari\"', '\"ola\"')",
    "whether it goes on": "UPDATE veils SET open = NOT open",
    "how it looks": "UPDATE veils SET body = replace(body, 'panic', 'tonic')",
    "its shape": "UPDATE veils SET body = '[]'",
    "a veil": "DELETE FROM veils",
    "a veil of no alarm": "INSERT INTO veils VALUES ('none', 1, false, '{}')",
    "a veil that is none": "INSERT INTO veils SELECT id, 1, false, '{}' FROM alarms WHERE kind = 'panic' AND open",
}


def hides_from(person: str, *roles: str) -> Hides:
    return lambda veil: veil.hides_from(person, roles)


KARI, OLA = hides_from("kari", "staff"), hides_from("ola", "guard")


def listed(reading: Reading, *, open: bool | None, hides: Hides | None, limit: int = 10) -> list[dict[str, Any]]:
    return [orjson.loads(text) for text in reading.summaries(open=open, site=None, limit=limit, hides=hides)]


class ExamOfVeils:
    """Inherited beside `Exam`."""

    @pytest.fixture
    def veiled(self, url: str) -> Iterator[tuple[Stage, str, str]]:
        """Two alarms that Kari cancelled, one of them under duress, and one that goes on."""
        with stage(url) as made:
            made.apply()
            ids = []
            for pin in (Pin.HONEST, Pin.DURESS):
                alarm = made.press("desk-3").alarm
                assert alarm is not None
                ids.append(alarm.id)
                made.does(alarm.id, Action.CANCEL, "kari", pin=pin)
                made.tell_all()
            made.press("desk-4")
            yield made, ids[0], ids[1]

    def test_all_is_the_same_after_a_restart_and_verify_finds_nothing(self, veiled: tuple[Stage, str, str]) -> None:
        one, *ids = veiled
        before = [one.alarm(id) for id in ids]
        one.reopen()
        assert [one.alarm(id) for id in ids] == before
        assert verify(one.database).findings == ()

    def test_a_list_shows_everybody_what_he_may_see(self, veiled: tuple[Stage, str, str]) -> None:
        one, honest, duress = veiled
        faces = [face for id in (duress, honest) if (face := one.alarm(id).face)]
        with one.database.snapshot() as reading:
            open_, closed = (listed(reading, open=open, hides=KARI) for open in (True, False))
            assert len(open_) == 1
            assert [a["id"] for a in closed] == [duress, honest]
            assert closed == [summary(face) for face in faces]
            assert listed(reading, open=None, hides=KARI) == [*open_, *closed]
            assert listed(reading, open=False, hides=KARI, limit=1) == closed[:1]
            for hides in (OLA, None):
                assert [a["id"] for a in listed(reading, open=True, hides=hides)] == [open_[0]["id"], duress]
                assert listed(reading, open=False, hides=hides) == [summary(one.alarm(honest))]
            assert reading.open_veils() == (one.alarm(duress).veil,)

    def test_each_event_says_what_stands_in_its_place(self, veiled: tuple[Stage, str, str]) -> None:
        one, *ids = veiled
        with one.database.snapshot() as reading:
            every = reading.events(0, 1000)
        for id in ids:
            alarm = one.alarm(id)
            assert alarm.face is not None
            story = [event for event in every if event.alarm == id]
            before, cancel, after = (
                story[: alarm.face.version - 1],
                story[alarm.face.version - 1],
                story[alarm.face.version :],
            )
            assert {(e.face, e.veil) for e in before} == {(None, None)}
            assert {(e.face, e.veil) for e in after} == {("", alarm.veil)}
            assert cancel.face is not None
            assert from_wire(orjson.loads(cancel.face)) == faced(from_wire(orjson.loads(cancel.body)))
            assert (cancel.face == cancel.body) == (id == ids[0])

    def test_what_a_decision_committed_is_what_is_read(self, veiled: tuple[Stage, str, str]) -> None:
        one, _, duress = veiled
        before = one.position()
        alarm = one.press("room-2").alarm
        assert alarm is not None
        taken = [
            *one.take(DeadlinePassed(duress)),
            one.does(alarm.id, Action.CANCEL, "kari", pin=Pin.DURESS),
            one.does(alarm.id, Action.ACKNOWLEDGE, "ola", roles=("guard",)),
        ]
        logged = [event for each in taken if each.committed for event in each.committed.logged]
        with one.database.snapshot() as reading:
            assert [e for e in reading.events(before, 1000) if e.position >= logged[0].position] == logged

    def test_press_and_cancel_and_answer_in_one_transaction(self, url: str) -> None:
        with stage(url) as one:
            one.apply()
            with one.database.transaction() as unit:
                taker = one.taker()
                alarm = taker.take(unit, pressed("desk-3"), one.now).alarm
                assert alarm is not None
                kari, ola = Person("kari", "Kari", "phone"), Person("ola", "Ola", "console")
                taker.take(unit, Answered(alarm.id, Action.CANCEL, kari, pin=Pin.DURESS), one.now)
                taker.take(unit, Answered(alarm.id, Action.EN_ROUTE, ola, roles=("guard",)), one.now)
            assert one.alarm(alarm.id).coerced
            assert verify(one.database).findings == ()

    def test_how_far_the_log_is_for_somebody_from_whom_its_end_is_hidden(
        self, veiled: tuple[Stage, str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, _, duress = veiled
        end = one.position()
        monkeypatch.setattr("alarmd.store.reading.PAGE", 1)
        one.take(DeadlinePassed(duress))
        with one.database.snapshot() as reading:
            assert reading.seen_to(KARI) == end
            assert reading.seen_to(OLA) == reading.head().position > end + 1
            assert reading.seen_to(lambda _: True) == end

    def test_nobody_sees_anything_of_an_empty_log(self, url: str) -> None:
        with stage(url) as one, one.database.snapshot() as reading:
            assert reading.seen_to(KARI) == 0

    @pytest.mark.parametrize("what", TAMPERED)
    def test_tampering_with_a_veil_is_found(self, veiled: tuple[Stage, str, str], what: str) -> None:
        one, *_ = veiled
        assert one.by_hand(TAMPERED[what]), "the statement must change something"
        findings = "\n".join(verify(one.database).findings)
        assert re.search("of its veil|no event tells of it", findings), findings
