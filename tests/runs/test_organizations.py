"""runs/organizations.py: whose runs, drops and tokens they are."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from headrace.api.addressing import ROOTS
from headrace.runs.errors import Conflict, Invalid
from headrace.runs.model import OPERATOR
from headrace.runs.organizations import RESERVED, Organization, Organizations
from headrace.runs.store import NewRun, Runs

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_organization_is_there_once_it_is_made(database: Engine) -> None:
    organizations = Organizations(database)
    assert not organizations.exists("acme")
    assert organizations.create("Acme", OPERATOR, START) == Organization("acme", 0, START)
    assert organizations.exists("acme")
    assert organizations.all() == [Organization("default", 0, None), Organization("acme", 0, START)]


def test_the_default_one_is_always_there(database: Engine) -> None:
    organizations = Organizations(database)
    assert organizations.exists("default")
    assert [one.name for one in organizations.all()] == ["default"]
    with pytest.raises(Conflict, match="always there"):
        organizations.create("default", OPERATOR, START)


def test_a_run_counts_where_the_organization_was_made_before(database: Engine) -> None:
    organizations = Organizations(database)
    organizations.create("acme", OPERATOR, START)
    assert Runs(database).create(NewRun("acme", "a", "drop"), OPERATOR, START).number == 1
    assert organizations.all()[-1] == Organization("acme", 1, START)


def test_a_name_is_given_once(database: Engine) -> None:
    Organizations(database).create("acme", OPERATOR, START)
    with pytest.raises(Conflict, match="an organization 'acme' already"):
        Organizations(database).create("ACME", OPERATOR, START)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "x" * 129, "_apis", "API", "docs", "a\n"])
def test_a_name_that_no_address_could_have_is_refused(database: Engine, name: str) -> None:
    with pytest.raises(Invalid) as raised:
        Organizations(database).create(name, OPERATOR, START)
    assert raised.value.field == "name"


def test_what_addresses_begin_with_is_reserved() -> None:
    assert set(ROOTS) <= RESERVED
