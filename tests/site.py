"""A small site that counts what it is asked, for tests that only need a target."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread


class Site:
    """`/` answers at once, `/slow/MS` after so many milliseconds, `/status/CODE` with that status."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._seen: Counter[str] = Counter()
        self._lock = Lock()

    def see(self, path: str) -> None:
        with self._lock:
            self._seen[path] += 1

    @property
    def seen(self) -> Counter[str]:
        """How often each path was asked for."""
        with self._lock:
            return self._seen.copy()


@contextmanager
def serving_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.see(self.path)
            kind, _, value = self.path.strip("/").partition("/")
            if kind == "slow":
                time.sleep(int(value) / 1000)
            self.send_response(int(value) if kind == "status" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # users who leave with an answer under way

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(server.server_address[1])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
