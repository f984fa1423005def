"""The command line. Exit codes: 0 passed, 1 failed its criteria, 2 wrong usage, 3 could not run, 130 stopped by Ctrl-C."""

import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvloop
from rich.console import Console

from headrace import __version__
from headrace.cli import token
from headrace.cli.client import Client, UrlTest
from headrace.cli.criteria import Criteria, parse_share
from headrace.cli.demo import Demo
from headrace.cli.durations import parse_duration
from headrace.cli.options import (
    COULD_NOT_RUN,
    FAILED,
    INTERRUPTED,
    WRONG_USAGE,
    Data,
    Database,
    fail,
    failing_clearly,
    parsed,
    read_settings,
)
from headrace.cli.run import Outcome, own_service, run_test, write_json
from headrace.cli.serve import listen
from headrace.cli.serve import serve as serve_until_stopped

EXIT_CODES = "Exit codes: 0 passed, 1 failed its criteria, 2 wrong usage, 3 could not run, 130 stopped by Ctrl-C."

app = typer.Typer(
    help="Self-hosted load testing, behind the REST API of the retired Cloud Load Test service.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(token.app, name="token")

_duration = parsed(parse_duration)


def log_to_standard_error() -> None:
    # Tracebacks without the values of variables: among these are tokens.
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper("iso"), renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headrace {__version__}")
        raise typer.Exit


@app.callback()
def headrace(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    log_to_standard_error()


@app.command(epilog=EXIT_CODES)
def run(
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="What every user requests, in this order.")],
    users: Annotated[int, typer.Option(min=1, help="Virtual users, all from the start.")] = 10,
    duration: Annotated[
        float, typer.Option(parser=_duration, metavar="TIME", help="How long the load runs: 30s, 5m, 1h30m.")
    ] = "30s",  # type: ignore[assignment]  # Typer parses the default as well
    think: Annotated[
        float, typer.Option(parser=_duration, metavar="TIME", help="The pause of a user between two rounds.")
    ] = "0s",  # type: ignore[assignment]
    warmup: Annotated[
        float, typer.Option(parser=_duration, metavar="TIME", help="Load before the measurement begins.")
    ] = "0s",  # type: ignore[assignment]
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the certificates of https targets.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write run and summary there, as on the wire.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Run on this service, such as http://host:8080/acme, instead of in this process."),
    ] = None,
    secret: Annotated[
        str | None, typer.Option("--token", metavar="T", envvar="HEADRACE_TOKEN", help="The token for --server.")
    ] = None,
    max_failed: Annotated[
        float | None,
        typer.Option(parser=parsed(parse_share), metavar="SHARE", help="Fail when more requests fail than this: 1%."),
    ] = None,
    max_p95: Annotated[
        float | None,
        typer.Option(parser=_duration, metavar="TIME", help="Fail when the p95 of the response time is over this: 500ms."),
    ] = None,
) -> None:
    """Load URLs with virtual users, and report what came of it.

    The run passes when at least one request did, one user came to the end of a round, and --max-failed and --max-p95 hold.
    """
    for option, seconds in (("--duration", duration), ("--warmup", warmup)):
        if seconds != int(seconds) or (option == "--duration" and seconds < 1):
            fail(WRONG_USAGE, f"{option} must be whole seconds, and the duration at least 1s; it is {seconds:g}s.")
    if server is not None and not secret:
        fail(WRONG_USAGE, "--server needs --token (or HEADRACE_TOKEN).")
    if json_file is not None and not json_file.absolute().parent.is_dir():
        fail(WRONG_USAGE, f"--json: the folder of '{json_file}' does not exist.")
    if json_file is not None and json_file.is_dir():
        fail(WRONG_USAGE, f"--json: '{json_file}' is a folder.")
    if server is None:
        read_settings()
    elif not server.startswith(("http://", "https://")):
        fail(WRONG_USAGE, f"--server: '{server}' is no address; write it like http://host:8080/acme.")
    interval = 1 if duration <= 600 else 15
    test = UrlTest(tuple(urls), users, duration, think, warmup, not insecure, interval)
    console = Console()

    async def perform() -> Outcome:
        async with own_service() if server is None else Client(server, secret or "") as client:
            return await run_test(client, test, console, quiet)

    with failing_clearly():
        outcome = uvloop.run(perform())
        if json_file is not None:
            write_json(json_file, outcome)
    if server is not None and not quiet:
        console.print(f"See {outcome.run['webResultUrl']}", highlight=False, soft_wrap=True)
    raise typer.Exit(_exit_code(outcome, Criteria(max_failed, max_p95)))


def _exit_code(outcome: Outcome, criteria: Criteria) -> int:
    if outcome.interrupted:
        return INTERRUPTED
    if outcome.run["state"] != "completed":
        return COULD_NOT_RUN
    violations = criteria.violations(outcome.summary)
    for violation in violations:
        Console(stderr=True).print(f"[red]Failed:[/] {violation}", highlight=False)
    return FAILED if violations else 0


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default="8080")] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Run the service: the REST API, and this machine as its agent.

    The first start makes the administrator's token and prints it once, unless HEADRACE_ADMIN_TOKEN gives one. All settings
    can be HEADRACE_* variables or stand in headrace.toml; docs/settings.md lists them.
    """
    settings = read_settings(host=host, port=port, data=data, database=database)
    with failing_clearly():
        try:
            listening = listen(settings.host, settings.port)
        except OSError as error:
            fail(COULD_NOT_RUN, f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.")
        with listening:
            uvloop.run(serve_until_stopped(settings, listening, Console(soft_wrap=True)))


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="The folder for the demo's own database.")] = Path("headrace-demo"),
    keep_running: Annotated[bool, typer.Option("--keep-running", help="Leave service and site running.")] = False,
) -> None:
    """Start a service and a small demo site, and run a load test of 20 seconds through the REST API."""
    settings = read_settings(data=data)
    with failing_clearly():
        uvloop.run(Demo(settings, Console()).show(keep_running))


def main() -> None:
    """The entry point of the `headrace` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
