"""How an alarm looks in lists and snapshots, key by key."""

from alarmd.alarm.detail import detail
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState
from alarmd.alarm.view import summary
from tests.support.story import Story


def test_a_summary_tells_what_a_guard_must_see_at_a_glance() -> None:
    story = Story()
    story.press("desk-3", note="knife", ref="r-1")
    story.wait(2)
    story.press("desk-4")
    story.does("ola", Action.EN_ROUTE)
    story.does("ane", Action.ARRIVED)
    assert summary(story.alarm) == {
        "id": story.last,
        "state": "acknowledged",
        "kind": "panic",
        "site": "fjordvik",
        "zone": "fjordvik/reception",
        "device": "desk-3",
        "drill": False,
        "opened_at": "2027-03-01T09:00:00.000Z",
        "changed_at": "2027-03-01T09:00:02.000Z",
        "presses": 2,
        "version": len(story.kinds()),
        "needed": 1,
        "responders": [
            {
                "person": "ola",
                "state": "en_route",
                "at": "2027-03-01T09:00:02.000Z",
                "counts": True,
                "arrive_by": "2027-03-01T09:05:02.000Z",
            },
            {
                "person": "ane",
                "state": "arrived",
                "at": "2027-03-01T09:00:02.000Z",
                "counts": False,
                "arrive_by": None,
            },
        ],
        "next": {"at": None, "step": 2, "round": 1},
        "outcome": None,
        "by": {"device": "desk-3"},
        "note": "knife",
        "cause": None,
        "coerced": False,
        "linked": None,
    }


def test_a_summary_of_a_technical_alarm_names_its_cause_and_of_a_closed_one_its_outcome() -> None:
    story = Story()
    story.fault("broker")
    before = summary(story.alarm)
    assert (before["kind"], before["cause"], before["by"]) == ("technical", "broker", {"system": "alarmd"})
    assert (before["site"], before["zone"], before["device"]) == (None, None, None)
    story.mended("broker")
    after = summary(story.alarm)
    assert (after["state"], after["outcome"], after["next"]) == ("resolved", "real", None)


def test_the_page_of_an_alarm_has_its_signals_its_ledger_and_what_comes() -> None:
    story = Story()
    story.press("desk-3", ref="r-1")
    story.report(story.attempt("ola", "sms").id, AttemptState.FAILED, why="busy")
    page = detail(story.alarm, [{"position": 1}], [{"step": 2}])
    assert page | summary(story.alarm) == page
    assert (page["timeline"], page["plan"]) == ([{"position": 1}], [{"step": 2}])
    assert page["signals"] == [
        {
            "signal": story.alarm.first.id,
            "ref": "r-1",
            "device": "desk-3",
            "zone": "fjordvik/reception",
            "kind": "panic",
            "note": None,
            "at": "2027-03-01T09:00:00.000Z",
            "by": {"device": "desk-3"},
            "pressed_at": None,
            "fault": None,
        }
    ]
    told = next(n for n in page["notifications"] if n["person"] == "ola")
    assert (told["step"], told["round"], told["purpose"]) == (1, 1, "step")
    assert [(a["channel"], a["state"], a["why"]) for a in told["attempts"]] == [
        ("console", "shown", None),
        ("sms", "failed", "busy"),
        ("voice", "queued", None),
    ]
