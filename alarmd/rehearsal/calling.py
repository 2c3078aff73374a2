"""Places calls, and lets hands at the page and the API take part in those that live.

A phone has one line: a second call finds it busy. It changes the model and wakes the call; what follows from that is
the life of the call itself. Called by `twilio_server.py` and `page_server.py`.
"""

import uuid

from alarmd.errors import Refused
from alarmd.rehearsal.call_life import CallLife
from alarmd.rehearsal.orders import CallOrder, Document, Network
from alarmd.rehearsal.phones import Call, CallStatus


class Calling:
    """Places calls through the simulated network, and lets hands and the API take part in them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._live: dict[str, CallLife] = {}

    def place(self, order: CallOrder) -> Call:
        """Takes a call; its life goes on by itself."""
        now = self._network.clock.now()
        call = Call("CA" + uuid.uuid4().hex, order.sender, order.to, now, now)
        self._network.phones.add_call(call)
        self._live[call.sid] = CallLife(self._network, order, call.sid)
        self._network.spawn(f"rehearsal-call-{call.sid}", self._run(call.sid))
        return call

    def end(self, sid: str, wanted: CallStatus) -> Call:
        """The API ends a call: `completed` ends any, `canceled` only one that nobody has answered. Raises NotFound,
        Refused.
        """
        call = self._network.phones.call(sid)
        if call.status.ended:
            raise Refused("Call is not in-progress. Cannot redirect.")
        if call.status is CallStatus.IN_PROGRESS:
            return self._move(call, CallStatus.COMPLETED) if wanted is CallStatus.COMPLETED else call
        return self._move(call, CallStatus.CANCELED)

    def redirect(self, sid: str, document: Document) -> Call:
        """The API gives a call that talks another document. Raises NotFound, Refused."""
        call = self._network.phones.call(sid)
        if call.status is not CallStatus.IN_PROGRESS or sid not in self._live:
            raise Refused("Call is not in-progress. Cannot redirect.")
        self._live[sid].replace(document)
        return call

    def answer(self, number: str) -> Call:
        """A hand takes the call that rings. Raises NotFound, Refused."""
        return self._move(self._on(number), CallStatus.IN_PROGRESS, "human")

    def hang_up(self, number: str) -> Call:
        """A hand ends the call, or declines it while it rings. Raises NotFound, Refused."""
        call = self._on(number)
        return self._move(call, CallStatus.BUSY if call.status is CallStatus.RINGING else CallStatus.COMPLETED)

    def press(self, number: str, keys: str) -> Call:
        """A hand presses keys. Raises NotFound, Refused."""
        call = self._on(number)
        self._network.phones.press(call.sid, keys, self._network.clock.now())
        self._live[call.sid].wake()
        return self._network.phones.call(call.sid)

    def habit_changed(self, number: str) -> None:
        """A call that rings goes by the habit that the phone has now."""
        call = self._network.phones.line(number)
        if call is not None:
            self._live[call.sid].wake()

    def _on(self, number: str) -> Call:
        self._network.phones.phone(number)
        call = self._network.phones.line(number)
        if call is None:
            raise Refused("No call rings or talks on this phone.")
        return call

    def _move(self, call: Call, status: CallStatus, answered_by: str | None = None) -> Call:
        moved = self._network.phones.move_call(call.sid, status, self._network.clock.now(), answered_by)
        self._live[call.sid].wake()
        return moved

    async def _run(self, sid: str) -> None:
        try:
            await self._live[sid].run()
        finally:
            del self._live[sid]
