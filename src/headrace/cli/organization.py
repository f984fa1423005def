"""`headrace organization`: whose runs and tokens the service keeps apart. Works on the database itself."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from headrace.cli.options import Data, Database, failing_clearly, open_stores, read_settings
from headrace.runs.model import OPERATOR
from headrace.service import now

app = typer.Typer(help="Create and list organizations, which have their own runs and tokens.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What addresses begin with: 1 to 128 of a-z 0-9 . _ -")],
    data: Data = None,
    database: Database = None,
) -> None:
    """Make an organization."""
    with failing_clearly(), open_stores(read_settings(data=data, database=database)) as stores:
        made = stores.organizations.create(name, OPERATOR, now())
    Console().print(f"Created the organization '{escape(made.name)}'.", highlight=False)


@app.command("list")
def list_organizations(data: Data = None, database: Database = None) -> None:
    """Show all organizations."""
    with failing_clearly(), open_stores(read_settings(data=data, database=database)) as stores:
        known = stores.organizations.all()
    width = max(len(organization.name) for organization in known)
    for organization in known:
        made = f"created {organization.created_at:%Y-%m-%d}, " if organization.created_at else ""
        line = f"{organization.name:<{width}}  {made}{organization.runs} runs so far"
        Console(soft_wrap=True).print(escape(line), highlight=False)
