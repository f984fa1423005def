"""`headrace demo`: the whole thing on one machine: a service, a site to test, and a test of it through the REST API."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_urlsafe

from rich.console import Console

from headrace.cli.client import Client, ClientError, UrlTest
from headrace.cli.run import run_test
from headrace.cli.serve import listen
from headrace.settings import Settings

USERS = 25
SECONDS = 20
_TO_START = 30.0
_TO_STOP = 10.0


class Demo:
    """Service and site are processes of their own, as they would be in earnest."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console

    async def show(self, keep_running: bool) -> None:
        """Runs the test; with `keep_running` then serves until Ctrl-C. Raises ClientError where a part does not start."""
        port, site_port = _free_port(self._settings.port), _free_port(0)
        token = token_urlsafe(24)
        base, site = f"http://127.0.0.1:{port}/demo", f"http://127.0.0.1:{site_port}"
        service_command = (
            "headrace",
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--data",
            str(self._settings.data),
        )
        async with (
            _running(site_port, "headrace.demo", str(site_port)),
            _running(port, *service_command, HEADRACE_ADMIN_TOKEN=token),
            Client(base, token) as client,
        ):
            self._say(f"The service is at [bold]{base}[/], the demo site at [bold]{site}[/].")
            self._say(f"The token for this session: [bold]{token}[/] (browsers ask for it as the password)")
            self._say(f"A load test of {SECONDS} seconds with {USERS} users, through the REST API:\n")
            pages = ("/start", "/products", "/search", "/checkout")
            test = UrlTest(tuple(site + page for page in pages), USERS, SECONDS, name="demo.loadtest")
            outcome = await run_test(client, test, self._console, quiet=False)
            if outcome.interrupted:
                return
            if outcome.run["state"] != "completed":
                raise ClientError("The demo's run did not complete.")
            if not keep_running:
                page = f"/runs/{outcome.run['id']}"
                self._say("\nThe run is kept. [bold]make serve[/] leaves service and site running; then look at")
                self._say(f"  http://127.0.0.1:{port}/demo{page}")
                return
            self._say(f"\nLook at {outcome.run['webResultUrl']}")
            self._say("Service and site go on until Ctrl-C.")
            await _ctrl_c()

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


@asynccontextmanager
async def _running(port: int, module: str, *arguments: str, **variables: str) -> AsyncIterator[None]:
    """A module of Python as a process, from when it listens on `port` to the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, **variables},
        start_new_session=True,  # Ctrl-C is for us; we end the others in order
    )
    try:
        await _wait_until_listening(process, port, module)
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_TO_STOP):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _wait_until_listening(process: Process, port: int, module: str) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TO_START):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return
    raise ClientError(f"{module} did not start; its own message is above.")


def _free_port(wanted: int) -> int:
    """The wanted port, or any that is free where it is taken."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), listen("127.0.0.1", port) as probe:
            free: int = probe.getsockname()[1]
            return free
    raise ClientError("No port is free on this machine.")


async def _ctrl_c() -> None:
    pressed = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, pressed.set)
    await pressed.wait()
