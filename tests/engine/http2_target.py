"""A small real HTTP/2 server over TLS, by the server half of h2, which a test can have misbehave."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from tests.engine.asking import listening
from tests.engine.target import BODY

CA = trustme.CA()


def certified(*protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    CA.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(list(protocols))
    return context


@dataclass
class Asked:
    """A request as it came, and the means to answer it."""

    peer: "Peer"
    stream: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def path(self) -> str:
        return dict(self.headers)[":path"]

    async def answer(self, status: int = 200, *headers: tuple[str, str], body: bytes = BODY) -> None:
        """As much at a time as the client's windows let through."""
        h2 = self.peer.h2
        length = ("content-length", str(len(body)))
        h2.send_headers(self.stream, [(":status", str(status)), length, *headers], end_stream=not body)
        while body:
            size = min(h2.local_flow_control_window(self.stream), h2.max_outbound_frame_size)
            if size:
                part, body = body[:size], body[size:]
                h2.send_data(self.stream, part, end_stream=not body)
                await self.peer.flush()
            else:
                await self.peer.window.wait()
                self.peer.window.clear()
        await self.peer.flush()


Route = Callable[[Asked], Awaitable[None]]


@dataclass
class Peer:
    """One connection of a client."""

    target: "Http2Target"
    writer: asyncio.StreamWriter
    h2: H2Connection
    window: asyncio.Event = field(default_factory=asyncio.Event)

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()


@dataclass
class Http2Target:
    """`seen` has every request, `resets` how many were given up; `at_once` is the most that were under way."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    max_streams: int = 100
    pause: float = 0.0
    seen: list[Asked] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    resets: int = 0
    under_way: int = 0
    at_once: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        h2 = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
        h2.initiate_connection()
        h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self.max_streams})
        peer = Peer(self, writer, h2)
        self.peers.append(peer)
        asked: dict[int, Asked] = {}
        tasks = set()
        await peer.flush()
        try:
            while data := await reader.read(65536):
                for event in h2.receive_data(data):
                    if isinstance(event, RequestReceived):
                        asked[event.stream_id] = Asked(peer, event.stream_id, list(event.headers))  # type: ignore[arg-type]
                    elif isinstance(event, DataReceived):
                        asked[event.stream_id].body += event.data
                        h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, StreamEnded):
                        self.seen.append(asked[event.stream_id])
                        tasks.add(asyncio.create_task(self._answer(asked[event.stream_id])))
                    elif isinstance(event, StreamReset):
                        self.resets += 1
                peer.window.set()
                await peer.flush()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, asked: Asked) -> None:
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        try:
            await asyncio.sleep(self.pause)
            route = self.routes.get(asked.path)
            await (route(asked) if route is not None else asked.answer())
        except ProtocolError:
            pass  # the client has given the stream up
        finally:
            self.under_way -= 1


@asynccontextmanager
async def serving(target: Http2Target) -> AsyncIterator[int]:
    """Gives the port."""
    async with listening(target.serve, certified("h2")) as port:
        yield port
