"""`headrace token`: who may use the service. Works on the database itself, whether the service runs or not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from headrace.cli.options import Data, Database, Stores, failing_clearly, open_stores, parsed, read_settings
from headrace.runs.access import SERVICE, Role, Scope
from headrace.runs.errors import NotFound
from headrace.runs.tokens import Grant, Token
from headrace.service import now

app = typer.Typer(help="Create, list and revoke the tokens that clients sign in with.", no_args_is_help=True)

_LIFETIME = re.compile(r"([0-9]{1,5})([hd])")


def parse_lifetime(text: str) -> timedelta:
    """`90d` or `12h`. Raises ValueError with examples."""
    match = _LIFETIME.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise ValueError(f"'{text}' is no lifetime of a token; write it like 90d or 12h")
    return timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))


@app.command()
def create(
    name: Annotated[
        str | None, typer.Argument(help="Who will hold the token: shown as the creator of runs.", show_default="a new name")
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The one organization it is good for.", show_default="all, and the service itself"
        ),
    ] = None,
    role: Annotated[Role, typer.Option(help="What its holder may do; docs/organizations.md has the table.")] = Role.ADMIN,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="loadtest: read only; loadtest_write: read and write.", show_default="what the role can use"),
    ] = None,
    expires: Annotated[
        timedelta | None,
        typer.Option(
            parser=parsed(parse_lifetime), metavar="TIME", help="How long it is valid: 90d, 12h.", show_default="for ever"
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a token and print it, this once."""
    with _stores(data, database) as stores:
        if organization is not None and not stores.organizations.exists(organization.lower()):
            raise NotFound(f"There is no organization '{organization[:130]}'; `headrace organization create` makes it.")
        grant = Grant(
            SERVICE if organization is None else organization.lower(),
            role,
            frozenset(scope or ()),
            None if expires is None else now() + expires,
        )
        secret, _ = stores.tokens.create(name or f"token-{token_hex(4)}", now(), grant)
    Console(soft_wrap=True).print(secret, highlight=False)


@app.command("list")
def list_tokens(data: Data = None, database: Database = None) -> None:
    """Show all tokens, without their secrets."""
    with _stores(data, database) as stores:
        known = stores.tokens.all()
    width = max((len(token.name) for token in known), default=0)
    for token in known:
        line = f"{token.name:<{width}}  {token.id}  {_reach(token)}, created {token.created_at:%Y-%m-%d}, {_state(token)}"
        Console(soft_wrap=True).print(escape(line), highlight=False)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The name or the id of the token.")],
    organization: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where several organizations have a token of this name.")
    ] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a token worthless, at once and for good."""
    with _stores(data, database) as stores:
        revoked = stores.tokens.revoke(token, now(), None if organization is None else organization.lower())
    Console().print(f"Revoked the token '{escape(revoked.name)}'.", highlight=False)


def _reach(token: Token) -> str:
    where = token.organization if token.organization != SERVICE else "the service"
    return f"{token.role} of {where} ({', '.join(sorted(token.scopes))})"


def _state(token: Token) -> str:
    if token.revoked_at:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at and token.expires_at <= now():
        return f"expired {token.expires_at:%Y-%m-%d}"
    use = f"last used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
    return f"expires {token.expires_at:%Y-%m-%d}, {use}" if token.expires_at else use


@contextmanager
def _stores(data: Data, database: Database) -> Iterator[Stores]:
    with failing_clearly(), open_stores(read_settings(data=data, database=database)) as stores:
        yield stores
