"""What `alarmd preview` prints of ways that are known but not built yet, or lack a setting here."""

import json

from alarmd.alarm.model import Kind
from alarmd.commands.preview import _lines, _plain
from alarmd.escalation.preview import preview
from alarmd.organisation.model import Target, TargetKind
from tests.support.organisations import answered_by, step, team
from tests.support.story import BEGAN


def test_a_way_that_is_not_built_yet_or_lacks_a_setting_is_marked_in_text_and_json() -> None:
    organisation = answered_by(step(0, Target(TargetKind.EXTERNAL, "arc"), team("guards"), by=("sms",)))
    shown = preview(organisation, "desk-3", Kind.PANIC, BEGAN)
    assert "arc (dc09: not built yet); ola (sms: not configured)" in _lines(shown, organisation, {"sms"})[1]
    (only,) = json.loads(json.dumps(_plain(shown, {"sms"})))["steps"]
    assert only["tell"][:2] == [
        {"person": "arc", "by": ["dc09"], "not_built": ["dc09"]},
        {"person": "ola", "by": ["sms"], "not_configured": ["sms"]},
    ]
