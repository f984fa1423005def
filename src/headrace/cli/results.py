"""`headrace results`: a results file, shown as the run itself would have been."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from headrace.cli.options import WRONG_USAGE, fail
from headrace.cli.report import print_report

app = typer.Typer(help="Look into results files.", no_args_is_help=True)

_FORMAT, _VERSION = "headrace-results", 1
_SHOWN = ("run", "summary", "errors", "messages")
_GZIP = b"\x1f\x8b"


@app.command("open")
def show(
    file: Annotated[
        Path,
        typer.Argument(help="What a run's resultsUrl led to: gzipped, or unpacked already.", exists=True, dir_okay=False),
    ],
) -> None:
    """Show the results of a run on the terminal, from its results file."""
    try:
        document = read_results(file)
    except (OSError, ValueError) as error:
        fail(WRONG_USAGE, f"{file}: {error}.")
    print_report(Console(), *(document[part] for part in _SHOWN))


def read_results(file: Path) -> dict[str, Any]:
    """The document in a results file. Raises OSError, and ValueError where it is none that this version knows."""
    content = file.read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if content.startswith(_GZIP) else content)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ValueError("the file is damaged or not whole; download it again") from None
    except (ValueError, RecursionError):
        raise ValueError("it is no results file; take what the run's resultsUrl leads to") from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ValueError("it is no results file; take what the run's resultsUrl leads to")
    if document.get("version") != _VERSION:
        raise ValueError(
            f"it has the version {document.get('version')!r}, and this headrace reads {_VERSION}; use a newer one"
        )
    missing = next((part for part in _SHOWN if part not in document), None)
    if missing is not None:
        raise ValueError(f"it is damaged: it has no member '{missing}'; download it again")
    return document
