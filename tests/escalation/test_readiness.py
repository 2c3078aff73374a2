"""Whether somebody would come: what `apply` refuses, and what it says."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alarmd.escalation.readiness import Finding, Reason, Severity, readiness
from alarmd.organisation.file import parse
from alarmd.organisation.model import Calendar

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday, ten o'clock in Oslo
OFFICE = """\
alarmd: 1
name: Office
time_zone: Europe/Oslo
sites:
  main: {name: Main, zones: {hall: {name: Hall}, room: {name: Room}}}
  annex: {name: Annex}
devices: {desk: {zone: main/hall, kind: assist}}
people:
  kari: {name: Kari, roles: [guard], contact: [{sms: "+4790000021"}]}
  ola: {name: Ola, roles: [staff], at: main/hall, contact: [{sms: "+4790000022"}]}
teams: {guards: [kari]}
schedules:
  duty: {rotations: [{people: [kari, ola], from: 2026-01-05T08:00, every: 7d}]}
externals: {arc: {name: ARC, sms: "+4790000023"}}
chains:
  rest:
    for: {}
    steps:
      - {after: 0s, notify: [{team: guards}], by: [sms]}
"""
ONLY_STEP = "{after: 0s, notify: [{team: guards}], by: [sms]}"
ALL_KINDS = "duress, panic, medical, lone_worker, assist, technical, test"


def lacking(*replacements: tuple[str, str]) -> tuple[Finding, ...]:
    text = OFFICE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return readiness(parse(text, "office.yaml").organisation, AT)


def reasons(*replacements: tuple[str, str]) -> list[tuple[Reason, str]]:
    return [(finding.reason, finding.path) for finding in lacking(*replacements)]


def test_an_office_where_somebody_always_comes_lacks_nothing() -> None:
    """Also where a kind, such as that of its desk, meets the rest chain alone."""
    assert lacking() == ()


class TestChains:
    def test_one_that_reaches_nobody_blocks_and_says_for_what_and_where(self) -> None:
        nobody = lacking((', contact: [{sms: "+4790000021"}]', ""))
        assert nobody[0].severity is Severity.BLOCKS
        assert nobody[0].reason is Reason.CHAIN_REACHES_NOBODY
        assert nobody[0].path == "chains.rest"
        words = f"reaches nobody for {ALL_KINDS} in main"
        assert nobody[0].words == f"{words}; add a step that tells people with a way of contact"
        assert [finding.words.split(";")[0] for finding in nobody[1:3]] == [
            f"reaches nobody for {ALL_KINDS} in annex",
            "reaches nobody for technical in the whole organisation",
        ]
        assert [finding.severity for finding in nobody[3:]] == [Severity.WARNS]

    def test_where_nobody_belongs_to_there_are_no_colleagues_and_nobody_is_near(self) -> None:
        for target in ("colleagues: zone", "colleagues: site", "nearest: {count: 2, role: staff}"):
            found = lacking((ONLY_STEP, f"{{after: 0s, notify: [{{{target}}}]}}"))
            assert [each.words.split(";")[0].split(" in ")[1] for each in found] == ["annex", "the whole organisation"]

    def test_those_of_a_role_are_they_of_the_site(self) -> None:
        found = lacking((ONLY_STEP, "{after: 0s, notify: [{role: staff}], by: [sms]}"))
        assert [each.words.split(";")[0].split(" in ")[1] for each in found] == ["annex"]

    def test_each_chain_is_asked_where_it_is_chosen(self) -> None:
        chain = "duress: {for: {kinds: [duress], sites: [annex]}, steps: [{after: 0s, notify: [{role: boss}]}]}"
        (found,) = lacking(("chains:\n", f"chains:\n  {chain}\n"))
        assert (found.path, found.words.split(";")[0]) == ("chains.duress", "reaches nobody for duress in annex")

    @pytest.mark.parametrize(
        "step",
        [
            "{after: 0s, notify: [{role: boss}], else: [{team: guards}]}",
            "{after: 0s, notify: [{external: arc}]}",
            "{after: 0s, notify: [{person: kari}], by: [voice]}",  # no number to call: her text is the way out
            "{after: 0s, notify: [{on_call: duty}]}",
            "{after: 0s, notify: [{nearest: 1}], else: [{team: guards}]}",
        ],
    )
    def test_any_way_to_anybody_will_do(self, step: str) -> None:
        assert lacking((ONLY_STEP, step)) == ()

    @pytest.mark.parametrize(("by", "reached"), [("", True), (", by: [console]", True), (", by: [sms]", False)])
    def test_without_a_contact_the_console_counts_where_the_step_shows_itself(self, by: str, *, reached: bool) -> None:
        step = f"{{after: 0s, notify: [{{team: guards}}]{by}}}"
        found = reasons((', contact: [{sms: "+4790000021"}]', ""), (ONLY_STEP, step))
        assert ((Reason.CHAIN_REACHES_NOBODY, "chains.rest") not in found) is reached
        assert found[-1] == (Reason.PERSON_WITHOUT_CONTACT, "people.kari")

    def test_an_external_without_a_watcher_of_the_console_needs_its_own_way(self) -> None:
        assert lacking((ONLY_STEP, "{after: 0s, notify: [{external: arc}], by: [console]}")) == ()

    @pytest.mark.parametrize(
        ("absent", "found"),
        [
            ("2025-12-01, to: 2026-03-01", [Reason.CHAIN_REACHES_NOBODY] * 3),
            ("2026-01-08, to: 2026-01-09", [Reason.CHAIN_HAS_A_GAP] * 3),
            ("2026-01-01, to: 2026-01-06", [Reason.CHAIN_HAS_A_GAP] * 3),
            ("2026-02-10, to: 2026-02-11", []),
            ("2025-02-10, to: 2025-02-11", []),
        ],
    )
    def test_whom_everybody_waits_for_may_be_away(self, absent: str, found: list[Reason]) -> None:
        away = lacking(("roles: [guard]", f"roles: [guard], absent: [{{from: {absent}}}]"))
        assert [each.reason for each in away if each.path == "chains.rest"] == found

    def test_where_the_only_colleague_is_away_for_some_days_it_has_a_gap_at_his_site_alone(self) -> None:
        away = ("roles: [staff]", "roles: [staff], absent: [{from: 2026-01-08, to: 2026-01-09}]")
        found = lacking((ONLY_STEP, "{after: 0s, notify: [{colleagues: site}], by: [sms]}"), away)
        (gap,) = (each.words for each in found if each.reason is Reason.CHAIN_HAS_A_GAP)
        assert gap.startswith(f"reaches nobody for {ALL_KINDS} in main at 2026-01-08T00:00")

    def test_outside_the_hours_of_its_only_schedule_a_chain_has_a_gap(self) -> None:
        hours = ("every: 7d}]", "every: 7d}], only: {days: mon-fri, between: 07:00-17:00}")
        alone = "{after: 0s, notify: [{on_call: duty}]}"
        helped = alone.replace("]}", "], else: [{team: guards}]}")
        found = lacking(hours, (ONLY_STEP, alone))
        assert {each.severity for each in found} == {Severity.WARNS}
        words = f"reaches nobody for {ALL_KINDS} in main at 2026-01-05T17:00"
        assert found[0].words == f"{words}; add an else, or somebody who is always there"
        assert lacking(hours, (ONLY_STEP, helped)) == ()

    def test_one_that_waits_for_more_than_there_are(self) -> None:
        def waits(rule: str) -> list[str]:
            found = lacking((ONLY_STEP, f"{ONLY_STEP}\n    acknowledge: {{{rule}}}"))
            return [each.words for each in found if each.reason is Reason.CHAIN_WAITS_IN_VAIN]

        assert waits("needed: 2") == []
        assert waits("needed: 2, by_roles: [guard, staff]") == []
        assert waits("needed: 3") == ["waits for 3 people, and there are 2; it would never be answered"]
        assert waits("needed: 2, by_roles: [guard, boss]") == [
            "waits for 2 people with the role boss or guard, and there are 1; it would never be answered"
        ]

    @pytest.mark.parametrize(("roles", "severity"), [("boss", Severity.BLOCKS), ("boss, guard", Severity.WARNS)])
    def test_one_whose_answer_nobody_can_give_blocks(self, roles: str, severity: Severity) -> None:
        (found,) = lacking((ONLY_STEP, f"{ONLY_STEP}\n    acknowledge: {{by_roles: [{roles}], needed: 2}}"))
        assert (found.reason, found.severity) == (Reason.CHAIN_WAITS_IN_VAIN, severity)


class TestPeople:
    mute = ('roles: [staff], at: main/hall, contact: [{sms: "+4790000022"}]', "roles: [staff], at: main/hall")

    @pytest.mark.parametrize(
        "target",
        [
            "person: ola",
            "role: staff",
            "colleagues: zone",
            "on_call: duty",
            "colleagues: site",
            "nearest: 1",
            "nearest: {count: 1, role: staff}",
        ],
    )
    def test_whom_a_chain_tells_should_have_a_contact(self, target: str) -> None:
        step = f"{ONLY_STEP}\n      - {{after: 10s, notify: [{{{target}}}]}}"
        (found,) = lacking(self.mute, (ONLY_STEP, step))
        assert (found.reason, found.path) == (Reason.PERSON_WITHOUT_CONTACT, "people.ola")
        words = "is told by a chain and has no way of contact that works, so at most the console shows it; add one"
        assert found.words == words

    def test_also_he_who_only_stands_in(self) -> None:
        step = f"{ONLY_STEP}\n      - {{after: 10s, notify: [{{on_call: duty}}]}}"
        override = "every: 7d}], overrides: [{person: ola, from: 2027-01-01, to: 2027-01-02}]"
        alone = ("people: [kari, ola], from", "people: [kari], from")
        found = reasons(self.mute, (ONLY_STEP, step), ("every: 7d}]", override), alone)
        assert found == [(Reason.PERSON_WITHOUT_CONTACT, "people.ola")]

    def test_a_way_that_does_not_work_is_none(self) -> None:
        mail = ('contact: [{sms: "+4790000021"}]', "contact: [{email: kari@example.org}]")
        assert {each.reason for each in lacking(mail)} == {Reason.CHAIN_REACHES_NOBODY, Reason.PERSON_WITHOUT_CONTACT}
        organisation = parse(OFFICE, "office.yaml").organisation
        assert readiness(organisation, AT, {"sms"}) == ()
        found = readiness(organisation, AT, {"voice", "webhook"})
        assert {each.reason for each in found} == {Reason.CHAIN_REACHES_NOBODY, Reason.PERSON_WITHOUT_CONTACT}

    def test_nor_is_that_of_somebody_outside(self) -> None:
        text = OFFICE.replace(ONLY_STEP, "{after: 0s, notify: [{external: arc}]}")
        organisation = parse(text, "office.yaml").organisation
        assert readiness(organisation, AT, {"sms"}) == ()
        found = readiness(organisation, AT, {"voice", "webhook"})
        assert {each.reason for each in found} == {Reason.CHAIN_REACHES_NOBODY}

    def test_whom_no_chain_tells_need_none(self) -> None:
        assert reasons(self.mute) == []


class TestSchedules:
    def hole(self, *replacements: tuple[str, str]) -> list[str]:
        found = [each for each in lacking(*replacements) if each.reason is Reason.SCHEDULE_HAS_A_HOLE]
        assert all((each.path, each.severity) == ("schedules.duty", Severity.WARNS) for each in found)
        return [each.words.removesuffix("; add a rotation or an override") for each in found]

    def test_nobody_before_it_begins(self) -> None:
        begins = ("from: 2026-01-05T08:00", "from: 2026-01-12T08:00")
        assert self.hole(begins) == ["nobody is on call from 2026-01-05T10:00 to 2026-01-12T08:00"]

    def test_nobody_in_it_at_all(self) -> None:
        empty = ("rotations: [{people: [kari, ola], from: 2026-01-05T08:00, every: 7d}]", "rotations: []")
        assert self.hole(empty) == ["nobody is on call from 2026-01-05T10:00 on"]

    def test_the_one_whose_turn_it_is_may_be_away(self) -> None:
        away = ("roles: [staff]", "roles: [staff], absent: [{from: 2026-01-14, to: 2026-01-15}]")
        assert self.hole(away) == ["nobody is on call from 2026-01-14T00:00 to 2026-01-16T00:00"]

    def test_away_while_another_has_his_turn_is_no_hole(self) -> None:
        absent = "absent: [{from: 2026-01-12T08:00, to: 2026-01-19T08:00}]"
        assert self.hole(("roles: [guard]", f"roles: [guard], {absent}")) == []

    def test_outside_its_hours_it_means_to_have_nobody(self) -> None:
        assert self.hole(("every: 7d}]", "every: 7d}], only: {between: 07:00-17:00}")) == []

    def test_all_of_them_are_told_and_of_many_the_first(self) -> None:
        absent = "absent: [{from: 2026-01-14, to: 2026-01-15}, {from: 2026-01-16T08:00, to: 2026-01-16T12:00}]"
        assert self.hole(("roles: [staff]", f"roles: [staff], {absent}")) == [
            "nobody is on call from 2026-01-14T00:00 to 2026-01-16T00:00, from 2026-01-16T08:00 to 2026-01-16T12:00"
        ]
        alone = ("people: [kari, ola], from", "people: [ola], from")
        days = ", ".join(f"{{from: 2026-01-{day:02}T10:00, to: 2026-01-{day:02}T11:00}}" for day in range(6, 14))
        (many,) = self.hole(alone, ("roles: [staff]", f"roles: [staff], absent: [{days}]"))
        assert many.endswith("from 2026-01-10T10:00 to 2026-01-10T11:00 and 3 more")

    @pytest.mark.parametrize(("holes", "end"), [(5, "to 2026-01-10T11:00"), (6, " and 1 more")])
    def test_of_five_holes_all_are_told_and_of_six_the_number_of_the_rest(self, holes: int, end: str) -> None:
        alone = ("people: [kari, ola], from", "people: [ola], from")
        days = ", ".join(f"{{from: 2026-01-{d:02}T10:00, to: 2026-01-{d:02}T11:00}}" for d in range(6, 6 + holes))
        (told,) = self.hole(alone, ("roles: [staff]", f"roles: [staff], absent: [{days}]"))
        assert told.endswith(end)

    def test_who_is_taken_away_leaves_a_hole(self) -> None:
        removed = "every: 7d}], overrides: [{person: kari, from: 2026-01-06, to: 2026-01-06, change: remove}]"
        assert self.hole(("every: 7d}]", removed)) == ["nobody is on call from 2026-01-06T00:00 to 2026-01-07T00:00"]

    @pytest.mark.parametrize("change", ["replace", "add"])
    def test_an_override_means_to_have_its_person_whatever_the_hours(self, change: str) -> None:
        span = "from: 2026-01-06T18:00, to: 2026-01-06T20:00"
        hours = f"every: 7d}}], only: {{between: 07:00-17:00}}, overrides: [{{person: ola, {span}, change: {change}}}]"
        away = ("roles: [staff]", "roles: [staff], absent: [{from: 2026-01-06T19:00, to: 2026-01-07T07:00}]")
        assert self.hole(("every: 7d}]", hours)) == []
        assert self.hole(("every: 7d}]", hours), away) == [
            "nobody is on call from 2026-01-06T19:00 to 2026-01-06T20:00"
        ]

    def test_where_another_is_on_call_beside_him_it_is_none(self) -> None:
        override = "every: 7d}], overrides: [{person: ola, from: 2026-01-06, to: 2026-01-06, change: add}]"
        away = ("roles: [staff]", "roles: [staff], absent: [{from: 2026-01-06, to: 2026-01-06}]")
        assert self.hole(("every: 7d}]", override), away) == []

    def test_on_a_holiday_it_may_mean_to_have_nobody(self) -> None:
        empty = ("people: [kari, ola], from: 2026-01-05T08:00", "people: [kari, ola], from: 2026-01-08T08:00")
        closed = ("every: 7d}]", "every: 7d}], only: {holidays: never}")
        own = ("alarmd: 1\n", "alarmd: 1\nholidays: {also: [2026-01-05, 2026-01-07]}\n")
        assert self.hole(empty, closed, own) == [
            "nobody is on call from 2026-01-06T00:00 to 2026-01-07T00:00, from 2026-01-08T00:00 to 2026-01-08T08:00"
        ]

    @pytest.mark.parametrize(
        ("at", "said"),
        [
            (datetime(2026, 12, 1, 22, tzinfo=UTC), []),
            (datetime(2026, 12, 2, tzinfo=UTC), [(Reason.HOLIDAYS_RUN_OUT, Severity.WARNS, "holidays")]),
        ],
    )
    def test_holidays_that_run_out_are_told_in_time(
        self, at: datetime, said: list[tuple[Reason, Severity, str]]
    ) -> None:
        organisation = parse(f"holidays: NO\n{OFFICE}", "x", lambda _: frozenset({date(2026, 5, 17)})).organisation
        found = readiness(organisation, at)
        assert [(each.reason, each.severity, each.path) for each in found] == said
        assert [each.words.split(";")[0] for each in found] == ["public holidays are known to the end of 2026 only"][
            : len(said)
        ]
        none = replace(organisation, holidays=Calendar("NO"))
        assert [each.reason for each in readiness(none, at)] == [Reason.HOLIDAYS_RUN_OUT]

    def test_turns_by_the_second_are_not_all_looked_at(self) -> None:
        assert self.hole(("every: 7d", "every: 1s")) == []
