"""One client's session with a recorded camera: its requests are answered as they were, or refused with a reason.

Promises that the k-th request of a kind gets the k-th answer that was recorded, and later ones the last. Refuses to
make up what the capture doesn't hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import Counter
from collections.abc import Callable, Sequence

from ..facts.named import CLOSE_SESSION, GENERAL_ERROR, OK, OPEN_SESSION, OPERATION_NOT_SUPPORTED, TRANSACTION_CANCELED
from ..ptpip import messages as m
from . import containers, wire
from .recording import Answer, Message, Recording, Request, key_of
from .wire import Message as Received
from .wire import Sender, WireError, receive
from .wire import message as message_of

_DATA_OUT = 2  # DataPhaseInfo (2.3.6)
_WAITING = 8  # messages of a client that are read ahead

Say = Callable[[str], None]


class Session:
    """The command connection of one client, and its event connection once that is there."""

    def __init__(self, recording: Recording, say: Say, name: Callable[[Request], str], *, recorded_pace: bool) -> None:
        self._recording, self._say, self._name, self._paced = recording, say, name, recorded_pace
        self._wire = containers if recording.is_fuji else wire
        # A Cancel that comes too late changes nothing. Nor does data behind a request that was refused: in the dialect
        # nobody is told that it comes.
        self._passed = (m.CANCEL, m.PROBE_RESPONSE, *((m.END_DATA,) if recording.is_fuji else ()))
        self._asked: Counter[Request] = Counter()
        self._told: set[int] = set()  # transactions whose events were sent
        self._live: dict[int, int] = {}  # TransactionID by that in the capture
        self._cancelled: int | None = None  # transaction of the last Cancel
        self._cancel = asyncio.Event()
        self._event: Sender | None = None
        self._early: list[Message] = list(recording.first_events)  # events for a connection that is not there yet
        self._later: set[asyncio.Task[None]] = set()
        self.answered = self.refused = 0

    @property
    def has_events(self) -> bool:
        """Is its event connection there?"""
        return self._event is not None

    async def run(self, reader: asyncio.StreamReader, sender: Sender) -> None:
        """Answer until the client leaves. WireError, OSError, TimeoutError."""
        incoming: asyncio.Queue[Received | Exception | None] = asyncio.Queue(_WAITING)
        reading = asyncio.create_task(self._receive(reader, incoming))
        try:
            while (received := await _next(incoming)) is not None:
                if received.kind == m.OPERATION_REQUEST:
                    await self._request(received.body, incoming, sender)
                elif received.kind == m.PROBE_REQUEST:
                    await sender.send(message_of(m.PROBE_RESPONSE))
                elif received.kind not in self._passed:
                    raise WireError(f"sent a message of type {received.kind} where a request is expected")
        finally:
            for task in (reading, *self._later):
                task.cancel()
            await asyncio.gather(reading, *self._later, return_exceptions=True)

    async def _receive(
        self, reader: asyncio.StreamReader, incoming: asyncio.Queue[Received | Exception | None]
    ) -> None:
        """Read ahead, so that a Cancel is seen while data is being sent."""
        try:
            while (received := await self._wire.receive(reader)) is not None:
                if received.kind == m.CANCEL:
                    self._note_cancel(received)
                await incoming.put(received)
            await incoming.put(None)
        except (WireError, OSError) as error:
            await incoming.put(error)

    def _note_cancel(self, received: Received) -> None:
        self._cancelled = received.transaction_id
        self._cancel.set()

    async def events(self, reader: asyncio.StreamReader, sender: Sender) -> None:
        """The event connection: probes are answered, events go out. WireError, OSError, TimeoutError."""
        self._event = sender
        early, self._early = self._early, []
        await self._tell(early)
        try:
            while (received := await receive(reader)) is not None:
                if received.kind == m.PROBE_REQUEST:
                    await sender.send(message_of(m.PROBE_RESPONSE))
                elif received.kind == m.CANCEL:
                    self._note_cancel(received)
                elif received.kind != m.PROBE_RESPONSE:
                    raise WireError(f"sent a message of type {received.kind} on the event connection")
        finally:
            self._event = None

    async def _request(self, body: bytes, incoming: asyncio.Queue[Received | Exception | None], sender: Sender) -> None:
        if len(body) < 10:
            raise WireError(f"sent a request of {len(body) + m.HEADER_BYTES} bytes")
        phase, operation, identity = struct.unpack_from("<IHI", body)
        words = struct.unpack_from(f"<{min((len(body) - 10) // 4, 5)}I", body, 10)
        request = key_of(operation, words)
        answer = self._answer(request)
        if self._cancelled != identity:
            self._cancel.clear()
        if answer is not None:
            self._live[answer.transaction_id] = identity
        if (phase == _DATA_OUT or (answer is not None and answer.takes_data)) and not await _taken(incoming, identity):
            await sender.send(self._wire.response(TRANSACTION_CANCELED, identity))
            return
        if answer is None or answer.flaw is not None:
            await self._refuse(request, identity, answer, sender)
            return
        await self._give(answer, identity, sender)
        self.answered += 1

    def _answer(self, request: Request) -> Answer | None:
        """What the camera did when it was asked this for the same time, else for the last time."""
        known = self._recording.answers.get(request)
        if known is None:
            return None
        index = min(self._asked[request], len(known) - 1)
        self._asked[request] += 1
        return known[index]

    async def _refuse(self, request: Request, identity: int, answer: Answer | None, sender: Sender) -> None:
        """Say why a request is not answered, to the client by a response code."""
        if answer is None and request[0] in (OPEN_SESSION, CLOSE_SESSION):  # of a capture that begins or ends between
            await sender.send(self._wire.response(OK, identity))
            return
        self.refused += 1
        if answer is not None:
            code, reason = GENERAL_ERROR, f"transaction {answer.number}: {answer.flaw}"
        elif request[0] in self._recording.operations:
            code, reason = GENERAL_ERROR, "it was not recorded with these parameters"
        else:
            code, reason = OPERATION_NOT_SUPPORTED, "it was not recorded"
        self._say(f"refused {self._name(request)} with 0x{code:04X}: {reason}")
        await sender.send(self._wire.response(code, identity))

    async def _give(self, answer: Answer, identity: int, sender: Sender) -> None:
        """Send an answer, and the events that came with it when it was given first."""
        begun = asyncio.get_running_loop().time()
        fresh = answer.number not in self._told
        self._told.add(answer.number)
        for message in answer.messages:
            await self._pause(begun + message.after_s if self._paced else 0.0)
            if self._cancelled == identity and message.kind != m.OPERATION_RESPONSE:
                await sender.send(self._wire.response(TRANSACTION_CANCELED, identity))
                return
            if message.kind == m.OPERATION_RESPONSE and fresh:
                await self._tell(answer.before)
            for data in self._recording.read(message, self._live):
                await sender.send(data)
        if not fresh:
            return
        if self._paced:
            for message in answer.behind:
                task = asyncio.create_task(self._tell_at(begun + message.after_s, message))
                self._later.add(task)
                task.add_done_callback(self._later.discard)
        else:
            await self._tell(answer.behind)

    async def _pause(self, until: float) -> None:
        """Let a moment of the loop's clock come, or a Cancel; in any case, let others do what they have to."""
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._cancel.wait()

    async def _tell_at(self, time: float, message: Message) -> None:
        await asyncio.sleep(max(time - asyncio.get_running_loop().time(), 0))
        await self._tell([message])

    async def _tell(self, messages: Sequence[Message]) -> None:
        """Send events, or keep them for the event connection that is still to come."""
        for message in messages:
            if self._event is None:
                self._early.append(message)
                continue
            with contextlib.suppress(OSError):  # its end is told where it is read
                for data in self._recording.read(message, self._live):
                    await self._event.send(data)


async def _next(incoming: asyncio.Queue[Received | Exception | None]) -> Received | None:
    received = await incoming.get()
    if isinstance(received, Exception):
        raise received
    return received


async def _taken(incoming: asyncio.Queue[Received | Exception | None], identity: int) -> bool:
    """Take a data phase from the client; False where it cancels."""
    while (received := await _next(incoming)) is not None:
        if received.kind == m.CANCEL:
            return False
        if received.kind not in (m.START_DATA, m.DATA, m.END_DATA) or received.transaction_id != identity:
            raise WireError(f"sent a message of type {received.kind} where data of transaction {identity} is expected")
        if received.kind == m.END_DATA:
            return True
    raise WireError("closed before its data phase ended")
