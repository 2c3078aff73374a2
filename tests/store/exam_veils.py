"""The paper of the exam on alarms that were cancelled by PIN: what those are given from whom they are hidden, and that
it is kept as the log makes it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from alarmd.alarm.events import from_wire
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, FaultFound, FaultGone, Pin
from alarmd.alarm.lifecycle import faced
from alarmd.alarm.model import Alarm, Person
from alarmd.alarm.veil import Veil
from alarmd.alarm.view import summary
from alarmd.ports import Hides, Reading
from alarmd.store.verify import verify
from tests.escalation.stories import one as one_person
from tests.store.stage import Stage, pressed, stage
from tests.support.organisations import answered_by, role, step

TAMPERED = {
    "since when": "UPDATE veils SET position = position + 1",
    "from whom": "UPDATE veils SET body = replace(body, '\"kari\"', '\"ola\"')",
    "whether it goes on": "UPDATE veils SET open = NOT open",
    "how it looks": "UPDATE veils SET body = replace(body, 'panic', 'tonic')",
    "its shape": "UPDATE veils SET body = '[]'",
    "a veil": "DELETE FROM veils",
    "a veil of no alarm": "INSERT INTO veils VALUES ('none', 1, false, '{}')",
    "a face of what has none": "UPDATE veils SET body = replace(body, 'null}', '{}}')",
    "no face": """UPDATE veils SET body = replace(body, '"face"\\:{', '"face"\\:null,"was"\\:{')""",
    "a veil that is none": "INSERT INTO veils SELECT id, 1, false, '{}' FROM alarms WHERE kind = 'panic' AND open",
}


def hides_from(person: str, *roles: str) -> Hides:
    return lambda veil: veil.hides_from(person, roles)


KARI, OLA = hides_from("kari", "staff"), hides_from("ola", "guard")


def listed(reading: Reading, *, open: bool | None, hides: Hides | None, limit: int = 10) -> list[dict[str, Any]]:
    return [orjson.loads(text) for text in reading.summaries(open=open, site=None, limit=limit, hides=hides)]


def fault(one: Stage, cause: str, about: str | None) -> Alarm:
    """The technical alarm of this cause, as told of an alarm."""
    alarm = one.take(FaultFound(cause, f"{cause} is so", about=about))[0].alarm
    assert alarm is not None
    return alarm


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
            fault(made, "exhausted:duress", ids[1])
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
            newest, told, coerced = listed(reading, open=True, hides=None)
            assert (newest, coerced["id"]) == (open_[0], duress)
            assert (told["kind"], told["cause"]) == ("technical", "exhausted:duress")
            for hides in (OLA, None):
                assert listed(reading, open=True, hides=hides) == [newest, told, coerced]
                assert listed(reading, open=False, hides=hides) == [summary(one.alarm(honest))]
            veils = {id: one.alarm(id).veil for id in (duress, told["id"])}
            assert reading.open_veils() == tuple(veils[id] for id in sorted(veils))
            assert {id: reading.veil_of(id) for id in veils} == veils
            assert reading.veil_of(open_[0]["id"]) is None

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

    def test_a_fault_behind_a_veil_is_nowhere_for_those_behind_it(self, veiled: tuple[Stage, str, str]) -> None:
        one, _, duress = veiled
        hidden = fault(one, "nobody:duress:2", duress)
        assert hidden.faceless
        with one.database.snapshot() as reading:
            before = {open: listed(reading, open=open, hides=KARI) for open in (None, True, False)}
            story = reading.story(hidden.id)
            logged = [event for event in reading.events(0, 1000) if event.alarm == hidden.id]
            assert list(story) == logged
            assert {(event.face, event.veil) for event in logged} == {("", hidden.veil)}
            assert hidden.id in [a["id"] for a in listed(reading, open=True, hides=OLA)]
            assert reading.seen_to(KARI) < logged[0].position
            assert reading.seen_to(OLA) == logged[-1].position
        assert hidden.id not in str(before)
        one.does(hidden.id, Action.RESOLVE, "ola", reason="seen to", roles=("guard",))
        with one.database.snapshot() as reading:
            assert {open: listed(reading, open=open, hides=KARI) for open in before} == before
            assert hidden.id in [a["id"] for a in listed(reading, open=False, hides=OLA)]
        assert verify(one.database).findings == ()

    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    def test_what_is_hidden_makes_no_list_shorter(self, veiled: tuple[Stage, str, str], limit: int) -> None:
        one, _, duress = veiled
        for n in range(3):
            hidden, seen = fault(one, f"nobody:duress:{n}", duress), fault(one, f"nobody:panic:{n}", None)
            if n:
                for alarm in (hidden, seen):
                    one.does(alarm.id, Action.RESOLVE, "ola", reason="seen to", roles=("guard",))
        with one.database.snapshot() as reading:
            for open, causes in (
                (True, ["nobody:panic:0", None]),
                (False, ["nobody:panic:2", "nobody:panic:1", None, None]),
                (None, ["nobody:panic:2", "nobody:panic:1", "nobody:panic:0", None, None, None]),
            ):
                found = listed(reading, open=open, hides=KARI, limit=limit)
                assert [a["cause"] for a in found] == causes[:limit]

    def test_what_is_hidden_changes_nothing_of_what_is_not(self, veiled: tuple[Stage, str, str]) -> None:
        """A cause is told to those who may not know that it was told before; and never twice to the same."""
        one, honest, duress = veiled
        cause = "exhausted:duress"
        hidden = fault(one, cause, duress)
        assert (fault(one, cause, duress).id, hidden.faceless) == (hidden.id, True)
        assert fault(one, cause, honest).id == hidden.id
        open_to_all = fault(one, cause, None)
        assert (open_to_all.veil, open_to_all.id == hidden.id) == (None, False)
        one.reopen()
        assert fault(one, cause, None).id == fault(one, cause, duress).id == open_to_all.id
        one.take(FaultGone(cause, "mended"))
        assert (one.alarm(open_to_all.id).state, one.alarm(hidden.id).state) == ("resolved", "raised")
        assert fault(one, cause, duress).id == hidden.id
        together = one.take(FaultFound("two", "two", about=duress), *[FaultFound("two", "two")] * 2)
        first, second, third = (taken.alarm for taken in together if taken.alarm)
        assert (first.faceless, second.veil, second.id == third.id) == (True, None, True)
        assert verify(one.database).findings == ()

    def test_whoever_counts_answer_codes_misses_none_for_a_hidden_alarm(self, url: str) -> None:
        with stage(url) as one:
            one.apply()
            first = one.press("desk-3").alarm
            assert first is not None
            one.does(first.id, Action.CANCEL, "kari", pin=Pin.DURESS)
            hidden = [fault(one, f"nobody:duress:{n}", first.id) for n in range(3)]
            later = [fault(one, f"cause-{n}", None) for n in range(3)]
            assert [a.code for a in (first, *later)] == ["10", "11", "12", "13"]
            assert len({a.code for a in (first, *hidden, *later)}) == 7

    def test_a_fault_of_an_alarm_is_behind_its_veil_although_its_story_cannot_be_read(self, url: str) -> None:
        with stage(url) as one:
            one.apply()
            first = one.press("desk-3").alarm
            assert first is not None
            one.does(first.id, Action.CANCEL, "kari", pin=Pin.DURESS)
            one.by_hand("UPDATE events SET body = '{}'")
            one.reopen()
            told = fault(one, f"undecidable:{first.id}", first.id)
            assert told.veil is not None
            assert told.veil.people == frozenset({"kari"})

    def test_whom_a_step_tells_of_a_hidden_alarm_is_given_all_of_it(self, url: str) -> None:
        technical = answered_by(step(0, role("manager")), step(30, one_person("kari")))
        with stage(url) as one:
            one.apply(replace(technical, externals={}))
            first = one.press("desk-3").alarm
            assert first is not None
            one.does(first.id, Action.CANCEL, "siv", pin=Pin.DURESS)
            hidden = fault(one, "nobody:only:1", first.id)
            one.now += timedelta(seconds=31)
            with one.database.snapshot() as reading:
                assert all(event.veil and KARI(event.veil) for event in reading.story(hidden.id))
            one.take(DeadlinePassed(hidden.id))
            assert one.alarm(hidden.id).veil == Veil(frozenset({"siv"}), frozenset({"eva", "kari"}))
            with one.database.snapshot() as reading:
                assert not any(event.veil is None or KARI(event.veil) for event in reading.story(hidden.id))
                assert hidden.id in [a["id"] for a in listed(reading, open=True, hides=KARI)]
            assert verify(one.database).findings == ()

    def test_nobody_sees_anything_of_an_empty_log(self, url: str) -> None:
        with stage(url) as one, one.database.snapshot() as reading:
            assert reading.seen_to(KARI) == 0

    @pytest.mark.parametrize("what", TAMPERED)
    def test_tampering_with_a_veil_is_found(self, veiled: tuple[Stage, str, str], what: str) -> None:
        one, *_ = veiled
        assert one.by_hand(TAMPERED[what]), "the statement must change something"
        findings = "\n".join(verify(one.database).findings)
        assert re.search("of its veil|no event tells of it", findings), findings
