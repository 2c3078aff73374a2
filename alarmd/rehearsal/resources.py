"""Texts and calls as Twilio's API shows them: the names, shapes and date formats of its published description.

Only what a simulated phone knows has a value; the rest is null, as Twilio itself leaves it for a young resource.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlencode

from alarmd.rehearsal.phones import Call, Text, segments

VERSION = "2010-04-01"
PAGE = 50  # rows of a list that asks for no size
LARGEST_PAGE = 1000

Row = dict[str, object]


def account_json(sid: str) -> Row:
    """The account itself: what a check of the credentials reads."""
    return {
        "sid": sid,
        "friendly_name": "alarmd rehearsal",
        "status": "active",
        "type": "Full",
        "owner_account_sid": sid,
        "uri": f"/{VERSION}/Accounts/{sid}.json",
    }


def text_json(account: str, text: Text) -> Row:
    """One text."""
    uri = f"/{VERSION}/Accounts/{account}/Messages/{text.sid}"
    return {
        "sid": text.sid,
        "account_sid": account,
        "api_version": VERSION,
        "body": text.body,
        "date_created": _rfc2822(text.created),
        "date_sent": _rfc2822(text.sent),
        "date_updated": _rfc2822(text.changed),
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": None,
        "from": text.sender,
        "messaging_service_sid": text.sender if text.sender.startswith("MG") else None,
        "num_media": "0",
        "num_segments": str(segments(text.body)),
        "price": None,
        "price_unit": "USD",
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def call_json(account: str, call: Call) -> Row:
    """One call."""
    return {
        "sid": call.sid,
        "account_sid": account,
        "answered_by": call.answered_by,
        "api_version": VERSION,
        "caller_name": None,
        "date_created": _rfc2822(call.created),
        "date_updated": _rfc2822(call.changed),
        "direction": "outbound-api",
        "duration": str(call.seconds) if call.status.ended else None,
        "end_time": _rfc2822(call.ended),
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": call.sender,
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "start_time": _rfc2822(call.started),
        "status": call.status,
        "subresource_uris": {},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"/{VERSION}/Accounts/{account}/Calls/{call.sid}.json",
    }


def listing(name: str, rows: list[Row], path: str, query: Mapping[str, str]) -> Row:
    """One page of a list, the newest first. Understands To, From, Status, and the day of sending or starting with `<`
    and `>`.
    """
    chosen = [row for row in reversed(rows) if _fits(row, query)]
    size = min(_number(query, "PageSize", PAGE) or PAGE, LARGEST_PAGE)
    page = _number(query, "Page", 0)
    shown = chosen[page * size : (page + 1) * size]

    def uri(other: int) -> str:
        kept = {key: value for key, value in query.items() if key not in ("Page", "PageSize", "PageToken")}
        return f"{path}?{urlencode(kept | {'PageSize': str(size), 'Page': str(other)})}"

    return {
        name: shown,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if (page + 1) * size < len(chosen) else None,
        "previous_page_uri": uri(page - 1) if page else None,
    }


def _fits(row: Row, query: Mapping[str, str]) -> bool:
    """Whether a row is asked for. Days are those of UTC, as Twilio's are."""
    for key, column in (("To", "to"), ("From", "from"), ("Status", "status")):
        if query.get(key) and query[key] != row[column]:
            return False
    for key, column in (("DateSent", "date_sent"), ("StartTime", "start_time"), ("EndTime", "end_time")):
        day = _utc_day(row.get(column))
        asked = {sign: query[key + sign][:10] for sign in ("", "<", ">") if query.get(key + sign)}
        if asked and (not day or asked.get("", day) != day or asked.get("<", day) < day or asked.get(">", day) > day):
            return False
    return True


def _utc_day(moment: object) -> str:
    return parsedate_to_datetime(moment).date().isoformat() if isinstance(moment, str) else ""


def _rfc2822(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() else default
