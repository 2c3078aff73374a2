"""The organisation file: what it means, and what may be left out."""

from datetime import datetime, time, timedelta
from time import process_time  # how long it computes, not what time it is

import pytest

from alarmd.alarm.model import Kind
from alarmd.organisation.file import parse
from alarmd.organisation.model import (
    Absence,
    Acknowledge,
    Contact,
    Device,
    Joining,
    Override,
    Repeat,
    Rotation,
    Step,
    Target,
    TargetKind,
    TellPresser,
    Window,
    Zone,
)
from tests.organisation.office import LEAST, OFFICE, office


class TestMeaning:
    def test_places(self) -> None:
        sites = office().organisation.sites
        assert list(sites) == ["fjordvik", "annex"]
        assert (sites["fjordvik"].address, sites["fjordvik"].emergency_number) == ("Torggata 1", "110")
        assert sites["fjordvik"].zones == {
            "fjordvik/reception": Zone(
                "fjordvik/reception", "fjordvik", "Mottak", "1", "Inngang A, rett fram", area=(0, 0.5, 0.25, 0.5)
            ),
            "fjordvik/room-2": Zone(
                "fjordvik/room-2", "fjordvik", "Samtalerom 2", audible_to=("fjordvik/reception", "annex/hall")
            ),
        }
        assert sites["annex"].emergency_number == "112"

    def test_devices(self) -> None:
        devices = office().organisation.devices
        assert devices["desk-3"] == Device("desk-3", "fjordvik/reception", Kind.PANIC, pin=(0.1, 1))
        assert devices["desk-3"].site == "fjordvik"
        assert devices["skranke-1"] == Device(
            "skranke-1",
            "fjordvik/reception",
            Kind.DURESS,  # left out: that of its first press
            "zigbee2mqtt",
            "zigbee2mqtt/skranke-1",
            {"hold": Kind.DURESS, "single": Kind.PANIC},
            timedelta(hours=50),
            20,
        )

    def test_people(self) -> None:
        organisation = office().organisation
        kari, ola = organisation.people.values()
        assert (kari.roles, kari.at, kari.language) == (("staff",), "fjordvik/reception", None)
        assert kari.contact == (
            Contact("push", "phone"),
            Contact("sms", "+4790000021"),
            Contact("webhook", "http://127.0.0.1:9/hook"),
            Contact("webhook", "https://x.example", "s3"),
        )
        assert kari.absent == (
            Absence(datetime(2026, 12, 20), datetime(2027, 1, 3)),  # noqa: DTZ001 - local by design
            Absence(datetime(2027, 2, 1, 8), datetime(2027, 2, 1, 12, 30, 15)),  # noqa: DTZ001 - local by design
        )
        assert (ola.at, ola.contact, ola.absent) == (None, (), ())
        assert [kari.belongs_to(site) for site in ("fjordvik", "annex", None)] == [True, False, True]
        assert ola.belongs_to("annex")
        assert organisation.teams == {"guards": ("ola",)}

    def test_schedules(self) -> None:
        schedules = office().organisation.schedules
        duty = schedules["duty"]
        first = datetime(2026, 1, 5, 8)  # noqa: DTZ001 - local by design
        christmas = datetime(2026, 12, 24, 8), datetime(2026, 12, 27)  # noqa: DTZ001 - local by design
        assert duty.rotations == (Rotation(("ola", "kari"), first, timedelta(days=7)),)
        assert duty.only == Window(frozenset(range(5)), time(7), time(17))
        assert duty.overrides == (Override("kari", *christmas),)
        assert schedules["nights"].only == Window(frozenset({1, 4, 5, 6}), time(22), time())
        assert schedules["always"].only == Window(frozenset(range(7)), time(), time())

    def test_externals(self) -> None:
        arc, mine = office().organisation.externals.values()
        assert (arc.contact, arc.language) == ((Contact("dc09", "127.0.0.1:10700/1234"),), None)
        assert arc.settings == {"host": "127.0.0.1", "port": 10700, "account": "1234"}
        assert (mine.contact, mine.settings, mine.language) == ((Contact("sms", "+4790000099"),), {}, "en")

    def test_chains(self) -> None:
        chains = office().organisation.chains
        panic = chains["panic"]
        assert sorted(panic.kinds) == [Kind.MEDICAL, Kind.PANIC]
        assert sorted(panic.sites) == ["fjordvik"]
        assert panic.steps == (
            Step(
                timedelta(),
                (Target(TargetKind.COLLEAGUES, "zone"), Target(TargetKind.TEAM, "guards")),
                ("console", "sms"),
            ),
            Step(
                timedelta(seconds=90),
                (Target(TargetKind.ON_CALL, "duty"),),
                (),
                (Target(TargetKind.PERSON, "kari"), Target(TargetKind.EXTERNAL, "arc")),
            ),
            Step(timedelta(minutes=2), (Target(TargetKind.ROLE, "guard"),)),
        )
        assert panic.repeat == Repeat(2, timedelta(minutes=1))
        assert panic.acknowledge == Acknowledge(frozenset({"guard", "staff"}), 2, timedelta(minutes=10))
        assert (panic.tell_presser, panic.all_clear) == (TellPresser.NO, False)
        assert chains["duress"].tell_presser is TellPresser.DISCREETLY

    def test_joining(self) -> None:
        assert office().organisation.joining == Joining(False, timedelta(minutes=10), timedelta())

    def test_what_is_left_out_has_its_stated_meaning(self) -> None:
        least = parse(LEAST, "least.yaml").organisation
        rest = least.chains["rest"]
        assert (least.language, least.devices, least.teams, least.joining) == ("nb", {}, {}, Joining())
        assert rest.acknowledge == Acknowledge(frozenset(), 1, timedelta(minutes=5))
        assert (rest.tell_presser, rest.all_clear, rest.repeat) == (TellPresser.YES, True, None)
        assert rest.steps[0].by == ()

    def test_the_organisation_answers_who_and_where(self) -> None:
        organisation = office().organisation
        zone = organisation.zone("fjordvik/room-2")
        assert zone is not None
        assert zone.name == "Samtalerom 2"
        assert organisation.zone(None) is None
        assert organisation.zone("fjordvik/cellar") is None
        assert organisation.recipient("ola") is organisation.people["ola"]
        assert organisation.recipient("arc") is organisation.externals["arc"]
        assert organisation.recipient("nobody") is None
        assert organisation.language_of(organisation.recipient("ola")) == "nn"
        assert organisation.language_of(organisation.recipient("arc")) == organisation.language_of(None) == "nb"

    @pytest.mark.parametrize(
        ("kind", "site", "chain"),
        [
            (Kind.PANIC, "fjordvik", "panic"),
            (Kind.PANIC, "annex", "rest"),
            (Kind.DURESS, "annex", "duress"),
            (Kind.TECHNICAL, None, "rest"),
        ],
    )
    def test_the_most_specific_chain_fits(self, kind: Kind, site: str | None, chain: str) -> None:
        assert office().organisation.chain_for(kind, site).id == chain

    def test_a_chain_that_names_the_site_goes_before_one_that_names_the_kind(self) -> None:
        chains = "for: {sites: [fjordvik]}, steps: [{after: 0s, notify: [{team: guards}]}]"
        text = OFFICE.replace("  rest:\n", f"  here: {{{chains}}}\n  rest:\n")
        assert parse(text, "x").organisation.chain_for(Kind.DURESS, "fjordvik").id == "here"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("emergency_number: 110", 'emergency_number: "110"'),
            ("floor: 1,", 'floor: "1",'),
            ("{sms: +4790000021}", '{sms: "+4790000021"}'),
            ("battery_low: 20", 'battery_low: "20"'),
            ("from: 2026-12-20, to", 'from: "2026-12-20", to'),
            ("2026-01-05T08:00,", "2026-01-05 08:00:00,"),
            ("between: 07:00-17:00", 'between: "07:00 - 17:00"'),
            ("days: mon-fri", 'days: "mon, tue,wed-fri"'),
            ("days: [fri-sun, tue]", "days: [tue, fri-sun]"),
            ("every: 7d", "every: 168h"),
            ("dc09: {host: 127.0.0.1, port: 10700, account: 1234}", 'dc09: "127.0.0.1:10700/1234"'),
            ("audible_to: [reception, ", "audible_to: [fjordvik/reception, "),
            ("sites:\n", "sites:   # places\n"),
            ("alarmd: 1", '%YAML 1.2\n---\nalarmd: "1"'),
            ("teams:\n  guards: [ola]", "teams: {guards: &one [ola]}"),
        ],
    )
    def test_the_same_may_be_written_otherwise(self, old: str, new: str) -> None:
        assert OFFICE.count(old) == 1
        assert parse(OFFICE.replace(old, new), "x").organisation == office().organisation

    def test_an_alias_stands_for_its_value(self) -> None:
        text = OFFICE.replace("guards: [ola]", "guards: &one [ola]\n  others: *one\n  again: &one [kari]")
        assert parse(text, "x").organisation.teams["others"] == ("ola",)

    def test_two_hundred_devices_are_read_in_a_moment(self) -> None:
        lines = "".join(f"  dev-{number}: {{zone: a/b, kind: panic}}\n" for number in range(200))
        before = process_time()
        assert len(parse(LEAST.replace("devices:\n", f"devices:\n{lines}"), "x").organisation.devices) == 200
        assert process_time() - before < 1
