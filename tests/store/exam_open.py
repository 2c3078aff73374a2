"""The third paper of the exam: of the alarms that are open, which is asked for when, and by which code; and what of
that which is to be done for them is claimed.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alarmd.alarm.effects import Feedback
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, FaultFound, FaultGone, Pin, Pressed
from alarmd.alarm.model import Device, Kind, Person
from alarmd.errors import Refused
from alarmd.organisation.model import Joining
from alarmd.ports import Registry
from tests.store.stage import Stage, pressed, stage
from tests.support.effort import effort
from tests.support.organisations import office


def by_phone(person: str) -> Person:
    return Person(person, person.capitalize(), "phone")


class ExamOfOpenAlarms:
    """Inherited beside `Exam`."""

    def test_answer_codes_of_neighbours_differ(self, one: Stage) -> None:
        causes = one.take(*(FaultFound(f"cause-{n}", "away") for n in range(91)))
        codes = [taken.alarm.code for taken in causes if taken.alarm]
        assert codes[0] == codes[90] == "10"
        assert len(set(codes[:90])) == 90

    def test_two_open_alarms_never_have_the_same_answer_code_while_there_are_others(self, one: Stage) -> None:
        first, *others = one.take(*(FaultFound(f"cause-{n}", "away") for n in range(90)))
        assert first.alarm is not None
        assert len({taken.alarm.code for taken in others if taken.alarm} | {first.alarm.code}) == 90
        one.take(*(FaultGone(f"cause-{n}", "back") for n in (3, 40)))
        with stage(one.url, "two") as two:
            free = [node.take(FaultFound(node.node, "away"))[0].alarm for node in (one, two)]
            assert [alarm.code for alarm in free if alarm] == ["13", "50"]
        assert [taken.alarm.code for taken in one.take(FaultFound("last", "away")) if taken.alarm] == ["12"], "taken"

    def test_an_answer_code_that_was_freed_and_then_not_is_not_given(self, one: Stage) -> None:
        one.take(*(FaultFound(f"cause-{n}", "away") for n in range(90)), FaultGone("cause-5", "back"))
        one.reopen()

        def undone(unit: Registry) -> None:
            one.taker().take(unit, FaultGone("cause-0", "back"), one.now)
            assert unit.open_count(at_most=100) == 88, "asking writes what was gathered"
            one.taker().take(unit, FaultFound("new", "away"), one.now)
            raise Refused

        with pytest.raises(Refused):
            one.within(undone)
        (new,) = one.take(FaultFound("new", "away"))
        assert new.alarm is not None
        assert new.alarm.code == "15"

    # Which alarms are open at a button.

    def test_the_open_alarms_of_a_button_are_found_wherever_they_began_the_newest_first(self, one: Stage) -> None:
        def at(device: str) -> list[str]:
            with one.database.snapshot() as reading:
                return [alarm.id for alarm in reading.open_at(device)]

        one.apply(office(externals={}, joining=Joining(same_device=False)))
        first, second = (one.press("desk-3", ref).alarm for ref in ("r0", "r1"))
        assert first is not None
        assert second is not None
        one.press("desk-4", "other")
        one.take(replace(pressed("desk-3", "test"), kind=Kind.TEST))
        moved = office()
        elsewhere = {**moved.devices, "desk-3": replace(moved.devices["desk-3"], zone="fjordvik/backoffice")}
        one.apply(replace(moved, externals={}, joining=Joining(same_device=False), devices=elsewhere))
        third = one.press("desk-3", "r2").alarm
        assert third is not None
        assert third.first.zone != first.first.zone
        assert at("desk-3") == [third.id, second.id, first.id]
        one.does(second.id, Action.CANCEL, reason="by mistake")
        one.reopen()
        assert at("desk-3") == [third.id, first.id]
        with one.database.transaction() as unit:
            taken = one.taker().take(unit, pressed("desk-3", "r3"), one.now)
            assert taken.alarm is not None
            assert next(unit.open_at("desk-3")).id == taken.alarm.id, "also what was written beside it"

    def test_of_the_open_alarms_of_a_button_no_more_are_read_than_are_asked_for(self, one: Stage) -> None:
        def newest() -> None:
            with one.database.snapshot() as reading:
                next(reading.open_at("desk-3"))

        one.apply(office(externals={}, joining=Joining(same_device=False)))
        one.press("desk-3", "first")
        newest()
        few = effort(newest)
        one.take(*(pressed(device, f"{device}-{n}") for n in range(50) for device in ("desk-3", "desk-4")))
        newest()
        assert effort(newest) <= few + 20

    # What a press may join.

    def test_test_alarms_and_drills_are_not_read_for_a_press(self, one: Stage) -> None:
        tests = [one.take(Pressed(Device("desk-3"), device="desk-3", kind=Kind.TEST))[0].alarm for _ in range(3)]
        drill = one.take(Pressed(Device("desk-3"), device="desk-3", drill=True))[0].alarm
        live = one.press("desk-3").alarm
        assert live is not None
        assert len({alarm.id for alarm in (*tests, drill, live) if alarm}) == 5
        with one.database.transaction() as unit:
            assert [alarm.id for alarm in unit.open_in_zone("fjordvik/reception")] == [live.id]
        one.reopen()
        assert one.press("desk-4").alarm == one.alarm(live.id)
        assert list(one.database._memory._alarms) == [live.id], "no other alarm was folded"

    def test_of_a_person_those_are_read_that_he_opened_or_is_coming_to(self, one: Stage) -> None:
        def bound(person: str = "ola") -> set[str]:
            with one.database.transaction() as unit:
                return {alarm.id for alarm in unit.open_bound_to(person)}

        alarms = [one.press("desk-3").alarm, one.press("room-2").alarm, one.press("under-desk-2").alarm]
        first, second, third = (alarm.id for alarm in alarms if alarm)
        assert bound() == set()
        for alarm in (first, second):
            one.does(alarm, Action.ACKNOWLEDGE)
        one.does(third, Action.DECLINE)
        drill = one.take(Pressed(Device("desk-3"), device="desk-3", drill=True))[0].alarm
        assert drill is not None
        one.does(drill.id, Action.ACKNOWLEDGE)
        assert bound() == {first, second}
        one.does(first, Action.DECLINE)
        assert bound() == {second}
        one.take(Pressed(by_phone("per"), zone="fjordvik/room-2", kind=Kind.DURESS))
        assert bound("per") == set(), "he has joined one that another had opened, which the zone finds"
        own = one.take(Pressed(by_phone("siv"), zone="fjordvik/reception", kind=Kind.DURESS))[0].alarm
        assert own is not None
        one.does(own.id, Action.EN_ROUTE)
        one.reopen()
        assert bound() == {second, own.id}
        assert bound("siv") == {own.id}
        one.does(own.id, Action.RESOLVE, reason="seen to")
        assert (bound("siv"), bound()) == (set(), {second})

    def test_a_person_who_is_coming_by_the_word_of_another_node_is_known(self, one: Stage) -> None:
        first, second = (one.press(device).alarm for device in ("desk-3", "room-2"))
        assert first is not None
        assert second is not None
        with one.database.transaction() as unit:
            assert unit.open_bound_to("ola") == ()
        with stage(one.url, "two") as two:
            two.does(first.id, Action.ACKNOWLEDGE)
            pressed = Pressed(by_phone("ola"), zone="fjordvik/room-2")
            taken, again = one.take(pressed, replace(pressed, zone="fjordvik/reception"))
        assert taken.alarm is not None
        assert again.alarm is not None
        assert (taken.alarm.linked, again.alarm.id) == (first.id, taken.alarm.id), "in one transaction, too"

    @pytest.mark.parametrize("again", [False, True])
    @pytest.mark.parametrize("kind", [Kind.PANIC, Kind.DURESS])
    def test_a_helper_who_presses_is_waited_for_no_longer_where_a_duress_pin_was_used_either(
        self, one: Stage, kind: Kind, again: bool
    ) -> None:
        first = one.press("desk-3").alarm
        assert first is not None
        one.does(first.id, Action.ARRIVED)
        by = Person("kari", "Kari Fjord", "phone")
        one.take(Answered(first.id, Action.CANCEL, by, pin=Pin.DURESS))
        if again:
            one.reopen()
        (own,) = one.take(Pressed(by_phone("ola"), zone="fjordvik/room-2", kind=kind))
        assert own.alarm is not None
        assert (own.alarm.linked, own.alarm.id != first.id) == (None, True), "it keeps its secret"
        ola = one.alarm(first.id).responder("ola")
        assert ola is not None
        assert (ola.in_need, ola.arrive_by is not None) == (kind is Kind.PANIC, kind is Kind.DURESS)

    def test_a_press_by_a_device_asks_for_nobody(self, one: Stage) -> None:
        one.press("desk-3")
        assert one.database._memory.bound is None

    def test_of_the_open_alarms_those_of_people_come_first(self, one: Stage) -> None:
        def newest(at_most: int) -> list[str]:
            with one.database.snapshot() as reading:
                return [f"{a.kind}{' drill' * a.drill}" for a in reading.open_alarms(at_most=at_most)]

        one.press("room-2")
        one.press("desk-3")
        one.take(FaultFound("before", "away"))
        one.take(Pressed(Device("desk-3"), device="desk-3", drill=True))
        one.take(Pressed(Device("desk-3"), device="desk-3", kind=Kind.TEST))
        one.take(*(FaultFound(f"after-{n}", "away") for n in range(5)))
        assert newest(3) == ["panic", "assist", "test"]
        assert newest(100) == ["panic", "assist", "test", "panic drill", *["technical"] * 6]
        with one.database.transaction() as unit:
            one.taker().take(unit, FaultGone("before", "back"), one.now)
            assert len(unit.open_alarms(at_most=100)) == 9

    def test_two_nodes_that_meet_one_deadline_do_its_step_once(self, one: Stage) -> None:
        alarm = one.press("desk-3").alarm
        assert alarm is not None
        one.now += timedelta(seconds=20)
        with stage(one.url, "two") as two:
            two.now = one.now
            taken = [node.take(DeadlinePassed(alarm.id))[0].decision for node in (one, two)]
        steps = [[e.data["step"] for e in d.events if e.kind is EventKind.STEP_DUE] for d in taken]
        assert steps == [[2], []]

    # Of which somebody was told.

    def test_of_all_that_are_open_those_are_found_of_which_somebody_was_told_by_the_organisation_of_each(
        self, one: Stage
    ) -> None:
        def of(*people: str, version: int | None = None) -> list[str]:
            with one.database.snapshot() as reading:
                found = reading.open_told(lambda of: () if version not in (None, of) else people)
                return [alarm.id for alarm in found]

        apart = office(externals={}, joining=Joining(same_device=False))
        first_version = one.apply(apart)
        presses = (pressed(device) for device in ("desk-3", "room-2", "desk-3"))
        first, other, over, fault = (t.alarm for t in one.take(*presses, FaultFound("mqtt", "away")) if t.alarm)
        one.does(over.id, Action.CANCEL, reason="by mistake")
        one.apply(replace(apart, name="Nav Fjordvik og omegn"))
        later = one.press("desk-3").alarm
        assert later is not None
        one.reopen()
        for people in (("ola",), ("ola", "eva"), ("nobody", "ola"), (*(f"p{n}" for n in range(50)), "ola")):
            told = [a.id for a in (later, other, first, fault) if {n.person for n in a.notifications} & {*people}]
            assert later.id in told
            assert of(*people) == told, people
        assert of() == of("ol") == of("nobody") == []
        assert of("ola", version=first_version) == [id for id in of("ola") if id != later.id]

    def test_of_what_he_was_not_told_nothing_is_read(self, one: Stage) -> None:
        one.apply(office(externals={}, joining=Joining(same_device=False)))
        (mine,) = {taken.alarm.id for taken in one.take(pressed("desk-3")) if taken.alarm}

        def told() -> None:
            with one.database.snapshot() as reading:
                assert [alarm.id for alarm in reading.open_told(lambda _: ("eva",))] == [mine]

        for _ in range(2):  # to the step that tells her
            one.now += timedelta(seconds=60)
            one.take(DeadlinePassed(mine))
        one.press("desk-4")
        one.reopen()
        told()
        few = effort(told)
        one.take(*(pressed("desk-4", f"r{n}") for n in range(100)))
        one.reopen()
        told()
        assert effort(told) <= few + 200, "two for each other"

    # What is to be done.

    def test_what_may_be_claimed_is_claimed_with_lights_or_without(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        lights = {due.effect.id for due in taken.committed.effects if isinstance(due.effect, Feedback)}
        others = {due.effect.id for due in taken.committed.effects} - lights
        assert lights
        later = one.now + timedelta(seconds=5)
        with one.database.transaction() as unit:
            assert {due.effect.id for due in unit.claim("two", later, 100, lights=False)} == others
            assert {due.effect.id for due in unit.claim("two", later, 100)} == lights
