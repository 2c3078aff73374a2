"""Faults of shape: every one told, each on one line with file, line, key and remedy."""

import pytest

from tests.organisation.office import LEAST, OFFICE, broken, faults


class TestFaultsOfShape:
    """Each tuple: what stands in the office, what is written instead, the path and words of the message."""

    @pytest.mark.parametrize(
        ("old", "new", "path", "words"),
        [
            ("after: 90s", "after: soon", "chains.panic.steps.2.after", '"soon" is no duration; write it like 90s'),
            ("after: 90s", "after: 90", "chains.panic.steps.2.after", '"90" is no duration, did you mean 90s?'),
            ("after: 90s", "after: 90S", "chains.panic.steps.2.after", "is no duration"),
            ("after: 90s", "after: [90s]", "chains.panic.steps.2.after", "a list is no duration"),
            ("after: 90s", "after: 99999d", "chains.panic.steps.2.after", "at most 3660d"),
            ("after: 90s, ", "", "chains.panic.steps.2", "the key after is missing"),
            ("every: 60s", "every: 0s", "chains.panic.repeat.every", "write at least 1s"),
            ("from: 2, every", "from: 0, every", "chains.panic.repeat.from", "a whole number from 1"),
            ("needed: 2", "needed: 0", "chains.panic.acknowledge.needed", '"0" stands where a whole number from 1'),
            ("needed: 2", "needed: two", "chains.panic.acknowledge.needed", '"two" stands where a whole number'),
            (
                "name: Mottak,",
                "name: Mottak, colour: red,",
                "sites.fjordvik.zones.reception.colour",
                'unknown key "colour"; known here: name, floor',
            ),
            ("name: Mottak,", "nam: Mottak, name: X,", "sites.fjordvik.zones.reception.nam", 'did you mean "name"?'),
            ("name: Mottak,", "", "sites.fjordvik.zones.reception", "the key name is missing"),
            ("name: Mottak,", "name: ,", "sites.fjordvik.zones.reception.name", "is empty"),
            ("name: Mottak,", 'name: " ",', "sites.fjordvik.zones.reception.name", "is empty"),
            (
                "name: Mottak,",
                "name: [Mottak],",
                "sites.fjordvik.zones.reception.name",
                "a list stands where a text is wanted",
            ),
            (
                "name: Mottak,",
                'name: "Mot\\atak",',
                "sites.fjordvik.zones.reception.name",
                "without control characters",
            ),
            ("floor: 1,", "floor: ,", "sites.fjordvik.zones.reception.floor", "nothing stands where a text is wanted"),
            (
                "area: [0, 0.5, 0.25, 0.5]",
                "area: [0, 0.5, 0.25]",
                "sites.fjordvik.zones.reception.area",
                "4 numbers from 0 to 1",
            ),
            (
                "area: [0, 0.5, 0.25, 0.5]",
                "area: [0, 0.5, 0.25, 0.7]",
                "sites.fjordvik.zones.reception.area",
                "leaves the drawing",
            ),
            (
                "area: [0, 0.5, 0.25, 0.5]",
                "area: [0, 0.5, x, 0.5]",
                "sites.fjordvik.zones.reception.area.3",
                '"x" stands where a number from 0 to 1',
            ),
            ("area: [0, 0.5, 0.25, 0.5]", "area: 3", "sites.fjordvik.zones.reception.area", '"3" stands where a list'),
            ("pin: [0.1, 1]", "pin: [0.1, 7]", "devices.desk-3.pin.2", '"7" stands where a number from 0 to 1'),
            ("annex: {name", "Annex: {name", "sites.Annex", '"Annex" is no id'),
            (
                "emergency_number: 110",
                "emergency_number: police",
                "sites.fjordvik.emergency_number",
                "is no emergency number",
            ),
            (
                "desk-3: {zone: fjordvik/reception",
                "desk-3: {zone: reception",
                "devices.desk-3.zone",
                "write its site and id",
            ),
            (
                "kind: panic, pin",
                "kind: panik, pin",
                "devices.desk-3.kind",
                '"panik" is no kind of alarm, did you mean "panic"? known: duress',
            ),
            (
                "kind: panic, pin",
                "kind: {a: b}, pin",
                "devices.desk-3.kind",
                "a mapping is no kind of alarm; known: duress",
            ),
            ("kind: panic, ", "", "devices.desk-3", "the key kind is missing"),
            ("maker: zigbee2mqtt", "maker: zigbe2mqtt", "devices.skranke-1.maker", 'did you mean "zigbee2mqtt"?'),
            ("hold: duress", "hold: loud", "devices.skranke-1.presses.hold", '"loud" is no kind of alarm'),
            ("battery_low: 20", "battery_low: 100", "devices.skranke-1.battery_low", "from 1 to 99"),
            ("supervise: 50h", "supervise: true", "devices.skranke-1.supervise", '"true" is no duration'),
            ("roles: [staff]", "roles: [Staff]", "people.kari.roles.1", '"Staff" is no role'),
            ("at: fjordvik/reception", "at: a/b/c", "people.kari.at", '"a/b/c" is no site or zone'),
            (
                "{push: phone}",
                "{pusj: phone}",
                "people.kari.contact.1",
                '"pusj" is no way of contact, did you mean "push"?',
            ),
            (
                "{push: phone}",
                "{push: a, sms: b}",
                "people.kari.contact.1",
                "2 keys stand where one way of contact is wanted",
            ),
            ("{push: phone}", "push", "people.kari.contact.1", '"push" stands where a mapping is wanted'),
            ("{push: phone}", '{email: "eva"}', "people.kari.contact.1.email", "is no mail address"),
            ("{push: phone}", "{apprise: ntfy}", "people.kari.contact.1.apprise", "is no address of apprise"),
            ("{push: phone}", "{dc09: here}", "people.kari.contact.1.dc09", "is no receiving centre"),
            ("{sms: +4790000021}", "{sms: 90000021}", "people.kari.contact.2.sms", "900…21 is no E.164 number"),
            ("{sms: +4790000021}", "{sms: [1]}", "people.kari.contact.2.sms", "a list is no E.164 number"),
            (
                '{webhook: "http://127.0.0.1:9/hook"}',
                "{webhook: ftp://x}",
                "people.kari.contact.3.webhook",
                "is no web address",
            ),
            ('{url: "https://x.example", ', "{", "people.kari.contact.4.webhook", "the key url is missing"),
            ("language: nn", "language: no", "people.ola.language", '"no" is no language'),
            ("from: 2026-12-20", "from: 2026-02-30", "people.kari.absent.1.from", "is no local date and time"),
            ("from: 2026-12-20", "from: 2027-12-20", "people.kari.absent.1", "to is not after from"),
            ("to: 2027-01-02", "to: 2027-01-02T08:00+01:00", "people.kari.absent.1.to", "without an offset"),
            ("to: 2027-01-02", "to: 3027-01-02", "people.kari.absent.1.to", "is no local date and time"),
            ("to: 2027-01-02", "to: [x]", "people.kari.absent.1.to", "is no local date and time"),
            ("guards: [ola]", "guards: ola", "teams.guards", "a list of people is wanted"),
            ("guards: [ola]", "guards: [Ola]", "teams.guards.1", "is no id of a person"),
            ("people: [ola, kari]", "people: []", "schedules.duty.rotations.1.people", "the list is empty"),
            ("every: 7d", "every: weekly", "schedules.duty.rotations.1.every", "is no duration"),
            ("days: mon-fri", "days: mon-fre", "schedules.duty.only.days", "write it like mon-fri or [mon, wed-fri]"),
            ("days: mon-fri", "days: man", "schedules.duty.only.days", "is no list of days"),
            ("days: mon-fri", "days: [[mon]]", "schedules.duty.only.days", "is no list of days"),
            ("days: mon-fri", "days: []", "schedules.duty.only.days", "is no list of days"),
            ("between: 07:00-17:00", "between: 7-17", "schedules.duty.only.between", "write it like 07:00-17:00"),
            ("between: 07:00-17:00", "between: 07:00-25:00", "schedules.duty.only.between", "is no span of the day"),
            ("between: 07:00-17:00", "between: ", "schedules.duty.only.between", "is no span of the day"),
            ("to: 2026-12-26", "to: 2026-12-23", "schedules.duty.overrides.1", "to is not after from"),
            ("port: 10700", "port: 70000", "externals.arc.dc09.port", "from 1 to 65535"),
            ("account: 1234", "account: xyz", "externals.arc.dc09.account", "3 to 16 digits"),
            ('language: en, sms: "+4790000099"', "language: en", "externals.mine", "has 0 ways of contact"),
            (
                'language: en, sms: "+4790000099"',
                'sms: "+4790000099", push: x',
                "externals.mine",
                "has 2 ways of contact",
            ),
            ("kinds: [panic, medical]", "kinds: []", "chains.panic.for.kinds", "the list is empty"),
            (
                "{colleagues: zone}",
                "{colleagues: floor}",
                "chains.panic.steps.1.notify.1.colleagues",
                "is no place of colleagues",
            ),
            (
                "{colleagues: zone}",
                "{nearest: none}",
                "chains.panic.steps.1.notify.1.nearest",
                '"none" stands where a whole number from 1 to 99 is wanted',
            ),
            ("{colleagues: zone}", "{nearest: 0}", "chains.panic.steps.1.notify.1.nearest", "a whole number from 1"),
            (
                "{colleagues: zone}",
                "{nearest: {role: guard}}",
                "chains.panic.steps.1.notify.1.nearest",
                "count is missing",
            ),
            (
                "{colleagues: zone}",
                "{nearest: {count: 2, team: guards}}",
                "chains.panic.steps.1.notify.1.nearest.team",
                'unknown key "team"; known here: count, role',
            ),
            ("{colleagues: zone}", "{colleges: zone}", "chains.panic.steps.1.notify.1", 'did you mean "colleagues"?'),
            (
                "by: [console, sms]",
                "by: [console, fax]",
                "chains.panic.steps.1.by.2",
                '"fax" is no channel; known: console, push',
            ),
            (
                "tell_presser: false",
                "tell_presser: loudly",
                "chains.panic.tell_presser",
                "known: true, false, discreetly",
            ),
            ("{to: nobody}", "{to: all}", "chains.panic.all_clear.to", "known: everyone_told, nobody"),
            ("{to: nobody}", "{}", "chains.panic.all_clear", "the key to is missing"),
            (
                "same_device: false",
                "same_device: no",
                "joining.same_device",
                '"no" stands where true or false is wanted',
            ),
            (
                "time_zone: Europe/Oslo",
                "time_zone: Europe/Olso",
                "time_zone",
                '"Europe/Olso" is no time zone; write it like Europe/Oslo',
            ),
            ("time_zone: Europe/Oslo", "time_zone: Europe", "time_zone", "is no time zone"),
            ("time_zone: Europe/Oslo", "time_zone: ../etc", "time_zone", "write it like Europe/Oslo"),
            ("alarmd: 1", "alarmd: 2", "alarmd", "write alarmd: 1"),
            ("language: nb", "languages: nb", "languages", 'did you mean "language"?'),
            ("guards: [ola]", "guards: !mine [ola]", "teams.guards", "the tag !mine is not known here"),
            ("guards: [ola]", "{a: b}: [ola]", "teams", "a list or mapping stands where a key is wanted"),
            ("guards: [ola]", "<<: {}", "teams.<<", "is no id"),
        ],
    )
    def test_is_one_line_that_names_place_and_remedy(self, old: str, new: str, path: str, words: str) -> None:
        where, found = broken(old, new)
        assert len(found) == 1, found
        assert found[0].startswith(f"{where}{path}: "), found
        assert words in found[0]

    def test_a_key_that_stands_twice_names_the_first(self) -> None:
        text = OFFICE.replace("joining:", "  duress: {}\njoining:")
        line = text[: text.index("  duress: {}")].count("\n") + 1
        first = text[: text.index("  duress:\n")].count("\n") + 1
        words = f'chains: the key "duress" stands twice, first in line {first}; leave one'
        assert faults(text) == (f"bad.yaml:{line}: {words}",)

    def test_all_are_told_in_the_order_of_the_file_and_none_of_sense_before_they_are_right(self) -> None:
        text = (
            OFFICE.replace("after: 90s", "after: soon").replace("kind: panic", "kind: panik").replace("[ola]", "[olaf]")
        )
        text = text.replace("after: 2m", "after: 2s").replace("name: Hall", "nam: Hall")
        found = faults(text)
        assert [line.split(": ")[1] for line in found] == [
            "sites.annex.zones.hall.nam",
            "sites.annex.zones.hall",
            "devices.desk-3.kind",
            "chains.panic.steps.2.after",
        ]

    def test_everything_that_is_missing_is_told(self) -> None:
        found = faults("name: x\n")
        assert found == tuple(
            f"bad.yaml:1: the key {key} is missing" for key in ("alarmd", "time_zone", "sites", "chains")
        )

    def test_a_line_without_a_name_is_the_one_above(self) -> None:
        """A missing key is told at the key that holds the mapping."""
        text = LEAST.replace("devices:\n", "devices:\n  desk:\n    kind: panic\n    battery_low: 5\n")
        assert faults(text) == ("bad.yaml:6: devices.desk: the key zone is missing",)


class TestNoYaml:
    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("alarmd: 1\nsites:\n\ta: 1\n", 3, "indent with blanks, not tabs"),
            ("alarmd: 1\nname: [a, b\ntime_zone: x\n", 3, "that begins in line 2, expected ',' or ']'"),
            ("alarmd: 1\nname: 'a\n", 3, "while scanning a quoted scalar that begins in line 2"),
            ("alarmd: 1\nname: a: b\n", 2, "mapping values are not allowed here"),
            ("alarmd: 1\nname: \x01\n", 2, "a character that no YAML text may hold"),
            ("alarmd: 1\nname: *who\n", 2, "undefined alias 'who'"),
            ("alarmd: 1\n---\nalarmd: 1\n", 2, "but found another document"),
            ("[" * 60, 1, "maximum depth"),
        ],
    )
    def test_is_told_with_its_line(self, text: str, line: int, words: str) -> None:
        (found,) = faults(text)
        assert found.startswith(f"bad.yaml:{line}: this is no YAML: ")
        assert words in found

    @pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
    def test_an_empty_file_says_how_to_begin(self, text: str) -> None:
        (found,) = faults(text)
        assert found.startswith("bad.yaml:1: ")

    def test_a_text_that_is_no_mapping(self) -> None:
        assert faults("just words") == (
            'bad.yaml:1: "just words" stands where a mapping is wanted: keys such as alarmd, name, time_zone',
        )

    def test_a_value_that_holds_itself_ends(self) -> None:
        assert faults("alarmd: &x {name: *x}\n")
