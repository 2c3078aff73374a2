"""The organisation of a storm that starts its own nodes: as many buttons as asked for, a few guards with telephones,
and a control room that is told by webhook. Everything in it is invented. A text in the file format, so that it can be
looked at.
"""

from itertools import count, islice

NAME = "alarmd storm"
"""By this name a database is known to be a storm's own."""
GUARDS, HELPERS = ("ada", "bo", "cato", "dina"), ("erle", "finn", "gro", "hans")
"""Those who have telephones, and those who answer by a key: nobody does both, since saying the same again is no
news."""
ZONE, SITE = 4, 25
"""Buttons in a room, rooms at a site."""
KINDS = ("panic", "panic", "panic", "assist", "panic", "medical", "panic", "duress")
"""Of the buttons, one after the other."""

CHAINS = """\
teams: {{guards: [{guards}]}}
schedules:
  duty:
    rotations: [{{people: [{guards}], from: 2026-01-05T08:00, every: 1d}}]
externals:
  control-room: {{name: Control room, webhook: "{webhook}"}}
chains:
  technical:
    for: {{kinds: [technical, test]}}
    steps:
      - {{after: 0s, notify: [{{team: guards}}], by: [console]}}
      - {{after: 1h, notify: [{{team: guards}}], by: [console]}}
    repeat: {{from: 2, every: 1h}}
  duress:
    for: {{kinds: [duress]}}
    steps:
      - {{after: 0s, notify: [{{team: guards}}, {{external: control-room}}], by: [console, sms, webhook]}}
      - {{after: 5s, notify: [{{on_call: duty}}, {{external: control-room}}], by: [voice, webhook]}}
    repeat: {{from: 2, every: 20s}}
    acknowledge: {{by_roles: [guard], needed: 1, arrive_within: 1m}}
  rest:
    for: {{}}
    steps:
      - {{after: 0s, notify: [{{on_call: duty}}, {{external: control-room}}], by: [console, sms, webhook]}}
      - {{after: 5s, notify: [{{team: guards}}], by: [console, sms]}}
      - {{after: 15s, notify: [{{on_call: duty}}, {{external: control-room}}], by: [voice, webhook]}}
    repeat: {{from: 2, every: 30s}}
    acknowledge: {{by_roles: [guard], needed: 1, arrive_within: 1m}}
joining: {{same_device: true}}
"""


def office(devices: int, webhook: str) -> str:
    """The file. `webhook`: where the control room listens."""
    lines = ["alarmd: 1", f"name: {NAME}", "time_zone: Europe/Oslo", "language: en", "sites:"]
    zones = -(-devices // ZONE)
    for site in range(-(-zones // SITE)):
        lines += [f"  site-{site}:", f"    name: Site {site}", "    zones:"]
        rooms = range(site * SITE, min(zones, (site + 1) * SITE))
        lines += [f"      room-{room}: {{name: Room {room}, floor: Floor {room % 3}}}" for room in rooms]
    lines.append("devices:")
    for number, device in enumerate(buttons(devices)):
        room = number // ZONE
        lines.append(f"  {device}: {{zone: site-{room // SITE}/room-{room}, kind: {KINDS[number % len(KINDS)]}}}")
    lines.append("people:")
    for number, guard in enumerate(GUARDS):
        phone = f'"+479000090{number}"'
        contact = f"[{{sms: {phone}}}, {{voice: {phone}}}]"
        lines.append(f"  {guard}: {{name: {guard.capitalize()} Storm, roles: [guard, admin], contact: {contact}}}")
    lines += [f"  {helper}: {{name: {helper.capitalize()} Storm, roles: [guard]}}" for helper in HELPERS]
    return "\n".join(lines) + "\n" + CHAINS.format(guards=", ".join(GUARDS), webhook=webhook)


def buttons(devices: int) -> list[str]:
    """The ids of so many buttons."""
    return list(islice((f"button-{number}" for number in count()), devices))
