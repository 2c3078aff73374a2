"""Faults of sense, told when the shape is right, and warnings, which refuse nothing."""

from datetime import timedelta

import pytest

from alarmd.organisation.file import parse
from tests.organisation.office import LEAST, OFFICE, broken, faults, office


class TestFaultsOfSense:
    @pytest.mark.parametrize(
        ("old", "new", "path", "words"),
        [
            (
                "desk-3: {zone: fjordvik/reception",
                "desk-3: {zone: fjordvik/resepsjon",
                "devices.desk-3.zone",
                'there is no zone "fjordvik/resepsjon", did you mean "fjordvik/reception"?',
            ),
            ("annex/hall]", "annex/hal]", "sites.fjordvik.zones.room-2.audible_to.2", 'did you mean "annex/hall"?'),
            ("    address: zigbee2mqtt/skranke-1\n", "", "devices.skranke-1", "needs its address"),
            (
                "at: fjordvik/reception",
                "at: oslo",
                "people.kari.at",
                'there is no site or zone "oslo"; known: fjordvik, annex',
            ),
            ("guards: [ola]", "guards: [olaf]", "teams.guards.1", 'did you mean "ola"?'),
            ("mine: {name: Mine", "ola: {name: Mine", "externals.ola", 'a person has the id "ola" too'),
            (
                "people: [ola, kari]",
                "people: [ola, karin]",
                "schedules.duty.rotations.1.people.2",
                'did you mean "kari"?',
            ),
            (
                "{person: kari, from",
                "{person: eva, from",
                "schedules.duty.overrides.1.person",
                'there is no person "eva"',
            ),
            ("sites: [fjordvik]", "sites: [bergen]", "chains.panic.for.sites", 'there is no site "bergen"'),
            (
                "{on_call: duty}",
                "{on_call: dutty}",
                "chains.panic.steps.2.notify.1",
                'there is no schedule "dutty", did you mean "duty"?',
            ),
            (
                "{person: kari}, ",
                "{team: kari}, ",
                "chains.panic.steps.2.else.1",
                'there is no team "kari"; known: guards',
            ),
            (
                "{external: arc}",
                "{external: ark}",
                "chains.panic.steps.2.else.2",
                'there is no external "ark", did you mean "arc"?',
            ),
            ("after: 2m", "after: 89s", "chains.panic.steps.3.after", "in the order of after"),
            ("from: 2, every", "from: 4, every", "chains.panic.repeat.from", "there is no step 4; write 1 to 3"),
        ],
    )
    def test_is_one_line_that_names_place_and_remedy(self, old: str, new: str, path: str, words: str) -> None:
        where, found = broken(old, new)
        if new:
            assert found[0].startswith(where)
        assert len(found) == 1, found
        assert f": {path}: " in found[0]
        assert words in found[0]

    def test_what_belongs_to_other_makers_needs_one(self) -> None:
        _, found = broken("    maker: zigbee2mqtt\n", "")
        assert [line.split(": ")[1] for line in found] == ["devices.skranke-1.address", "devices.skranke-1.presses"]

    def test_steps_may_begin_together(self) -> None:
        assert (
            parse(OFFICE.replace("after: 90s", "after: 0s"), "x").organisation.chains["panic"].steps[1].after
            == timedelta()
        )

    def test_one_chain_is_for_the_rest(self) -> None:
        _, found = broken("    for: {}\n", "    for: {kinds: [test]}\n")
        assert found[0].endswith(
            "chains: no chain has an empty for: {}; exactly one must, for whatever no other chain fits"
        )

    def test_not_two(self) -> None:
        where, found = broken("for: {kinds: [duress]}", "for: {}")
        second = f"bad.yaml:{OFFICE[: OFFICE.index('    for: {}')].count(chr(10)) + 1}"
        assert found == (f"{second}: chains.rest.for: chain duress has an empty for: {{}} too; exactly one may",)
        assert where < second

    @pytest.mark.parametrize(
        ("purpose", "both"),
        [
            ("{kinds: [duress, assist]}", "chain duress fits duress just as well"),
            ("{kinds: [panic], sites: [annex, fjordvik]}", "chain panic fits panic at fjordvik just as well"),
            ("{sites: [annex]}", "chain near fits annex just as well"),
            ("{kinds: [assist]}", None),
            ("{kinds: [panic], sites: [annex]}", None),
            ("{sites: [fjordvik]}", None),
        ],
    )
    def test_no_two_chains_fit_equally_well(self, purpose: str, both: str | None) -> None:
        chain = "steps: [{after: 0s, notify: [{team: guards}]}]"
        near = f"  near: {{for: {{sites: [annex]}}, {chain}}}\n"
        text = OFFICE.replace("  rest:\n", f"{near}  again: {{for: {purpose}, {chain}}}\n  rest:\n")
        if both is None:
            assert "again" in parse(text, "x").organisation.chains
        else:
            (found,) = faults(text)
            assert f": chains.again.for: {both}" in found

    def test_many_known_names_are_not_all_told(self) -> None:
        people = ", ".join(f"p{number}: {{name: P}}" for number in range(10))
        (found,) = faults(LEAST.replace("eva: {name: Eva}", people))
        assert found.endswith('there is no person "eva"; known: p0, p1, p2, p3, p4, p5, p6, p7 ...')

    def test_nothing_known_is_told_too(self) -> None:
        (found,) = faults(LEAST.replace("{person: eva}", "{team: guards}"))
        assert found.endswith('there is no team "guards"; known: none yet')


class TestWarnings:
    def test_what_is_known_but_not_built_yet_is_taken_and_told(self) -> None:
        assert [line.partition(" is known")[0].partition(" are known")[0] for line in office().warnings] == [
            "office.yaml:20: devices.skranke-1.maker: buttons of zigbee2mqtt",
            "office.yaml:32: people.kari.contact.1: push",
            "office.yaml:53: externals.arc.dc09: dc09",
        ]

    def test_a_role_that_nobody_has_is_told(self) -> None:
        text = OFFICE.replace("{role: guard}", "{role: gard}").replace(
            "by_roles: [guard, staff]", "by_roles: [guard, boss]"
        )
        lines = parse(text.replace("{push: phone}", "{voice: '+4790000021'}"), "x").warnings
        assert lines[-2:] == (
            'x:62: chains.panic.steps.3.notify.1: nobody has the role "gard", did you mean "guard"?',
            'x:64: chains.panic.acknowledge.by_roles: nobody has the role "boss"',
        )

    def test_a_role_that_nobody_near_can_have_is_told(self) -> None:
        def last(target: str) -> str:
            return parse(OFFICE.replace("{role: guard}", target), "x").warnings[-1]

        told = 'chains.panic.steps.3.notify.1: nobody has the role "gard", did you mean "guard"?'
        assert last("{nearest: {count: 2, role: gard}}").endswith(told)
        assert "nobody has" not in last("{nearest: {count: 2, role: guard}}")
        assert "nobody has" not in last("{nearest: 2}")

    def test_the_least_has_none(self) -> None:
        parsed = parse(LEAST, "least.yaml")
        assert parsed.warnings == ()
