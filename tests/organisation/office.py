"""An office in all its parts, the least one, and what is said when one thing in them is broken."""

import pytest

from alarmd.errors import FaultyFile
from alarmd.organisation.file import Parsed, parse

OFFICE = """\
alarmd: 1
name: Nav Fjordvik
time_zone: Europe/Oslo
language: nb

sites:
  fjordvik:
    name: Nav Fjordvik
    address: Torggata 1
    emergency_number: 110
    zones:
      reception: {name: Mottak, floor: 1, way: "Inngang A,  rett fram", area: [0, 0.5, 0.25, 0.5]}
      room-2: {name: Samtalerom 2, audible_to: [reception, annex/hall]}
  annex: {name: Annex, zones: {hall: {name: Hall}}}

devices:
  desk-3: {zone: fjordvik/reception, kind: panic, pin: [0.1, 1]}
  skranke-1:
    zone: fjordvik/reception
    maker: zigbee2mqtt
    address: zigbee2mqtt/skranke-1
    presses: {hold: duress, single: panic}
    supervise: 50h
    battery_low: 20

people:
  kari:
    name: Kari Berg
    roles: [staff]
    at: fjordvik/reception
    contact:
      - {push: phone}
      - {sms: +4790000021}
      - {webhook: "http://127.0.0.1:9/hook"}
      - {webhook: {url: "https://x.example", secret: s3}}
    absent: [{from: 2026-12-20, to: 2027-01-02}, {from: 2027-02-01 08:00, to: 2027-02-01T12:30:15}]
  ola: {name: Ola Nes, roles: [guard], language: nn, contact: []}

teams:
  guards: [ola]

schedules:
  duty:
    rotations:
      - {people: [ola, kari], from: 2026-01-05T08:00, every: 7d}
    only: {days: mon-fri, between: 07:00-17:00}
    overrides:
      - {person: kari, from: 2026-12-24T08:00, to: 2026-12-26}
  nights: {only: {days: [fri-sun, tue], between: 22:00-24:00}}
  always: {only: {}}

externals:
  arc: {name: ARC, dc09: {host: 127.0.0.1, port: 10700, account: 1234}}
  mine: {name: Mine, language: en, sms: "+4790000099"}

chains:
  panic:
    for: {kinds: [panic, medical], sites: [fjordvik]}
    steps:
      - {after: 0s, notify: [{colleagues: zone}, {team: guards}], by: [console, sms]}
      - {after: 90s, notify: [{on_call: duty}], else: [{person: kari}, {external: arc}]}
      - {after: 2m, notify: [{role: guard}]}
    repeat: {from: 2, every: 60s}
    acknowledge: {by_roles: [guard, staff], needed: 2, arrive_within: 10m}
    tell_presser: false
    all_clear: {to: nobody}
  duress:
    for: {kinds: [duress]}
    steps: [{after: 0s, notify: [{team: guards}]}]
  rest:
    for: {}
    steps: [{after: 0s, notify: [{team: guards}]}]

joining: {same_device: false, same_zone_within: 10m, settle: 0s}
"""

LEAST = """\
alarmd: 1
name: Least
time_zone: UTC
sites: {a: {name: A, zones: {b: {name: B}}}}
devices:
people: {eva: {name: Eva}}
chains: {rest: {for: {}, steps: [{after: 0s, notify: [{person: eva}]}]}}
"""


def office() -> Parsed:
    return parse(OFFICE, "office.yaml")


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(FaultyFile) as refused:
        parse(text, "bad.yaml")
    assert str(refused.value) == "\n".join(refused.value.faults)
    return refused.value.faults


def broken(old: str, new: str, text: str = OFFICE) -> tuple[str, tuple[str, ...]]:
    """The office with one thing replaced: where that stands, and the faults."""
    assert text.count(old) == 1, old
    where = f"bad.yaml:{text[: text.index(old)].count(chr(10)) + 1}: "
    return where, faults(text.replace(old, new))
