"""What goes out comes back: as plain values, as JSON, as a file."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from alarmd.errors import FaultyFile
from alarmd.organisation import sense
from alarmd.organisation.file import export, parse
from alarmd.organisation.model import Organisation
from alarmd.organisation.plain import from_plain, plain
from tests.organisation.organisations import organisations


def in_order(organisation: Organisation) -> str:
    """Equal mappings may differ in order; texts of them do not."""
    return json.dumps(plain(organisation))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(organisations())
def test_plain_values_and_the_exported_file_say_the_whole(organisation: Organisation) -> None:
    assert list(sense.faults(organisation)) == []
    stored = json.loads(in_order(organisation))
    assert from_plain(stored) == organisation
    assert in_order(from_plain(stored)) == in_order(organisation)
    parsed = parse(export(organisation), "exported.yaml", lambda _: organisation.holidays.days).organisation
    written = unread(organisation)
    assert parsed == written
    assert in_order(parsed) == in_order(written)


def unread(organisation: Organisation) -> Organisation:
    """Before anybody has read a calendar: that is no business of `parse`."""
    schedules = {
        key: replace(each, calendar=each.calendar and replace(each.calendar, known=None))
        for key, each in organisation.schedules.items()
    }
    return replace(organisation, schedules=schedules)


def test_a_stored_version_that_cannot_be_read_says_so_without_lines() -> None:
    with pytest.raises(FaultyFile) as refused:
        from_plain({"alarmd": 2, "name": "x", "time_zone": "UTC", "sites": {}, "chains": {}})
    assert refused.value.faults == (
        "stored organisation: alarmd: 2 is no version of this format that is known here; write alarmd: 1",
    )


def test_the_daemon_reads_stored_versions_without_the_yaml_library() -> None:
    code = "import sys, alarmd.organisation.plain; sys.exit('ruamel.yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
