"""The one table of ways out."""

import subprocess
import sys

import pytest
from pydantic import SecretStr

from alarmd.channels.registry import CHANNELS, open_channels, why_not
from alarmd.channels.twilio_sms import TwilioSms
from alarmd.channels.twilio_voice import TwilioVoice
from alarmd.channels.webhook import Webhook
from alarmd.organisation.model import CONTACT_KINDS
from alarmd.settings import Settings
from tests.channels.provider import settings


def test_every_kind_of_contact_stands_in_the_table() -> None:
    assert set(CHANNELS) == set(CONTACT_KINDS)


async def test_what_is_configured_is_opened() -> None:
    async with open_channels(settings()) as channels:
        kinds = {kind: type(channel) for kind, channel in channels.items()}
    assert kinds == {"sms": TwilioSms, "voice": TwilioVoice, "webhook": Webhook}


async def test_what_lacks_a_setting_is_left_out_and_says_which() -> None:
    bare = settings(twilio_account_sid="", twilio_from="")
    async with open_channels(bare) as channels:
        assert set(channels) == {"webhook"}
    assert why_not("voice", bare) == "not configured: ALARMD_TWILIO_ACCOUNT_SID, ALARMD_TWILIO_FROM"
    assert why_not("webhook", bare) is None
    assert why_not("sms", settings()) is None
    tokenless = Settings(twilio_auth_token=SecretStr(""), twilio_account_sid="x", twilio_from="x", _env_file=None)
    assert why_not("sms", tokenless) == "not configured: ALARMD_TWILIO_AUTH_TOKEN"


def test_a_kind_that_is_not_built_says_so_and_an_unknown_one_is_a_fault() -> None:
    assert "yet" in (why_not("push", settings()) or "")
    with pytest.raises(KeyError):
        why_not("pigeon", settings())


def test_the_table_imports_no_channel() -> None:
    code = "import sys, alarmd.channels.registry; print([m for m in sys.modules if m in ('twilio', 'aiohttp')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_an_opened_twilio_channel_pays_no_import_at_its_first_alarm() -> None:
    code = (
        "import asyncio, sys\n"
        "from alarmd.channels.registry import open_channels\n"
        "from tests.channels.provider import SENDER, account, message, provider, settings\n"
        "from alarmd.organisation.model import Contact\n"
        "from tests.wording.cases import alarm, told\n"
        "async def main():\n"
        "    async with provider() as p, open_channels(settings(twilio_api_url=p.url)) as channels:\n"
        "        before = set(sys.modules)\n"
        "        for kind in ('sms', 'voice'):\n"
        "            await channels[kind].send(message(told(alarm()), Contact(kind, '+4790000022')))\n"
        "        print(sorted(m for m in set(sys.modules) - before if m.startswith('twilio')), len(p.asked))\n"
        "asyncio.run(main())\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[] 2"
