"""The command line. Exit codes: 0 passed, 1 failed its criteria, 2 wrong usage, 3 could not run, 130 stopped by Ctrl-C."""

import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from headrace import __version__
from headrace.cli import organization, results, token
from headrace.cli.asked import Asked, test_of
from headrace.cli.check import as_json, show_plan
from headrace.cli.client import Client
from headrace.cli.convert import convert_into, plan_text
from headrace.cli.criteria import Criteria, parse_share, parse_verdict
from headrace.cli.demo import Demo
from headrace.cli.options import (
    COULD_NOT_RUN,
    FAILED,
    INTERRUPTED,
    WRONG_USAGE,
    CheckJson,
    Data,
    Database,
    IgnorePlugins,
    Output,
    Parameters,
    RunConfiguration,
    RunJson,
    choices_of,
    fail,
    failing_clearly,
    open_stores,
    parsed,
    read_settings,
)
from headrace.cli.plan_file import FileError, count_findings, print_findings, read_plan_file, remarks_on
from headrace.cli.run import Outcome, own_service, run_test, write_json
from headrace.cli.serve import listen
from headrace.cli.serve import serve as serve_until_stopped
from headrace.cli.whole_file import write_whole
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.durations import parse_duration
from headrace.plan.model import Plan
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from headrace.plan.writers.tidy import tidied
from headrace.runs.access import SERVICE
from headrace.runs.audit import MOST_READ
from headrace.runs.organizations import DEFAULT
from headrace.settings import AS_SERVICE, OFF

EXIT_CODES = "Exit codes: 0 passed, 1 failed its criteria, 2 wrong usage, 3 could not run, 130 stopped by Ctrl-C."

app = typer.Typer(
    help="Self-hosted load testing, behind the REST API of the retired Cloud Load Test service.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(token.app, name="token")
app.add_typer(organization.app, name="organization")
app.add_typer(results.app, name="results")

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
    tests: Annotated[
        list[str], typer.Argument(metavar="URL... | FILE", help="What every user requests, in this order; or a test.")
    ],
    users: Annotated[
        int | None, typer.Option(min=1, help="Virtual users, all from the start.", show_default="10, or as the plan says")
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=_duration,
            metavar="TIME",
            help="How long the load runs: 30s, 5m, 1h30m.",
            show_default="30s, or as the plan says",
        ),
    ] = None,
    think: Annotated[
        float | None,
        typer.Option(parser=_duration, metavar="TIME", help="The pause of a user between two rounds; with URLs only."),
    ] = None,
    warmup: Annotated[
        float | None, typer.Option(parser=_duration, metavar="TIME", help="Load before the measurement begins.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the certificates of https targets.")] = False,
    json_file: RunJson = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Run on this service, such as http://host:8080/acme, instead of in this process."),
    ] = None,
    secret: Annotated[
        str | None, typer.Option("--token", metavar="T", envvar="HEADRACE_TOKEN", help="The token for --server.")
    ] = None,
    allow_scripts: Annotated[
        bool, typer.Option("--allow-scripts", help="Run the plan's setup and cleanup scripts on this machine.")
    ] = False,
    max_failed: Annotated[
        float | None,
        typer.Option(parser=parsed(parse_share), metavar="SHARE", help="Fail when more requests fail than this: 1%."),
    ] = None,
    max_p95: Annotated[
        float | None,
        typer.Option(parser=_duration, metavar="TIME", help="Fail when the p95 of the response time is over this: 500ms."),
    ] = None,
    fail_on_verdict: Annotated[
        str | None,
        typer.Option(
            parser=parsed(parse_verdict),
            metavar="VERDICT",
            help="Fail when the numbers cannot be trusted: suspect (or worse), or only invalid.",
        ),
    ] = None,
    ignore_plugins: IgnorePlugins = False,
    param: Parameters = None,
    run_config: RunConfiguration = "",
) -> None:
    """Load URLs, or run a plan.yaml, .loadtest or .webtest, with virtual users, and report what came of it.

    The run passes when at least one request did, one user came to the end of a round, no critical threshold of the plan was
    violated, and --max-failed, --max-p95 and --fail-on-verdict hold.
    """
    if server is not None and not secret:
        fail(WRONG_USAGE, "--server needs --token (or HEADRACE_TOKEN).")
    if server is not None and allow_scripts:
        fail(WRONG_USAGE, "--allow-scripts is for this machine; what runs on --server is its operator's to set.")
    targets = TargetRule(deny=())  # where it is not our own, the service says which targets may be tested
    scripts = OFF
    if server is None:
        settings = read_settings()
        targets = settings.targets
        if allow_scripts:
            scripts = AS_SERVICE if settings.scripts == OFF else settings.scripts
    elif not server.startswith(("http://", "https://")):
        fail(WRONG_USAGE, f"--server: '{server}' is no address; write it like http://host:8080/acme.")
    choices = choices_of(ignore_plugins, param, run_config)
    may_script = server is not None or allow_scripts
    test = test_of(tests, Asked(users, duration, think, warmup, insecure, may_script, choices, quiet), targets)
    console = Output()

    async def perform() -> Outcome:
        async with own_service(scripts) if server is None else Client(server, secret or "") as client:
            return await run_test(client, test, console, quiet)

    with failing_clearly():
        outcome = uvloop.run(perform())
        if json_file is not None:
            write_json(json_file, outcome)
    if server is not None and not quiet:
        console.print(f"See {outcome.run['webResultUrl']}", highlight=False, soft_wrap=True)
    raise typer.Exit(_exit_code(outcome, Criteria(max_failed, max_p95, fail_on_verdict)))


@app.command(epilog="Exit codes: 0 it can be run, 1 it cannot, 2 wrong usage, 3 it could not be shown.")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan.yaml, .loadtest or .webtest.")],
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the plan as plan.yaml, its data files in it.")] = False,
    json_file: CheckJson = None,
    ignore_plugins: IgnorePlugins = False,
    param: Parameters = None,
    run_config: RunConfiguration = "",
) -> None:
    """Show what was understood of a test, and what was not."""
    plan, findings = _read(file, choices_of(ignore_plugins, param, run_config))
    with failing_clearly():
        if plan is not None and as_yaml:
            typer.echo(write_plan(plan), nl=False)
        elif plan is not None:
            show_plan(Output(), plan)
        console = Output(stderr=as_yaml)
        print_findings(console, findings)
        if len(findings) > 1:
            console.print(f"[dim]{count_findings(findings)}[/]", highlight=False)
        if json_file is not None:
            write_whole(json_file, as_json(plan, findings))
    raise typer.Exit(FAILED if plan is None or forbid_running(findings) else 0)


@app.command(
    epilog="Exit codes: 0 written, 1 it cannot be run and is not written, 2 wrong usage, 3 it could not be written."
)
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .loadtest, .webtest or plan.yaml.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The plan.yaml to write; - prints it.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    ignore_plugins: IgnorePlugins = False,
    param: Parameters = None,
    run_config: RunConfiguration = "",
) -> None:
    """Write a test as a plan.yaml to keep: with comments on what is not carried over, and large data in files beside it."""
    choices = choices_of(ignore_plugins, param, run_config)
    plan, findings = _read(file, choices)
    print_findings(Output(stderr=True), [finding for finding in findings if finding.severity is not Severity.INFO])
    if plan is None or forbid_running(findings):
        fail(FAILED, f"'{file}' cannot be run as it is, see above; it is not converted.")
    with failing_clearly():
        try:
            remarks = remarks_on(file, plan, findings, choices)
            if output == "-":
                typer.echo(plan_text(file.name, tidied(plan), remarks), nl=False)
                return
            written = convert_into(Path(output), file.name, tidied(plan), remarks, force)
        except (FileError, ValueError) as error:
            fail(WRONG_USAGE, str(error))
    for path in written:
        typer.echo(f"Wrote {path}")


def _read(file: Path, choices: Choices) -> tuple[Plan | None, list[Diagnostic]]:
    try:
        return read_plan_file(file, read_settings().targets, choices)
    except FileError as error:
        fail(WRONG_USAGE, str(error))


def _exit_code(outcome: Outcome, criteria: Criteria) -> int:
    if outcome.interrupted:
        return INTERRUPTED
    if outcome.run["state"] != "completed":
        return COULD_NOT_RUN
    violations = criteria.violations(outcome.summary)
    for violation in violations:
        Console(stderr=True).print(f"[red]Failed:[/] {escape(violation)}", highlight=False)
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
def audit(
    organization: Annotated[str, typer.Option(metavar="NAME", help="Whose log.")] = DEFAULT,
    service: Annotated[bool, typer.Option("--service", help="What was done with tokens of the service instead.")] = False,
    top: Annotated[int, typer.Option(min=1, max=MOST_READ, help="So many of the newest entries.")] = 100,
    data: Data = None,
    database: Database = None,
) -> None:
    """Show who created, started, stopped and deleted what, from the database itself; the newest comes first."""
    with failing_clearly(), open_stores(read_settings(data=data, database=database)) as stores:
        entries = stores.audit.read(SERVICE if service else organization.lower(), top=top)
        for entry in entries:
            line = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.act:<19}  {entry.by.name}  {entry.subject}  {entry.name}"
            Output(soft_wrap=True).print(escape(line.rstrip()), highlight=False)


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
