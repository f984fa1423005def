"""HTTP/2 (RFC 9113) by the `h2` library: one session of a user with an origin, whose streams look like connections.

A stream takes the bytes of an HTTP/1.1 request, as `Connection` does, and carries one request after the other, each on a new
stream of the protocol. So a user's client need not know which of the two it has.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error, StreamClosedError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame, GoAwayFrame

from headrace.engine.http.compression import RememberingDecoder, RememberingEncoder
from headrace.engine.http.connection import Connection, Owner
from headrace.engine.http.failures import Failure, broken_tls, closed_early, reset_stream, violated_protocol
from headrace.engine.http.fields import Heads, Translations
from headrace.engine.http.frame_counter import FrameCounter
from headrace.engine.http.heads import Head
from headrace.engine.http.memory import HeadMemory
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.http.responses import LONGEST_HEAD
from headrace.engine.http.tls import Channel

# As in Chrome: what a server may send before it is told that it was read.
_STREAM_WINDOW = 6 * 1024 * 1024
_SESSION_WINDOW = 15 * 1024 * 1024
# Streams at once, where the server does not set a lower limit (RFC 9113, 6.5.2: it should not).
_STREAMS = 100
_GLIMPSE = 4096

_CODES = frozenset(ErrorCodes)
# Fields are checked where they are translated, once each.
_CONFIGURATION = H2Configuration(
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
)
_NO_HEADS = HeadMemory()


class _Http2(H2Connection):
    """h2 takes nothing more after a GOAWAY. But that lets the requests under way be answered (RFC 9113, 6.8)."""

    MAX_CLOSED_STREAMS = 256  # that h2 remembers, of 65536; there may be thousands of sessions

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        event = ConnectionTerminated()
        event.error_code = ErrorCodes(frame.error_code) if frame.error_code in _CODES else frame.error_code
        event.last_stream_id = frame.last_stream_id
        return [], [event]


class Http2Stream(Connection):
    """One request at a time of a session, as if it were a connection."""

    __slots__ = ("_parts", "_session", "number", "unsent")

    def __init__(self, owner: Owner, origin: Origin, session: "Http2Session") -> None:
        super().__init__(owner, origin, _NO_HEADS)
        self._session = session
        self._parts: list[bytes] = []
        self.number = 0
        self.unsent: memoryview | None = None

    def send(self, request: Prepared, data: bytes, wanted_at: int, now: int, hops: int) -> None:
        self.request = request
        self.wanted_at = wanted_at
        self.sent_at = now
        self.hops = hops
        self.sent = self.received = self.content = 0
        self.data = data
        self.glimpse = self.body = b""
        self.head = None
        self._parts = []
        self._session.send(self, data)

    def abort(self) -> None:
        if self.request is not None:
            self.request = None
            self._session.cancel(self)
        self.retire()

    def retire(self) -> None:
        """It carries nothing more, or only what is under way."""
        if not self.lost:
            self._session.leave(self)
            self._retire()

    # What the session reports

    def answer(self, head: Head, text: bytes) -> None:
        """`text` is the head as it can be read."""
        self.head = head
        self.glimpse = text[:_GLIMPSE]

    def take(self, data: bytes) -> None:
        if len(self.glimpse) < _GLIMPSE:
            self.glimpse += data[: _GLIMPSE - len(self.glimpse)]
        left = cast(Prepared, self.request).keep - self.content
        if left > 0:
            self._parts.append(data[:left])
        self.content += len(data)

    def finish(self, now: int) -> None:
        request = cast(Prepared, self.request)
        self.request = None
        self.body = b"".join(self._parts)
        self._parts = []
        self.owner.answered(self, request, cast(Head, self.head), now)

    def fail(self, failure: Failure, now: int) -> None:
        request = cast(Prepared, self.request)
        self.request = None
        self.retire()
        self.owner.broken(self, request, failure, now)


class Http2Session(asyncio.Protocol):
    """A connection that carries many streams at once. `ended` is called when it takes no more."""

    def __init__(
        self,
        owner: Owner,
        origin: Origin,
        channel: Channel,
        translations: Translations,
        ended: "Callable[[Http2Session], None]",
    ) -> None:
        self._owner = owner
        self._origin = origin
        self._channel = channel
        self._translations = translations
        self._ended = ended
        self._session_kept = False
        self._fresh = True
        self._leaving = False  # takes no new requests
        self._receiving = False
        self._streams: list[Http2Stream] = []
        self._active: dict[int, Http2Stream] = {}
        self._waiting: deque[tuple[Http2Stream, bytes]] = deque()  # for a stream that the server's limit lets open
        self._frames = FrameCounter()
        self._heads = Heads()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport
        self._h2 = _Http2(_CONFIGURATION)
        self._h2.local_settings = Settings(
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: LONGEST_HEAD,
            }
        )
        self._h2.encoder = RememberingEncoder()
        self._h2.decoder = RememberingDecoder(LONGEST_HEAD)

    # For the streams

    @property
    def has_room(self) -> bool:
        return not self._leaving and len(self._streams) < self._limit()

    def stream(self, owner: Owner) -> Http2Stream:
        """Another stream; it is lost where the session has ended meanwhile."""
        stream = Http2Stream(owner, self._origin, self)
        stream.fresh, self._fresh = self._fresh, False  # the connection was made for the first one
        self._streams.append(stream)
        if self._leaving:
            stream.abort()
        return stream

    def send(self, stream: Http2Stream, data: bytes) -> None:
        if self._waiting or len(self._active) >= self._limit():
            self._waiting.append((stream, data))
            return
        self._open(stream, data)
        if not self._receiving:
            self._flush()

    def _open(self, stream: Http2Stream, data: bytes) -> None:
        fields, end = self._translations.translate(data)
        self._collect()
        stream.number = number = self._h2.get_next_available_stream_id()
        self._active[number] = stream
        if end == len(data):
            self._h2.send_headers(number, fields, end_stream=True)
        else:
            self._h2.send_headers(number, fields)
            stream.unsent = memoryview(data)[end:]
            self._upload(stream)
        stream.sent += self._collect()

    def cancel(self, stream: Http2Stream) -> None:
        """Its answer is not wanted any more."""
        if self._active.pop(stream.number, None) is not None:
            self._reset(stream)
            self._send_waiting()
            if not self._receiving:
                self._flush()
        else:
            self._waiting = deque(waiting for waiting in self._waiting if waiting[0] is not stream)

    def leave(self, stream: Http2Stream) -> None:
        """The stream will send no more; the last one ends the connection."""
        self._streams.remove(stream)
        if not self._streams and not self._active:
            self._leave()
            self._transport.abort()

    # For the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_SESSION_WINDOW - self._h2.inbound_flow_control_window)
        self._flush()

    def data_received(self, data: bytes) -> None:
        now = perf_counter_ns()
        plain, error = self._channel.read(data)
        self._receiving = True
        try:
            if plain:
                self._receive(plain, now)
        finally:
            self._receiving = False
        if isinstance(error, ssl.SSLZeroReturnError):
            self._leave()
            self._flush()
            self._transport.close()
        elif error is not None:
            self._fail(broken_tls(error), now)
        else:
            self._flush()

    def pause_writing(self) -> None:
        # A server that asks and asks and takes no answers is not listened to: what waits for it is bounded.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def eof_received(self) -> None:
        self._leave()

    def connection_lost(self, error: Exception | None) -> None:
        now = perf_counter_ns()
        self._leave()
        for stream in self._under_way():
            stream.fail(closed_early(stream.head is not None, error is not None), now)

    # Receiving

    def _receive(self, plain: bytes, now: int) -> None:
        if not self._session_kept:
            self._session_kept = True
            self._channel.keep_session(self._owner.tls_sessions, self._origin)
        violation = self._frames.count(plain, self._active, now)
        if violation is not None:
            self._fail(violated_protocol(f"HTTP/2: {violation}"), now)
            return
        try:
            events = self._h2.receive_data(plain)
            for event in events:
                self._handle(event, now)
        except H2Error as error:
            self._fail(violated_protocol(f"HTTP/2: {error or type(error).__name__}"), now)
        self._send_waiting()

    def _handle(self, event: Event, now: int) -> None:
        if isinstance(event, DataReceived):
            stream = self._active.get(event.stream_id)
            if stream is not None:
                stream.take(event.data)
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, ResponseReceived):
            stream = self._active.get(event.stream_id)
            if stream is not None:
                stream.answer(*self._heads.head(event.headers))
        elif isinstance(event, StreamEnded):
            self._end(event.stream_id, now)
        elif isinstance(event, StreamReset):
            stream = self._active.pop(event.stream_id, None)
            if stream is not None:
                stream.fail(reset_stream(_reason(event), stream.head is not None), now)
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            for stream in list(self._active.values()):
                if stream.unsent is not None:
                    self._upload(stream)
                    stream.sent += self._collect()
        elif isinstance(event, ConnectionTerminated):
            self._go_away(event, now)

    def _end(self, number: int, now: int) -> None:
        stream = self._active.pop(number, None)
        if stream is None:
            return
        if stream.unsent is not None:  # it was answered before it was heard to the end
            self._reset(stream)
        if self._leaving:
            stream.retire()
        stream.finish(now)

    def _go_away(self, event: ConnectionTerminated, now: int) -> None:
        self._leave()
        last = event.last_stream_id or 0
        for number in [number for number in self._active if number > last]:
            stream = self._active.pop(number)
            stream.fail(reset_stream(f"GOAWAY, {_reason(event)}", False), now)
        for stream, _ in list(self._waiting):
            stream.fail(reset_stream(f"GOAWAY, {_reason(event)}", False), now)
        self._waiting.clear()

    # Sending

    def _upload(self, stream: Http2Stream) -> None:
        """Sends as much of the body as the server takes now."""
        while stream.unsent is not None:
            size = min(self._h2.local_flow_control_window(stream.number), self._h2.max_outbound_frame_size)
            if size <= 0:
                return
            part, rest = stream.unsent[:size], stream.unsent[size:]
            stream.unsent = rest if len(rest) else None
            self._h2.send_data(stream.number, bytes(part), end_stream=stream.unsent is None)
            self._frames.unproductive = 0

    def _reset(self, stream: Http2Stream) -> None:
        stream.unsent = None
        with contextlib.suppress(StreamClosedError):  # the server was faster
            self._h2.reset_stream(stream.number, ErrorCodes.CANCEL)

    def _send_waiting(self) -> None:
        while self._waiting and not self._leaving and len(self._active) < self._limit():
            self._open(*self._waiting.popleft())

    def _collect(self) -> int:
        """Takes what h2 wants to send into the next write; returns its size."""
        data = self._h2.data_to_send()
        if data:
            self._out.append(data)
        return len(data)

    def _flush(self) -> None:
        self._collect()
        replies = self._channel.replies()
        if self._transport.is_closing():
            self._out.clear()
            return
        if self._out:
            replies += self._channel.write(b"".join(self._out))
            self._out.clear()
        if replies:
            self._transport.write(replies)

    # Ending

    def _limit(self) -> int:
        return min(self._h2.remote_settings.max_concurrent_streams, _STREAMS)

    def _leave(self) -> None:
        """Takes no new requests: those who wait for one must connect anew."""
        if not self._leaving:
            self._leaving = True
            self._ended(self)
            for stream in [stream for stream in self._streams if stream.request is None]:
                stream.abort()

    def _fail(self, failure: Failure, now: int) -> None:
        """The session is not to be trusted any more: whatever is under way has failed."""
        self._leave()
        self._transport.abort()
        for stream in self._under_way():
            stream.fail(failure, now)

    def _under_way(self) -> list[Http2Stream]:
        under_way = [*self._active.values(), *(stream for stream, _ in self._waiting)]
        self._active.clear()
        self._waiting.clear()
        return under_way


def _reason(event: StreamReset | ConnectionTerminated) -> str:
    code = event.error_code
    return code.name if isinstance(code, ErrorCodes) else f"error {code}"
