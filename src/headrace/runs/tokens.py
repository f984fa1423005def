"""The tokens that clients sign in with. Only their SHA-256 is kept: a stolen database admits nobody.

A hash without salt or stretching is enough, because the tokens made here are 256 random bits. Looking the hash up tells
nobody anything by how long it takes: whoever tries tokens cannot choose their hashes.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, Engine, RowMapping, or_
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from headrace.runs.access import SERVICE, Holder, Role, Scope, usual_scopes
from headrace.runs.audit import Act, Entry, record
from headrace.runs.errors import Conflict, Invalid, NotFound
from headrace.runs.ids import new_id
from headrace.runs.model import OPERATOR, Identity
from headrace.runs.text import check_line
from headrace.store.database import reading, writing
from headrace.store.schema import tokens

LONGEST_NAME = 128
LONGEST_SECRET = 512
SAFE_LENGTH = 16
"""What a secret that somebody made up should have at least, in characters."""
_USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to be good for: by default everything. Without `scopes`, those that are usual for the role."""

    organization: str = SERVICE
    role: Role = Role.ADMIN
    scopes: frozenset[Scope] = frozenset()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. `name` is the display name of whoever holds it."""

    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    organization: str = SERVICE
    role: Role = Role.ADMIN
    scopes: frozenset[Scope] = field(default=frozenset({Scope.WRITE}))
    expires_at: datetime | None = None


class Tokens:
    """All tokens. No two that are not revoked have the same name in one organization."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def create(self, name: str, at: datetime, grant: Grant = Grant(), by: Identity = OPERATOR) -> tuple[str, Token]:
        """Makes a token: the secret, which is not kept, and what is. Raises Invalid or Conflict about the name, and Invalid
        (`expires_at`) where it would never be valid."""
        if grant.expires_at is not None and grant.expires_at <= at:
            raise Invalid("expires_at", f"{grant.expires_at:%Y-%m-%d %H:%M} UTC is past; give a time to come")
        secret = f"hr_{token_urlsafe(32)}"
        try:
            with writing(self._database) as connection:
                return secret, _insert(connection, name, secret, at, grant, by)
        except IntegrityError:
            raise Conflict(f"There is a token named {name!r} already; revoke it first or choose another name.") from None

    def adopt(self, secret: str, name: str, at: datetime) -> Token:
        """Makes `secret`, chosen by the operator, the service's token of this name; the one that had the name before is
        revoked.

        Changes nothing where it is that token already. Raises Invalid where the secret or the name will not do, and Conflict
        where the secret was revoked.
        """
        if not 1 <= len(secret) <= LONGEST_SECRET:
            raise Invalid(
                "secret", f"a token of {len(secret)} characters; give {SAFE_LENGTH} to {LONGEST_SECRET} characters"
            )
        with writing(self._database) as connection:
            row = connection.execute(tokens.select().where(tokens.c.hash == _hash(secret))).mappings().first()
            if row is not None and row["revoked_at"] is not None:
                raise Conflict(f"The token given for {name!r} was revoked; choose another.")
            if row is not None:
                return _read(row)
            replaced = (tokens.c.name == name, tokens.c.organization == SERVICE, tokens.c.revoked_at.is_(None))
            connection.execute(tokens.update().where(*replaced).values(revoked_at=at))
            return _insert(connection, name, secret, at, Grant(), OPERATOR)

    def admit(self, secret: str, at: datetime) -> Holder | None:
        """Whose token this is; None where it is no valid one. Its last use is noted at most once a minute."""
        if len(secret) > LONGEST_SECRET:
            return None
        query = tokens.select().where(tokens.c.hash == _hash(secret), tokens.c.revoked_at.is_(None))
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        token = _read(row)
        if token.expires_at is not None and token.expires_at <= at:
            return None
        if token.last_used_at is None or token.last_used_at <= at - _USE_NOTED:
            # A note that cannot be made must not keep anybody out.
            with suppress(SQLAlchemyError), writing(self._database) as connection:
                connection.execute(tokens.update().where(tokens.c.id == token.id).values(last_used_at=at))
        return Holder(Identity(token.id, token.name), token.organization, token.role, token.scopes)

    def all(self, organization: str | None = None) -> list[Token]:
        """Every token (of an organization), revoked and expired ones too, from the oldest."""
        query = tokens.select().order_by(tokens.c.created_at, tokens.c.id)
        if organization is not None:
            query = query.where(tokens.c.organization == organization)
        with reading(self._database) as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def any(self, at: datetime) -> bool:
        """Whether there is a token that is valid for the service and may do everything."""
        found = [token for token in self.all(SERVICE) if token.role is Role.ADMIN and Scope.WRITE in token.scopes]
        return any(token.revoked_at is None and (token.expires_at is None or token.expires_at > at) for token in found)

    def revoke(self, id_or_name: str, at: datetime, organization: str | None = None, by: Identity = OPERATOR) -> Token:
        """Revokes the token of this id or, failing that, of this name (in an organization). Raises NotFound where there is
        neither, or it was revoked, and Conflict where several organizations have the name."""
        query = tokens.select().where(
            tokens.c.revoked_at.is_(None), or_(tokens.c.id == id_or_name, tokens.c.name == id_or_name)
        )
        if organization is not None:
            query = query.where(tokens.c.organization == organization)
        with writing(self._database) as connection:
            rows = connection.execute(query.with_for_update()).mappings().all()
            if not rows:
                raise NotFound(f"There is no valid token {id_or_name[:100]!r}; `headrace token list` shows them all.")
            row = min(rows, key=lambda row: row["id"] != id_or_name)
            if len(rows) > 1 and row["id"] != id_or_name:
                raise Conflict(f"Several organizations have a token named {id_or_name[:100]!r}; give its id instead.")
            connection.execute(tokens.update().where(tokens.c.id == row["id"]).values(revoked_at=at))
            record(connection, Entry(at, row["organization"], by, Act.REVOKE_TOKEN, row["id"], row["name"]))
        return _read(row, revoked_at=at)


def _insert(connection: Connection, name: str, secret: str, at: datetime, grant: Grant, by: Identity) -> Token:
    check_line("name", name, LONGEST_NAME)
    scopes = grant.scopes or usual_scopes(grant.role)
    token = Token(new_id(), name, at, None, None, grant.organization, grant.role, scopes, grant.expires_at)
    connection.execute(
        tokens.insert().values(
            id=token.id,
            name=name,
            hash=_hash(secret),
            created_at=at,
            organization=grant.organization,
            role=grant.role.value,
            scopes=" ".join(sorted(scopes)),
            expires_at=grant.expires_at,
        )
    )
    record(connection, Entry(at, grant.organization, by, Act.CREATE_TOKEN, token.id, name))
    return token


def _read(row: RowMapping, revoked_at: datetime | None = None) -> Token:
    return Token(
        row["id"],
        row["name"],
        row["created_at"],
        revoked_at or row["revoked_at"],
        row["last_used_at"],
        row["organization"],
        Role(row["role"]),
        frozenset(Scope(scope) for scope in row["scopes"].split()),
        row["expires_at"],
    )


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
