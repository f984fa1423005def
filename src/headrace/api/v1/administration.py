"""Who may use the service, and what was done: tokens and the audit log of an organization, and the organizations."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from headrace.api.context import Asked
from headrace.api.v1.run_shapes import Person
from headrace.api.v1.shape import Answer, Cursor, Page, Question
from headrace.runs.access import SERVICE, Role, Scope
from headrace.runs.audit import MOST_READ, Act
from headrace.runs.errors import Invalid
from headrace.runs.organizations import Organization
from headrace.runs.tokens import LONGEST_NAME, Grant, Token

router = APIRouter(prefix="/api/v1", tags=["v1: administration"])

_LARGEST = 2**53  # of the numbers that JSON keeps


class HolderShape(Answer):
    """Who asks, and what the token is good for; `organization` is null for one of the service."""

    id: str
    name: str
    organization: str | None
    role: Role
    scopes: list[Scope]


class TokenShape(HolderShape):
    """A token without its secret."""

    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewTokenShape(TokenShape):
    """A token with its secret, which is shown this once."""

    secret: str


class TokensShape(Answer):
    items: list[TokenShape]


class TokenRequest(Question):
    """Without `scopes`, the token has those that its role can use; without `expiresAt`, it is valid until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, examples=["build server"])]
    role: Role = Role.RUNNER
    scopes: list[Scope] = Field(default_factory=list, max_length=2)
    expires_at: AwareDatetime | None = None


class OrganizationShape(Answer):
    """`runs` counts all that there ever were; `createdAt` is null where the first run made it."""

    name: str
    runs: int
    created_at: datetime | None


class OrganizationsShape(Answer):
    items: list[OrganizationShape]


class OrganizationRequest(Question):
    name: Annotated[str, Field(min_length=1, max_length=128, examples=["acme"])]


class EntryShape(Answer):
    """Something that was done. `subject` is the id of what it was done with, `name` what that was called then."""

    number: int
    at: datetime
    by: Person
    act: Act
    subject: str
    name: str


@router.get("/me")
def get_holder(asked: Asked) -> HolderShape:
    """Whose token this is, and what it is good for."""
    holder = asked.holder
    return HolderShape(
        id=holder.identity.id,
        name=holder.identity.name,
        organization=holder.organization or None,
        role=holder.role,
        scopes=sorted(holder.scopes),
    )


@router.get("/audit")
def read_audit(
    asked: Asked,
    limit: Annotated[int, Query(ge=1, le=MOST_READ)] = 100,
    cursor: Annotated[Cursor, Query()] = None,
) -> Page[EntryShape]:
    """Who created, started, stopped and deleted what in the organization, the newest first."""
    before = None if cursor is None else _number_of(cursor)
    found = asked.services.audit.read(asked.organization, before=before, top=limit + 1)
    shown = [EntryShape.model_validate(entry) for entry in found[:limit]]
    return Page(items=shown, next_cursor=str(shown[-1].number) if len(found) > limit else None)


@router.get("/tokens")
def list_tokens(asked: Asked) -> TokensShape:
    """Every token of the organization, revoked and expired ones too, the oldest first."""
    return TokensShape(items=[_show(token) for token in asked.services.tokens.all(asked.organization)])


@router.post("/tokens", status_code=201)
def create_token(body: TokenRequest, asked: Asked) -> NewTokenShape:
    """Makes a token of the organization. The secret is in this answer only."""
    grant = Grant(asked.organization, body.role, frozenset(body.scopes), body.expires_at)
    secret, token = asked.services.tokens.create(body.name, asked.services.now(), grant, asked.identity)
    return NewTokenShape(**_show(token).model_dump(), secret=secret)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(token_id: str, asked: Asked) -> None:
    """Makes a token of the organization worthless, at once and for good."""
    asked.services.tokens.revoke(token_id, asked.services.now(), asked.organization, asked.identity)


@router.get("/organizations")
def list_organizations(asked: Asked) -> OrganizationsShape:
    """All organizations; for administrators of the service."""
    return OrganizationsShape(items=[_show_organization(one) for one in asked.services.organizations.all()])


@router.post("/organizations", status_code=201)
def create_organization(body: OrganizationRequest, asked: Asked) -> OrganizationShape:
    """Makes an organization; for administrators of the service."""
    return _show_organization(asked.services.organizations.create(body.name, asked.identity, asked.services.now()))


def _show(token: Token) -> TokenShape:
    return TokenShape(
        id=token.id,
        name=token.name,
        organization=None if token.organization == SERVICE else token.organization,
        role=token.role,
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )


def _show_organization(organization: Organization) -> OrganizationShape:
    return OrganizationShape.model_validate(organization)


def _number_of(cursor: str) -> int:
    if cursor.isascii() and cursor.isdigit() and len(cursor) <= 16 and int(cursor) <= _LARGEST:
        return int(cursor)
    raise Invalid("cursor", "is none of this list; take what the page before gave, or none")
