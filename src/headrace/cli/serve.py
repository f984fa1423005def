"""`headrace serve`: the service on a socket, until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from rich.console import Console

from headrace.runs.tokens import SAFE_LENGTH
from headrace.service import running_service
from headrace.settings import Settings

_BACKLOG = 2048
# Seconds that answers under way get at the end. Whoever follows a run as server-sent events would never be done.
_PATIENCE = 2


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


async def serve(settings: Settings, listening: socket.socket, console: Console) -> None:
    """Serves until SIGINT or SIGTERM. Raises what `running_service` raises."""
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    async with running_service(settings) as service:
        if service.new_token is not None:
            console.print("The administrator's token, shown this once (only its hash is kept):", highlight=False)
            console.print(f"    {service.new_token}", highlight=False, style="bold", soft_wrap=True)
        elif settings.admin_token is None:
            console.print("Tokens were made before; [bold]headrace token create[/] makes another.", highlight=False)
        console.print(f"Headrace serves at {address}", highlight=False, soft_wrap=True)
        if settings.admin_token is not None and len(settings.admin_token.get_secret_value()) < SAFE_LENGTH:
            console.print(f"[yellow]HEADRACE_ADMIN_TOKEN has fewer than {SAFE_LENGTH} characters and can be guessed.")
        if host not in ("127.0.0.1", "::1"):
            console.print(
                "[yellow]Others can reach this address, and tokens travel in the clear: put a proxy with TLS before it."
            )
        config = uvicorn.Config(
            service.app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_PATIENCE,
        )
        await _Server(config).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM, but does not raise them again at once as uvicorn would: runs are to be ended first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
