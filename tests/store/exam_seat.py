"""The paper of the exam about the broker's presses: the seat is one for all nodes, and a message without a ref is
stored once, however often and to whomever it is delivered.
"""

from dataclasses import replace

import pytest

from alarmd.alarm.incoming import Delivery, Pressed, Seat
from alarmd.alarm.model import Device
from alarmd.errors import Superseded
from alarmd.ports import KnownSignal, Mark
from alarmd.store.verify import verify
from tests.store.stage import Stage, stage

FIRST = Delivery(term=1, session=1, packet=7, arrival="a", digest=b"empty")
MARK = Mark("a", b"\0\xff", KnownSignal("s", "al", joined=True))


def bare(delivery: Delivery, device: str = "desk-3") -> Pressed:
    """A press that says nothing of itself."""
    return Pressed(Device(device), device=device, delivery=delivery)


def sits(at: Stage, seat: Seat) -> None:
    at.within(lambda unit: unit.put_seat(seat))


class ExamOfTheSeat:
    @pytest.fixture
    def sat(self, one: Stage) -> Stage:
        sits(one, Seat("one", 1, 0, 1))
        return one

    def test_nobody_sits_at_first_and_all_nodes_see_who_does(self, one: Stage) -> None:
        with stage(one.url, "two") as two:
            with two.database.snapshot() as reading:
                assert reading.seat() == Seat("", 0, 0, 0)
            sits(one, Seat("one", 2**40, 3, 4))
            with two.database.snapshot() as reading:
                assert reading.seat() == Seat("one", 2**40, 3, 4)
            assert two.within(lambda unit: unit.seat()) == Seat("one", 2**40, 3, 4)

    def test_a_mark_is_kept_replaced_and_dropped(self, one: Stage) -> None:
        one.within(lambda unit: unit.put_mark(65535, MARK))
        later = replace(MARK, arrival="b")
        assert one.within(lambda unit: unit.mark(65535)) == MARK
        with one.database.transaction() as unit:
            unit.put_mark(65535, later)
            assert unit.mark(65535) == later, "what is written is seen in the same transaction"
            unit.put_mark(1, MARK)
            unit.drop_marks([(65535, "a"), (1, "a")])
            assert unit.mark(1) is None
        assert one.within(lambda unit: unit.mark(65535)) == later, "the number was given to another message since"
        one.within(lambda unit: unit.put_mark(2, replace(MARK, arrival="c0ffee-1")))
        one.within(lambda unit: unit.drop_marks_besides("c0ffee"))
        assert one.within(lambda unit: (unit.mark(65535), unit.mark(2))) == (None, replace(MARK, arrival="c0ffee-1"))
        one.within(lambda unit: unit.drop_marks_besides(""))
        assert one.within(lambda unit: unit.mark(2)) is None

    def test_what_is_delivered_again_is_one_signal(self, sat: Stage) -> None:
        first = sat.take(bare(FIRST))[0]
        with stage(sat.url, "two") as two:
            sits(two, Seat("two", 2, 0, 1))
            again = two.take(bare(replace(FIRST, term=2, arrival="b", again=True)))[0]
            assert (again.repeated, again.signal) == (True, first.signal)
            mark = two.within(lambda unit: unit.mark(7))
            assert mark is not None
            assert mark.arrival == "b", "so that it goes when this delivery is acknowledged"
        assert verify(sat.database).findings == ()

    def test_the_number_of_an_acknowledged_message_may_be_given_to_another(self, sat: Stage) -> None:
        first = sat.take(bare(FIRST))[0]
        later = sat.take(bare(replace(FIRST, arrival="b")))[0]
        assert not later.repeated
        assert later.signal != first.signal
        again = sat.take(bare(replace(FIRST, arrival="c", again=True)))[0]
        assert again.signal == later.signal, "what is delivered again is the newer one"

    def test_another_message_of_the_same_number_is_another_press(self, sat: Stage) -> None:
        sat.take(bare(FIRST))
        assert not sat.take(bare(replace(FIRST, arrival="b", digest=b"other", again=True)))[0].repeated

    def test_delivered_again_and_never_stored_is_a_press(self, sat: Stage) -> None:
        assert not sat.take(bare(replace(FIRST, again=True)))[0].repeated

    def test_tried_again_after_a_commit_whose_word_was_lost_is_one_signal(self, sat: Stage) -> None:
        first, again = sat.take(bare(FIRST), bare(replace(FIRST, retried=True)))
        assert (again.repeated, again.signal) == (True, first.signal)
        other = replace(FIRST, arrival="b", retried=True)
        assert not sat.take(bare(other))[0].repeated, "an older message had its number: that is not this one"

    def test_who_has_lost_the_seat_stores_nothing_of_it(self, sat: Stage) -> None:
        sits(sat, Seat("two", 2, 0, 1))
        before = sat.position()
        with pytest.raises(Superseded, match="taken by two now"):
            sat.take(bare(FIRST))
        assert sat.position() == before
        assert not sat.take(Pressed(Device("desk-3"), device="desk-3", ref="r"))[0].repeated, "a ref needs no seat"

    def test_what_the_broker_has_forgotten_is_stored_by_whom_it_has_reached(self, sat: Stage) -> None:
        sits(sat, Seat("two", 2, 0, 2))
        assert not sat.take(bare(FIRST))[0].repeated
        assert sat.within(lambda unit: unit.mark(7)) is None, "its number means nothing in the new session"

    def test_a_refused_press_leaves_no_mark(self, sat: Stage) -> None:
        with stage(sat.url, "two") as two, pytest.raises(Exception, match="no device"):
            two.take(bare(FIRST, "nobody"))
        assert sat.within(lambda unit: unit.mark(7)) is None

    def test_a_database_from_before_there_was_a_seat_gets_one(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        for statement in ("DROP TABLE seat", "DROP TABLE marks", "UPDATE alembic_version SET version_num = '0002'"):
            one.by_hand(statement)
        with stage(one.url, "two", daemon=True) as two:
            with two.database.snapshot() as reading:
                assert reading.seat() == Seat("", 0, 0, 0)
            assert two.press("desk-3", "a-1").repeated
