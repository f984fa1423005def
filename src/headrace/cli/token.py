"""`headrace token`: who may use the service. Works on the database itself, whether the service runs or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from headrace.cli.options import Data, Database, failing_clearly, read_settings
from headrace.runs.tokens import Token, Tokens
from headrace.service import now
from headrace.settings import Settings
from headrace.store.database import open_database

app = typer.Typer(help="Create, list and revoke the tokens that clients sign in with.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[
        str | None, typer.Argument(help="Who will hold the token: shown as the creator of runs.", show_default="a new name")
    ] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a token and print it, this once."""
    with _tokens(read_settings(data=data, database=database)) as tokens:
        secret, _ = tokens.create(name or f"token-{token_hex(4)}", now())
    Console(soft_wrap=True).print(secret, highlight=False)


@app.command("list")
def list_tokens(data: Data = None, database: Database = None) -> None:
    """Show all tokens, without their secrets."""
    with _tokens(read_settings(data=data, database=database)) as tokens:
        known = tokens.all()
    width = max((len(token.name) for token in known), default=0)
    for token in known:
        state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else _use(token)
        line = f"{token.name:<{width}}  {token.id}  created {token.created_at:%Y-%m-%d}, {state}"
        Console(soft_wrap=True).print(escape(line), highlight=False)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The name or the id of the token.")],
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a token worthless, at once and for good."""
    with _tokens(read_settings(data=data, database=database)) as tokens:
        revoked = tokens.revoke(token, now())
    Console().print(f"Revoked the token '{revoked.name}'.", highlight=False)


def _use(token: Token) -> str:
    return f"last used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"


@contextmanager
def _tokens(settings: Settings) -> Iterator[Tokens]:
    with failing_clearly():
        engine = open_database(settings.database_url)
        try:
            yield Tokens(engine)
        finally:
            engine.dispose()
