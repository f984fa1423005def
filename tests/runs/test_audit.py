"""runs/audit.py: who did what."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headrace.blobs.local import LocalFiles
from headrace.runs.access import Holder, Role, Scope
from headrace.runs.agents import MISSED, Agents
from headrace.runs.audit import Act, Audit
from headrace.runs.drops import Drops
from headrace.runs.errors import Conflict, Forbidden, NotFound
from headrace.runs.model import OPERATOR, DefinitionKind, DropKind, Identity, Run
from headrace.runs.operations import RunRequest, abort_run, create_run, delete_drop, delete_run, queue_run
from headrace.runs.organizations import Organizations
from headrace.runs.store import Runs
from headrace.runs.test_definitions import TestDefinitions
from headrace.runs.tokens import Grant, Tokens
from headrace.settings import Settings

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, BOB = Identity("a", "Ada"), Identity("b", "Bob")


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


def holder(identity: Identity, role: Role) -> Holder:
    return Holder(identity, "acme", role, frozenset({Scope.WRITE}))


class Shop:
    """The stores of one database, and the log of what is done with them."""

    def __init__(self, database: Engine) -> None:
        self.runs, self.drops, self.audit = Runs(database, lambda: second(1)), Drops(database), Audit(database)

    def run(self, organization: str = "acme") -> Run:
        drop = self.drops.create(organization, DropKind.IN_PLACE, {"max_vusers": 1, "run_duration": 1}, START, by=ADA)
        return create_run(self.runs, self.drops, Settings(), organization, RunRequest("shop", drop.id), ADA, START)

    def acts(self, organization: str = "acme") -> list[tuple[str, str]]:
        return [(entry.act.value, entry.by.name) for entry in reversed(self.audit.read(organization))]


def test_what_users_do_to_runs_is_in_the_log(database: Engine) -> None:
    shop = Shop(database)
    run = shop.run()
    queue_run(shop.runs, "acme", run.id, BOB, START)
    abort_run(shop.runs, "acme", run.id, ADA, START)
    entries = shop.audit.read("acme")
    assert shop.acts() == [("drop.create", "Ada"), ("run.create", "Ada"), ("run.start", "Bob"), ("run.stop", "Ada")]
    assert [(entry.subject, entry.name, entry.at) for entry in entries[:2]] == [(run.id, "shop", second(1))] * 2
    assert [entry.number for entry in entries] == sorted((entry.number for entry in entries), reverse=True)


def test_what_was_done_already_is_not_done_again(database: Engine) -> None:
    shop = Shop(database)
    run = shop.run()
    for _ in range(2):
        queue_run(shop.runs, "acme", run.id, BOB, START)
    for _ in range(2):
        abort_run(shop.runs, "acme", run.id, BOB, START)
    assert [act for act, _ in shop.acts()].count("run.start") == 1
    assert [act for act, _ in shop.acts()].count("run.stop") == 1


def test_what_is_refused_is_not_in_the_log(database: Engine) -> None:
    shop = Shop(database)
    run = shop.run()
    queue_run(shop.runs, "acme", run.id, BOB, START)
    before = shop.acts()
    with pytest.raises(Conflict, match="is under way; stop it first"):
        delete_run(shop.runs, "acme", run.id, holder(BOB, Role.ADMIN), START)
    assert shop.acts() == before


def test_a_deleted_run_is_gone_and_the_log_still_names_it(database: Engine) -> None:
    shop = Shop(database)
    run = shop.run()
    delete_run(shop.runs, "acme", run.id, holder(BOB, Role.ADMIN), second(9))
    assert shop.runs.get("acme", run.id) is None
    assert shop.runs.messages(run.id) == []
    drop = shop.drops.get("acme", run.drop_id)
    assert drop is not None
    assert drop.run_id is None
    entry = shop.audit.read("acme")[0]
    assert (entry.act, entry.by, entry.subject, entry.name, entry.at) == (Act.DELETE_RUN, BOB, run.id, "shop", second(9))


def test_a_runner_deletes_what_is_his_own(database: Engine) -> None:
    shop = Shop(database)
    run = shop.run()
    with pytest.raises(Forbidden, match="The role admin is needed to delete tests of others"):
        delete_run(shop.runs, "acme", run.id, holder(BOB, Role.RUNNER), START)
    delete_run(shop.runs, "acme", run.id, holder(ADA, Role.RUNNER), START)
    with pytest.raises(NotFound):
        delete_run(shop.runs, "acme", run.id, holder(ADA, Role.RUNNER), START)


def test_a_drop_is_deleted_by_who_made_it_or_an_administrator_and_the_log_tells(database: Engine, tmp_path: Path) -> None:
    shop = Shop(database)
    files = LocalFiles(database, Settings(data=tmp_path), b"key")
    for role, whose in ((Role.RUNNER, ADA), (Role.ADMIN, BOB)):
        drop = shop.drops.create("acme", DropKind.BLOB, None, START, by=ADA)
        with pytest.raises(Forbidden, match="The role admin is needed to delete tests of others"):
            delete_drop(shop.runs, shop.drops, files, "acme", drop.id, holder(BOB, Role.RUNNER), START)
        delete_drop(shop.runs, shop.drops, files, "acme", drop.id, holder(whose, role), second(9))
        assert shop.drops.get("acme", drop.id) is None
        entry = shop.audit.read("acme")[0]
        assert (entry.act, entry.by, entry.subject, entry.at) == (Act.DELETE_DROP, whose, drop.id, second(9))
    assert len(shop.audit.read("acme")) == 4


def test_definitions_groups_of_agents_and_agents_are_in_the_log(database: Engine) -> None:
    shop, definitions, agents = Shop(database), TestDefinitions(database), Agents(database)
    made = definitions.create("acme", "Shop", DefinitionKind.VISUAL_STUDIO, {}, ADA, START)
    definitions.replace("acme", made.id, "Mall", DefinitionKind.VISUAL_STUDIO, {}, BOB, second(1))
    with pytest.raises(NotFound):
        definitions.replace("globex", made.id, "Mine", DefinitionKind.VISUAL_STUDIO, {}, BOB, second(2))
    group = agents.create_group("acme", "rig", ADA, second(3))
    agents.beat("host", START)
    default = agents.groups("acme")[0]
    with pytest.raises(Conflict):
        agents.forget(default, "host", BOB, START + MISSED)
    agents.forget(default, "host", BOB, START + MISSED + timedelta(seconds=1))
    assert [(entry.act, entry.by, entry.subject, entry.name) for entry in reversed(shop.audit.read("acme"))] == [
        (Act.CREATE_DEFINITION, ADA, made.id, "Shop"),
        (Act.CHANGE_DEFINITION, BOB, made.id, "Mall"),
        (Act.CREATE_AGENT_GROUP, ADA, group.id, "rig"),
        (Act.DELETE_AGENT, BOB, "host", "host"),
    ]
    assert shop.audit.read("globex") == []


def test_tokens_and_organizations_are_in_the_log_and_secrets_are_not(database: Engine) -> None:
    audit, tokens = Audit(database), Tokens(database)
    Organizations(database).create("acme", ADA, START)
    secret, token = tokens.create("ci", START, Grant("acme", Role.RUNNER), ADA)
    tokens.revoke("ci", START, "acme", BOB)
    entries = audit.read("acme")
    assert [entry.act for entry in entries] == [Act.REVOKE_TOKEN, Act.CREATE_TOKEN, Act.CREATE_ORGANIZATION]
    assert [entry.subject for entry in entries] == [token.id, token.id, "acme"]
    assert secret not in repr(entries)


def test_an_organization_sees_its_own_entries_only(database: Engine) -> None:
    shop = Shop(database)
    shop.run("acme")
    shop.run("globex")
    assert {entry.organization for entry in shop.audit.read("acme")} == {"acme"}


def test_the_log_is_read_page_by_page(database: Engine) -> None:
    shop = Shop(database)
    for _ in range(5):
        shop.run()
    every = shop.audit.read("acme")
    first = shop.audit.read("acme", top=4)
    assert first + shop.audit.read("acme", before=first[-1].number) == every


def test_the_log_is_bounded_by_age_and_by_number(database: Engine) -> None:
    tokens, audit = Tokens(database), Audit(database)
    for day in range(10):
        tokens.create(f"token {day}", START + timedelta(days=day), Grant("acme"))
    audit.trim(START + timedelta(days=10), days=6, most=1000)
    assert [entry.name for entry in audit.read("acme")] == [f"token {day}" for day in (9, 8, 7, 6, 5, 4)]
    audit.trim(START + timedelta(days=10), days=1000, most=2)
    assert [entry.name for entry in audit.read("acme")] == ["token 9", "token 8"]
    assert audit.read("acme")[0].by == OPERATOR


def test_trimming_an_empty_log_changes_nothing(database: Engine) -> None:
    Audit(database).trim(START, days=1, most=100)
    assert Audit(database).read("acme") == []
