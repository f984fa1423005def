"""runs/drops.py: test drops, kept and found."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from headrace.runs.drops import Drops
from headrace.runs.model import DropKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def drops(database: Engine) -> Drops:
    return Drops(database)


def test_a_drop_comes_back_as_it_was_created(drops: Drops) -> None:
    definition = {"load_test_name": "Shop ☃", "urls": ["http://shop.test/"], "think_time": 0.5, "browser_mixs": None}
    drop = drops.create("acme", DropKind.IN_PLACE, definition, NOW)
    assert (drop.kind, drop.created_at, drop.definition, drop.run_id) == (DropKind.IN_PLACE, NOW, definition, None)
    assert drops.get("acme", drop.id) == drop
    assert drops.get("acme", drop.id.upper()) == drop


def test_a_blob_drop_has_no_definition(drops: Drops) -> None:
    drop = drops.create("acme", DropKind.BLOB, None, NOW)
    kept = drops.get("acme", drop.id)
    assert kept is not None
    assert kept.definition is None


def test_a_drop_with_a_plan_has_it_back_to_the_letter(drops: Drops) -> None:
    plan = "name: Shop ☃\n" + "rows: |\n" + "  a,b\n" * 100_000
    drop = drops.create("acme", DropKind.IN_PLACE, {"max_vusers": 1}, NOW, plan)
    assert drop.plan == plan
    assert drops.get("acme", drop.id) == drop


def test_a_drop_is_not_there_for_another_organization(drops: Drops) -> None:
    drop = drops.create("acme", DropKind.BLOB, None, NOW)
    assert drops.get("globex", drop.id) is None


@pytest.mark.parametrize(
    "drop_id", ["00000000-0000-4000-8000-000000000000", "", "\0", "\ud800", pytest.param("x" * 10_000, id="long")]
)
def test_an_unknown_id_is_no_drop(drops: Drops, drop_id: str) -> None:
    assert drops.get("acme", drop_id) is None


def test_a_drop_names_the_latest_run_that_uses_it(drops: Drops) -> None:
    drop, other = drops.create("acme", DropKind.BLOB, None, NOW), drops.create("acme", DropKind.BLOB, None, NOW)
    first, latest = str(uuid4()), str(uuid4())
    drops.used_by(drop.id, first)
    drops.used_by(drop.id, latest)
    kept = {one.id: drops.get("acme", one.id) for one in (drop, other)}
    assert [one.run_id for one in kept.values() if one is not None] == [latest, None]
