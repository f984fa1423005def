"""runs/tokens.py: the tokens that clients sign in with."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, text

from headrace.runs.access import SERVICE, Holder, Role, Scope
from headrace.runs.errors import Conflict, Invalid, NotFound
from headrace.runs.model import Identity
from headrace.runs.tokens import Grant, Token, Tokens
from headrace.store.database import reading

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


@pytest.fixture
def tokens(database: Engine) -> Tokens:
    return Tokens(database)


def test_a_new_token_admits_its_holder(tokens: Tokens) -> None:
    secret, token = tokens.create("ci", START)
    assert re.fullmatch(r"hr_[A-Za-z0-9_-]{43}", secret)
    assert token == Token(token.id, "ci", START)
    assert tokens.admit(secret, second(1)) == Holder(Identity(token.id, "ci"), SERVICE, Role.ADMIN, frozenset({Scope.WRITE}))


def test_no_two_tokens_have_the_same_secret(tokens: Tokens) -> None:
    assert tokens.create("one", START)[0] != tokens.create("two", START)[0]


def test_the_secret_is_nowhere_in_the_database(tokens: Tokens, database: Engine) -> None:
    secret, token = tokens.create("ci", START)
    with reading(database) as connection:
        row = connection.execute(text("SELECT * FROM tokens")).one()
    assert token.id in row
    assert not any(secret.removeprefix("hr_") in str(value) for value in row)


@pytest.mark.parametrize("secret", ["", "hr_", "hr_wrong", "\0", "\ud800", "ü", pytest.param("x" * 1_000_000, id="long")])
def test_anything_else_admits_nobody(tokens: Tokens, secret: str) -> None:
    tokens.create("ci", START)
    assert tokens.admit(secret, START) is None


def test_the_last_use_is_noted_at_most_once_a_minute(tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", START)
    uses = []
    for at in (1, 2, 60, 61, 100, 121):
        tokens.admit(secret, second(at))
        uses.append(tokens.all()[0].last_used_at)
    assert uses == [second(1), second(1), second(1), second(61), second(61), second(121)]


def test_a_revoked_token_admits_nobody(tokens: Tokens) -> None:
    secret, token = tokens.create("ci", START)
    other, _ = tokens.create("other", START)
    assert tokens.revoke("ci", second(5)) == Token(token.id, "ci", START, revoked_at=second(5))
    assert tokens.admit(secret, second(6)) is None
    assert tokens.admit(other, second(6)) is not None
    assert {kept.name: kept.revoked_at for kept in tokens.all()} == {"ci": second(5), "other": None}


def test_a_token_is_revoked_by_its_id_even_where_another_has_that_id_for_a_name(tokens: Tokens) -> None:
    _, token = tokens.create("ci", START)
    impostor, _ = tokens.create(token.id, START)
    assert tokens.revoke(token.id, second(1)).id == token.id
    assert tokens.admit(impostor, second(2)) is not None


@pytest.mark.parametrize("unknown", ["nobody", "", "00000000-0000-4000-8000-000000000000"])
def test_revoking_what_is_not_there_is_an_error(tokens: Tokens, unknown: str) -> None:
    tokens.create("ci", START)
    with pytest.raises(NotFound, match="There is no valid token"):
        tokens.revoke(unknown, START)


def test_revoking_twice_is_an_error(tokens: Tokens) -> None:
    _, token = tokens.create("ci", START)
    tokens.revoke("ci", second(1))
    for again in ("ci", token.id):
        with pytest.raises(NotFound, match="There is no valid token"):
            tokens.revoke(again, second(2))
    assert tokens.all()[0].revoked_at == second(1)


def test_the_name_of_a_valid_token_is_taken_and_that_of_a_revoked_one_free(tokens: Tokens) -> None:
    tokens.create("ci", START)
    with pytest.raises(Conflict, match="There is a token named 'ci' already"):
        tokens.create("ci", START)
    tokens.revoke("ci", START)
    tokens.create("ci", START)
    assert [token.revoked_at for token in tokens.all()].count(None) == 1


def test_of_tokens_created_at_once_with_one_name_only_one_is_made(tokens: Tokens) -> None:
    threads = 8
    start = Barrier(threads)

    def create(_: int) -> bool:
        start.wait()
        try:
            tokens.create("ci", START)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(create, range(threads))) == 1
    assert len(tokens.all()) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "\ud800", "x" * 129])
def test_a_name_that_will_not_do_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(Invalid) as raised:
        tokens.create(name, START)
    assert raised.value.field == "name"
    assert tokens.all() == []


def test_any_knows_only_tokens_that_can_do_everything_now(tokens: Tokens) -> None:
    assert not tokens.any(START)
    tokens.create("of one organization", START, Grant("acme"))
    tokens.create("a viewer", START, Grant(role=Role.VIEWER))
    tokens.create("a reader", START, Grant(scopes=frozenset({Scope.READ})))
    assert not tokens.any(START)
    tokens.create("ci", START, Grant(expires_at=second(10)))
    assert tokens.any(second(9))
    assert not tokens.any(second(10))
    tokens.revoke("ci", START)
    assert not tokens.any(START)


def test_a_token_is_good_for_what_it_was_made_for(tokens: Tokens) -> None:
    secret, token = tokens.create("ci", START, Grant("acme", Role.RUNNER, frozenset({Scope.READ})))
    assert (token.organization, token.role, token.scopes) == ("acme", Role.RUNNER, {Scope.READ})
    assert tokens.admit(secret, START) == Holder(Identity(token.id, "ci"), "acme", Role.RUNNER, frozenset({Scope.READ}))


@pytest.mark.parametrize(
    ("role", "scope"), [(Role.VIEWER, Scope.READ), (Role.RUNNER, Scope.WRITE), (Role.ADMIN, Scope.WRITE)]
)
def test_without_scopes_a_token_has_those_that_its_role_can_use(tokens: Tokens, role: Role, scope: Scope) -> None:
    assert tokens.create("ci", START, Grant("acme", role))[1].scopes == {scope}


def test_an_expired_token_admits_nobody(tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", START, Grant(expires_at=second(60)))
    assert tokens.admit(secret, second(59)) is not None
    assert tokens.admit(secret, second(60)) is None


def test_a_token_that_would_never_be_valid_is_not_made(tokens: Tokens) -> None:
    with pytest.raises(Invalid) as raised:
        tokens.create("ci", START, Grant(expires_at=START))
    assert raised.value.field == "expires_at"
    assert tokens.all() == []


def test_two_organizations_may_use_the_same_name(tokens: Tokens) -> None:
    ours, _ = tokens.create("ci", START, Grant("acme"))
    theirs, token = tokens.create("ci", START, Grant("globex"))
    with pytest.raises(Conflict, match="Several organizations have a token named 'ci'"):
        tokens.revoke("ci", second(1))
    assert tokens.revoke("ci", second(1), "globex").id == token.id
    assert tokens.admit(ours, second(2)) is not None
    assert tokens.admit(theirs, second(2)) is None
    assert [token.organization for token in tokens.all("acme")] == ["acme"]


def test_no_organization_revokes_a_token_of_another(tokens: Tokens) -> None:
    secret, token = tokens.create("ci", START, Grant("acme"))
    for key in ("ci", token.id):
        with pytest.raises(NotFound):
            tokens.revoke(key, START, "globex")
    assert tokens.admit(secret, START) is not None


def test_all_begins_with_the_oldest(tokens: Tokens) -> None:
    for name, at in (("b", 2), ("a", 1), ("c", 3)):
        tokens.create(name, second(at))
    assert [token.name for token in tokens.all()] == ["a", "b", "c"]


def test_an_adopted_secret_admits_and_adopting_it_again_changes_nothing(tokens: Tokens) -> None:
    token = tokens.adopt("the operator's", "admin", START)
    assert tokens.adopt("the operator's", "admin", second(9)) == token
    holder = tokens.admit("the operator's", START)
    assert holder is not None
    assert holder.identity == Identity(token.id, "admin")


def test_adopting_another_secret_revokes_the_one_before(tokens: Tokens) -> None:
    tokens.adopt("the first one", "admin", START)
    tokens.adopt("the second one", "admin", second(1))
    assert tokens.admit("the first one", second(2)) is None
    assert tokens.admit("the second one", second(2)) is not None


def test_a_revoked_secret_is_not_adopted_again(tokens: Tokens) -> None:
    tokens.adopt("the operator's", "admin", START)
    tokens.revoke("admin", START)
    with pytest.raises(Conflict, match="was revoked"):
        tokens.adopt("the operator's", "admin", START)
    assert not tokens.any(START)


@pytest.mark.parametrize("secret", ["", "x" * 513])
def test_a_secret_of_the_wrong_length_is_refused_without_being_shown(tokens: Tokens, secret: str) -> None:
    with pytest.raises(Invalid, match=f"a token of {len(secret)} characters; give 16 to 512") as raised:
        tokens.adopt(secret, "admin", START)
    assert raised.value.field == "secret"
