"""Every answer and every failure of a provider, and what it means: the table of what to do next."""

from dataclasses import replace

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from alarmd.alarm.model import AttemptState
from alarmd.channels.http_client import of_status, wait_before_next
from alarmd.channels.twilio_client import BUSY, WHY, outcome_of
from alarmd.organisation.model import Contact
from alarmd.ports import Outcome
from tests.channels.provider import NUMBER, message
from tests.wording.cases import alarm, told

FAILED, UNKNOWN = AttemptState.FAILED, AttemptState.UNKNOWN
KEY = ConnectionKey("x", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("status", "state", "why", "again"),
    [
        (302, FAILED, "refused", False),
        (400, FAILED, "refused", False),
        (401, FAILED, "not_allowed", False),
        (403, FAILED, "not_allowed", False),
        (404, FAILED, "refused", False),
        (408, FAILED, "provider_trouble", True),
        (410, FAILED, "refused", False),
        (429, FAILED, "too_many", True),
        (500, FAILED, "provider_trouble", True),
        (502, FAILED, "provider_trouble", True),
        (503, FAILED, "provider_trouble", True),
        (504, FAILED, "provider_trouble", True),
    ],
)
def test_what_a_status_means(status: int, state: AttemptState, why: str, again: bool) -> None:
    wanted = Outcome(state, why, again_in=2.0 if again else None)
    assert of_status(status, 2.0) == wanted
    assert outcome_of(TwilioRestException(status, "/x", code=status), 2.0) == wanted


@pytest.mark.parametrize(("code", "why"), WHY.items())
def test_codes_of_twilio_that_mean_another_way(code: int, why: str) -> None:
    for status in (400, 403, 429):
        assert outcome_of(TwilioRestException(status, "/x", code=code), 1.0) == Outcome(FAILED, why)
    assert outcome_of(TwilioServiceException("about:blank", "x", 400, code), 1.0) == Outcome(FAILED, why)


@pytest.mark.parametrize("code", sorted(BUSY))
def test_codes_of_twilio_that_mean_once_more(code: int) -> None:
    assert outcome_of(TwilioRestException(400, "/x", code=code), 4.0) == Outcome(FAILED, "too_many", again_in=4.0)


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (aiohttp.InvalidURL("x"), Outcome(FAILED, "invalid_address")),
        (aiohttp.NonHttpUrlClientError("x"), Outcome(FAILED, "invalid_address")),
        (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "x")), Outcome(FAILED, "no_safe_connection")),
        (aiohttp.ClientConnectorCertificateError(KEY, ValueError("x")), Outcome(FAILED, "no_safe_connection")),
        (aiohttp.ClientConnectorError(KEY, OSError(111, "x")), Outcome(FAILED, "no_connection", again_in=1.0)),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(1, "x")), Outcome(FAILED, "no_connection", again_in=1.0)),
        (aiohttp.ConnectionTimeoutError(), Outcome(FAILED, "no_connection", again_in=1.0)),
        (aiohttp.SocketTimeoutError(), Outcome(UNKNOWN, "timeout", again_in=1.0)),
        (TimeoutError(), Outcome(UNKNOWN, "timeout", again_in=1.0)),
        (aiohttp.ServerDisconnectedError(), Outcome(UNKNOWN, "connection_lost", again_in=1.0)),
        (aiohttp.ClientPayloadError(), Outcome(UNKNOWN, "connection_lost", again_in=1.0)),
        (ValueError("no JSON"), Outcome(UNKNOWN, "unreadable_answer", again_in=1.0)),
        (TwilioException("x"), Outcome(UNKNOWN, "unreadable_answer", again_in=1.0)),
    ],
)
def test_what_no_answer_means(fault: Exception, wanted: Outcome) -> None:
    assert outcome_of(fault, 1.0) == wanted


def test_the_waits_grow_with_the_tries() -> None:
    contact = Contact("sms", NUMBER)
    known = told(alarm())
    notification = known.notifications[0]

    def tried(times: int) -> float:
        attempt = replace(notification.attempts[0], tried=times)
        return wait_before_next(
            message(replace(known, notifications=(replace(notification, attempts=(attempt,)),)), contact)
        )

    assert [tried(n) for n in (0, 1, 2, 3, 9)] == [1.0, 2.0, 4.0, 4.0, 4.0]
    assert wait_before_next(message(alarm(), contact)) == 1.0
