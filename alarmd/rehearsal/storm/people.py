"""People who answer: for each alarm that the storm has opened the one whom the plan means, who does what he does after
a while, by a key of his own. Made by `commands/storm.py`; told by the consoles.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

import aiohttp

from alarmd.alarm.incoming import Action
from alarmd.errors import Refused
from alarmd.ports import Clock
from alarmd.rehearsal.orders import Spawn
from alarmd.rehearsal.storm.addresses import Addresses
from alarmd.rehearsal.storm.books import Books, Event
from alarmd.rehearsal.storm.consoles import Ticks
from alarmd.rehearsal.storm.doors import PATIENCE, bearer, body_of, told, why
from alarmd.rehearsal.storm.plan import Answer

AGAIN_AFTER = timedelta(milliseconds=500)
BODIES: Mapping[Action, Mapping[str, str]] = {Action.RESOLVE: {"outcome": "test", "reason": "a storm"}}


class People:
    """`keys` are theirs; `answers`: by the ref of the press that may open an alarm."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        keys: Sequence[str],
        books: Books,
        clock: Clock,
        ticks: Ticks,
    ) -> None:
        self.answers: dict[str, Answer] = {}
        self.busy = 0
        """How many are about to do something soon."""
        self._session = session
        self._addresses = addresses
        self._keys = keys
        self._books = books
        self._clock = clock
        self._ticks = ticks

    def hear(self, events: Sequence[Event], spawn: Spawn) -> None:
        """News from a console: who is meant, begins."""
        for event in events:
            answer = self.answers.pop(event["data"].get("ref") or "", None) if event["kind"] == "raised" else None
            if answer is not None:
                self.busy += 1
                spawn(f"answer to {event['alarm']}", self._answer(event["alarm"], answer))

    async def _answer(self, alarm: str, answer: Answer) -> None:
        key = self._keys[int(answer.person * len(self._keys))]
        try:
            for act, wait in answer.acts:
                if not await self._act(alarm, act, wait, key):
                    return
        finally:
            self.busy -= 1
        if answer.at_last is not None:
            await self._act(alarm, Action.RESOLVE, answer.at_last, key)

    async def _act(self, alarm: str, act: Action, wait: float, key: str) -> bool:
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=wait))
        self._books.answers.say(alarm, act, self._ticks())
        return await self._until_taken(alarm, act, key)

    async def _until_taken(self, alarm: str, act: Action, key: str) -> bool:
        """Say it until alarmd says yes; False: the alarm is over. Raises Refused."""
        while True:
            url = self._addresses.pick()
            try:
                async with self._session.post(
                    f"{url}/v1/alarms/{alarm}/{act}",
                    json=dict(BODIES.get(act, {})),
                    headers=bearer(key),
                    timeout=PATIENCE,
                ) as response:
                    status, body = response.status, await body_of(response)
            except (aiohttp.ClientError, TimeoutError) as fault:
                self._addresses.failed(url)
                self._books.tally.fault(f"answer: {told(fault)}")
                status, body = HTTPStatus.SERVICE_UNAVAILABLE, {}
            if status == HTTPStatus.OK:
                self._books.answers.take(alarm, act, self._ticks())
                return True
            if status == HTTPStatus.CONFLICT:
                self._books.answers.refuse(alarm, act)
                return False
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise Refused(f"an answer is refused: {why(status, body)}; give a key of scope answer by --answer-key")
            await self._clock.sleep_until(self._clock.now() + AGAIN_AFTER)
