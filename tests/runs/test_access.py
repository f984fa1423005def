"""runs/access.py: who may do what."""

from pathlib import Path

import pytest

from headrace.runs.access import NEEDS, SERVICE, Action, Holder, Role, Scope, may, permit
from headrace.runs.errors import Forbidden
from headrace.runs.model import Identity

WRITE, READ = frozenset({Scope.WRITE}), frozenset({Scope.READ})


def allowed(organization: str, role: Role, scopes: frozenset[Scope]) -> set[Action]:
    holder = Holder(Identity("1", "ci"), organization, role, scopes)
    return {action for action in Action if may(holder, action)}


@pytest.mark.parametrize(
    ("role", "scopes", "actions"),
    [
        (Role.VIEWER, READ, {Action.READ}),
        (Role.VIEWER, WRITE, {Action.READ}),
        (Role.RUNNER, READ, {Action.READ}),
        (Role.RUNNER, WRITE, {Action.READ, Action.RUN}),
        (Role.RUNNER, WRITE | READ, {Action.READ, Action.RUN}),
        (Role.ADMIN, READ, {Action.READ, Action.READ_AUDIT}),
        (Role.ADMIN, WRITE, {Action.READ, Action.RUN, Action.DELETE_OTHERS, Action.READ_AUDIT, Action.GRANT}),
        (Role.ADMIN, frozenset(), set()),
    ],
)
def test_a_token_needs_the_role_and_the_scope(role: Role, scopes: frozenset[Scope], actions: set[Action]) -> None:
    assert allowed("acme", role, scopes) == actions


def test_only_a_token_of_the_service_reaches_beyond_its_organization() -> None:
    assert allowed(SERVICE, Role.ADMIN, WRITE) == set(Action)
    assert Action.FOUND not in allowed(SERVICE, Role.RUNNER, WRITE)
    assert Holder(Identity("1", "ci"), SERVICE, Role.VIEWER, READ).belongs_to("acme")
    assert Holder(Identity("1", "ci"), "acme", Role.VIEWER, READ).belongs_to("acme")
    assert not Holder(Identity("1", "ci"), "acme", Role.ADMIN, WRITE).belongs_to("acme2")


def test_every_action_has_its_line_in_the_table() -> None:
    assert set(NEEDS) == set(Action)


def test_a_refusal_says_what_is_missing() -> None:
    with pytest.raises(Forbidden, match="The role runner or admin is needed to create, start and stop tests"):
        permit(Holder(Identity("1", "ci"), "acme", Role.VIEWER, READ), Action.RUN)
    with pytest.raises(Forbidden, match=r"The scope loadtest_write is needed .* this token has loadtest"):
        permit(Holder(Identity("1", "ci"), "acme", Role.RUNNER, READ), Action.RUN)


def test_the_table_for_people_says_the_same() -> None:
    lines = (Path(__file__).parents[2] / "docs/organizations.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    table = {cells[0]: cells[1:] for cells in rows[2:]}
    for action, need in NEEDS.items():
        admin = "of the service" if need.spans else "x"
        marks = ["x" if role in need.roles else "" for role in (Role.VIEWER, Role.RUNNER)]
        assert table.pop(action) == [*marks, admin, f"`{need.scope}`"]
    assert table == {}
