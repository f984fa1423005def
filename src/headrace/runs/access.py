"""Who may do what: the roles of an organization, the scopes of a token, and the one table of what they allow.

Scopes are those of the old service's personal access tokens, without their `vso.` (reference: clt-service, section 1.5); as
there, the right to write includes that to read. A token needs both for an action: the role and the scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from headrace.runs.errors import Forbidden
from headrace.runs.model import Identity

SERVICE = ""
"""In place of an organization: all of them, and the service itself."""


class Role(StrEnum):
    VIEWER = "viewer"
    RUNNER = "runner"
    ADMIN = "admin"


class Scope(StrEnum):
    READ = "loadtest"
    WRITE = "loadtest_write"


class Action(StrEnum):
    """What a request does. The values complete "needs ... to"."""

    READ = "read tests and results"
    RUN = "create, start and stop tests, and delete one's own"
    DELETE_OTHERS = "delete tests of others"
    READ_AUDIT = "read the audit log and the list of tokens"
    GRANT = "create and revoke tokens"
    FOUND = "list and create organizations"


@dataclass(frozen=True, slots=True)
class Need:
    """What an action takes: one of these roles, this scope, and, where it `spans` them, a token for all organizations."""

    roles: tuple[Role, ...]
    scope: Scope
    spans: bool = False


# docs/organizations.md has this table for people; a test holds the two together.
NEEDS: Mapping[Action, Need] = {
    Action.READ: Need((Role.VIEWER, Role.RUNNER, Role.ADMIN), Scope.READ),
    Action.RUN: Need((Role.RUNNER, Role.ADMIN), Scope.WRITE),
    Action.DELETE_OTHERS: Need((Role.ADMIN,), Scope.WRITE),
    Action.READ_AUDIT: Need((Role.ADMIN,), Scope.READ),
    Action.GRANT: Need((Role.ADMIN,), Scope.WRITE),
    Action.FOUND: Need((Role.ADMIN,), Scope.WRITE, spans=True),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token, and what it is good for; `organization` is SERVICE for all of them."""

    identity: Identity
    organization: str
    role: Role
    scopes: frozenset[Scope]

    def belongs_to(self, organization: str) -> bool:
        return self.organization in (SERVICE, organization)


def permit(holder: Holder, action: Action) -> None:
    """Raises Forbidden, saying what is missing, where the token does not allow this."""
    need = NEEDS[action]
    if need.spans and holder.organization != SERVICE:
        raise Forbidden(f"Only an administrator of the service may {action}; this token is of '{holder.organization}'.")
    if holder.role not in need.roles:
        raise Forbidden(f"The role {' or '.join(need.roles)} is needed to {action}; this token has the role {holder.role}.")
    if need.scope not in holder.scopes and Scope.WRITE not in holder.scopes:
        raise Forbidden(f"The scope {need.scope} is needed to {action}; this token has {', '.join(sorted(holder.scopes))}.")


def may(holder: Holder, action: Action) -> bool:
    """Whether the token allows this."""
    try:
        permit(holder, action)
    except Forbidden:
        return False
    return True


def usual_scopes(role: Role) -> frozenset[Scope]:
    """The scopes of a token for which none were named."""
    return frozenset({Scope.READ if role is Role.VIEWER else Scope.WRITE})
