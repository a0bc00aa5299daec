"""A recorded camera on a socket: one client after another is let in, and each gets the conversation from its beginning.

Promises that no client stops the next one: greetings have to come in time, a client whose network is gone is given up
within a minute, and while one is served others are told that the camera is busy. Refuses nothing that the recorded
camera let in; it does not ask who the client is.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from ..capture import CaptureError
from ..facts import name_of
from ..facts.named import DEVICE_BUSY
from ..ptpip import messages as m
from ..ptpip.recognise import is_fuji
from .recording import Recording, ReplayError, Request
from .session import Say, Session
from .wire import Sender, WireError, message, receive

GREETING_S = 10.0
MOST_CONNECTIONS = 32
REJECTED, BUSY = 1, 2  # reasons of Init Fail (CIPA DC-X005-2005 2.3.5)
_STANDING_NUMBER = 1
_KEPT_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # seconds, seconds, probes
_VERSION = 0x10000


class Server:
    """Answers clients out of a recording. ``say`` takes one line at a time about what happens."""

    def __init__(self, recording: Recording, say: Say, *, recorded_pace: bool = False, once: bool = False) -> None:
        self._recording, self._say = recording, say
        self._paced, self._once = recorded_pace, once
        self._session: Session | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        greeting = recording.command_greeting
        if recording.is_fuji:
            say("Fujifilm's dialect: what the camera sent on its connections for events and live view is not replayed")
        if greeting is None:
            say("the camera's greeting is not in the capture: zeros stand for its GUID, and its name is empty")
            greeting = message(m.INIT_COMMAND_ACK, struct.pack("<I16xHI", _STANDING_NUMBER, 0, _VERSION))
        self._greeting = greeting
        self._number = struct.unpack_from("<I", greeting, 8)[0] if len(greeting) >= 12 else _STANDING_NUMBER

    async def serve(self, host: str, port: int, ready: Callable[[int], None] = lambda _: None) -> None:
        """Listen until cancelled, or with ``once`` until the first client has left. OSError where that can't be done.

        ``ready`` is told the port.
        """
        server = await asyncio.start_server(self._client, host, port)
        try:
            ready(server.sockets[0].getsockname()[1])
            await self._over.wait()
        finally:
            server.close()
            for task in self._clients:
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "{}:{}".format(*(writer.get_extra_info("peername") or ("somebody", 0))[:2])
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        _keep_alive(writer)
        try:
            if len(self._clients) <= MOST_CONNECTIONS:
                await self._greet(reader, Sender(writer), peer)
        except TimeoutError:
            self._say(f"{peer} did not go on in time")
        except WireError as error:
            self._say(f"{peer} {error}")
        except (ReplayError, CaptureError) as error:  # the capture has changed, or holds less than its rows promise
            self._say(f"{peer} was left: {error}")
        except OSError as error:
            self._say(f"{peer} is gone: {error.strerror or error}")
        except asyncio.CancelledError:  # no more clients are served
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, sender: Sender, peer: str) -> None:
        async with asyncio.timeout(GREETING_S):
            received = await receive(reader)
        if received is None:
            return
        if received.kind == m.INIT_EVENT_REQUEST and not self._recording.is_fuji:
            await self._events(received.body, reader, sender)
        elif received.kind != m.INIT_COMMAND_REQUEST:
            raise WireError(f"began with a message of type {received.kind}")
        elif is_fuji(message(received.kind, received.body)) != self._recording.is_fuji:
            raise WireError("does not greet in the dialect that the recorded camera spoke")
        elif self._session is not None:
            await sender.send(_fail(DEVICE_BUSY if self._recording.is_fuji else BUSY))
        else:
            await self._commands(reader, sender, peer)

    async def _commands(self, reader: asyncio.StreamReader, sender: Sender, peer: str) -> None:
        session = self._session = Session(self._recording, self._say, _named, recorded_pace=self._paced)
        try:
            await sender.send(self._greeting)
            if self._greeting[4:8] == struct.pack("<I", m.INIT_COMMAND_ACK):
                await session.run(reader, sender)
        finally:
            self._session = None
            self._say(f"{peer}: {session.answered:,} answered, {session.refused:,} refused")
            if self._once:
                self._over.set()

    async def _events(self, body: bytes, reader: asyncio.StreamReader, sender: Sender) -> None:
        session = self._session
        if session is None or body[:4] != struct.pack("<I", self._number) or session.has_events:
            await sender.send(_fail(REJECTED))
            return
        greeting = self._recording.event_greeting or message(m.INIT_EVENT_ACK)
        await sender.send(greeting)
        if greeting[4:8] == struct.pack("<I", m.INIT_EVENT_ACK):
            await session.events(reader, sender)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system ask a silent client whether it is there: one that lost its network never closes."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEPT_ALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _fail(reason: int) -> bytes:
    return message(m.INIT_FAIL, struct.pack("<I", reason))


def _named(request: Request) -> str:
    """A request in words."""
    return f"{name_of('operation', request[0])}({', '.join(f'0x{word:X}' for word in request[1])})"
