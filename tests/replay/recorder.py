"""A server that is every host: a proxy that connects nowhere, but answers for whoever is asked for, and keeps what it gets.

For https it opens the tunnel to itself, with a certificate for that host. What it answers is a golden's, by method and URL:
the first time what the golden says first, and so on; what a golden does not know gets an empty page.
"""

import asyncio
import ssl
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trustme

from tests.replay.dialogue import Exchange, Message, Reply, masked_url

_PHRASES = {200: "OK", 204: "No Content", 302: "Found", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}


class Recorder:
    """`proxy` is its address. `arrived` are the requests, in the order in which they had arrived wholly."""

    def __init__(self, exchanges: Sequence[Exchange], authority: trustme.CA) -> None:
        self.proxy = ""
        self.arrived: list[Message] = []
        self._authority = authority
        self._replies: dict[tuple[str, str], list[Reply]] = defaultdict(list)
        self._masks = {
            word for one in exchanges for word in one.request.url.partition("?")[2:] if word.startswith("sha256:")
        }
        for exchange in exchanges:
            self._replies[exchange.request.method, exchange.request.url].append(exchange.reply)
        self._seen: Counter[tuple[str, str]] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with the tunnel that may be opened through it."""
        try:
            origin = ""
            while (line := (await reader.readline()).decode("latin-1").split(" ", 2)) != [""]:
                method, target, _ = line
                headers = [pair async for pair in _headers(reader)]
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    await writer.start_tls(self._certified(target.partition(":")[0]))
                    origin = f"https://{target.removesuffix(':443')}"
                    continue
                await self._exchange(Message(method, origin + target, tuple(headers)), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the load is over
        finally:
            writer.close()

    async def _exchange(self, head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = {name.lower(): value for name, value in head.headers}
        body = await reader.readexactly(int(told.get("content-length", 0)))
        needless = {"host": urlsplit(head.url).netloc, "content-length": str(len(body))}
        headers = tuple(pair for pair in head.headers if needless.get(pair[0].lower()) != pair[1])
        if head.method in ("POST", "PUT") and "content-length" not in told:  # RFC 9110, 8.6
            headers += (("Content-Length", "is missing"),)
        if "host" not in told:
            headers += (("Host", "is missing"),)
        message = Message(head.method, head.url, headers, body)
        self.arrived.append(message)
        reply = self._reply(message)
        await asyncio.sleep(reply.after)
        content = b"" if reply.status == 204 else reply.body
        lines = [f"HTTP/1.1 {reply.status} {_PHRASES[reply.status]}", *(f"{name}: {value}" for name, value in reply.headers)]
        length = [] if reply.status == 204 else [f"Content-Length: {len(content)}"]
        writer.write("\r\n".join([*lines, *length, "", ""]).encode() + content)

    def _reply(self, message: Message) -> Reply:
        key = message.method, masked_url(message.url, self._masks)
        replies = self._replies.get(key, [Reply()])
        self._seen[key] += 1
        return replies[min(self._seen[key], len(replies)) - 1]

    def _certified(self, host: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(host).configure_cert(context)
        return context


async def _headers(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str]]:
    while line := (await reader.readline()).decode().rstrip("\r\n"):
        name, _, value = line.partition(":")
        yield name, value.strip()


@asynccontextmanager
async def recording(exchanges: Sequence[Exchange], authority: trustme.CA) -> AsyncIterator[Recorder]:
    recorder = Recorder(exchanges, authority)
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0, limit=1024 * 1024)
    recorder.proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield recorder
    finally:
        server.close()
