"""What the commands share: options, settings from them, and errors told in a sentence with the right exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from headrace.blobs.drop_files import FilesUnavailableError
from headrace.cli.client import ClientError, RefusedError
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.runs.errors import Refused
from headrace.settings import Settings
from headrace.store.exclusive import DatabaseInUseError

PASSED, FAILED, WRONG_USAGE, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 3, 130

Data = Annotated[Path | None, typer.Option(help="The folder for the database.", show_default="headrace-data")]
Database = Annotated[
    str | None, typer.Option(help="A postgresql:// or sqlite:/// URL instead of the file in the data folder.")
]

# Of .loadtest and .webtest files.
IgnorePlugins = Annotated[
    bool,
    typer.Option("--ignore-plugins", help="Run a .loadtest or .webtest without what needs .NET: plug-ins, custom rules."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A context parameter of a .loadtest or .webtest; repeatable."),
]
RunConfiguration = Annotated[
    str, typer.Option("--run-config", metavar="NAME", help="The run setting of a .loadtest.", show_default="the active one")
]

T = TypeVar("T")


def _writable(path: Path | None) -> Path | None:
    if path is not None and not path.absolute().parent.is_dir():
        fail(WRONG_USAGE, f"--json: the folder of '{path}' does not exist.")
    if path is not None and path.is_dir():
        fail(WRONG_USAGE, f"--json: '{path}' is a folder.")
    return path


RunJson = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", callback=_writable, help="Write run and summary there, as on the wire."),
]
CheckJson = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", callback=_writable, help="Write there what was found, for programs."),
]


def choices_of(ignore_plugins: bool, parameters: list[str] | None, run_configuration: str) -> Choices:
    """What is chosen beside a Visual Studio file. Ends the command where a parameter has no name; values may be secrets."""
    given: dict[str, str] = {}
    for number, parameter in enumerate(parameters or (), 1):
        name, separator, value = parameter.partition("=")
        if not separator or not name.strip():
            fail(WRONG_USAGE, f"--param, number {number}: write it as NAME=VALUE.")
        if name.strip() in given:
            fail(WRONG_USAGE, f"--param: '{name.strip()}' is given twice.")
        given[name.strip()] = value
    return Choices(ignore_plugins, given, run_configuration)


def read_settings(**options: Any) -> Settings:
    """The settings; these options (None: not given) go before variables and file. Ends the command where one is wrong."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        fail(WRONG_USAGE, f"The setting '{name}' is wrong: {first['msg']}; it is {first['input']!r}.")
    except (SettingsError, ValueError) as error:
        fail(WRONG_USAGE, f"The settings are wrong: {error}")


def parsed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A parser for an option: its ValueError becomes a usage error."""

    def parser(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parser


class Output(Console):
    """Standard output. That nobody reads it any more is no verdict on a test, so it does not end with 1 as in Rich."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(COULD_NOT_RUN) from None


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Tells what can go wrong for reasons outside the program in a sentence."""
    try:
        yield
    except RefusedError as error:
        fail(WRONG_USAGE, str(error))
    except (ClientError, Refused, DatabaseInUseError) as error:
        fail(COULD_NOT_RUN, str(error))
    except FilesUnavailableError as error:
        fail(COULD_NOT_RUN, f"The files of test drops cannot be kept: {error}.")
    except (ArgumentError, NoSuchModuleError) as error:
        fail(WRONG_USAGE, f"The database URL cannot be used: {error}. Write it like postgresql://user@host/name.")
    except SQLAlchemyError as error:
        fail(COULD_NOT_RUN, f"The database cannot be used: {str(getattr(error, 'orig', None) or error).strip()}")
    except OSError as error:
        fail(COULD_NOT_RUN, f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))


def fail(code: int, message: str) -> NoReturn:
    Console(stderr=True).print(f"[red]Error:[/] {escape(message)}", highlight=False)
    raise typer.Exit(code)
