"""`headrace token`, `organization` and `audit`: who may use the service, as its operator says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from headrace.cli.token import parse_lifetime
from tests.serving import Done, headrace


@pytest.fixture
def operator(tmp_path: Path) -> "Operator":
    return Operator(tmp_path)


class Operator:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> Done:
        return headrace(*arguments, "--data", str(self.folder / "data"), folder=self.folder)


def test_a_token_of_an_organization_says_so_in_the_list(operator: Operator) -> None:
    assert operator("organization", "create", "Acme").returncode == 0
    made = operator(
        "token", "create", "ci", "--organization", "ACME", "--role", "runner", "--scope", "loadtest", "--expires", "90d"
    )
    assert re.fullmatch(r"hr_\S+", made.stdout.strip())
    listed = operator("token", "list").stdout
    assert "runner of acme (loadtest)" in listed
    assert "expires " in listed
    assert made.stdout.strip() not in listed


def test_a_token_without_an_organization_is_one_of_the_service(operator: Operator) -> None:
    operator("token", "create", "root")
    assert "admin of the service (loadtest_write)" in operator("token", "list").stdout


def test_no_token_is_made_for_an_organization_that_is_not_there(operator: Operator) -> None:
    done = operator("token", "create", "ci", "--organization", "acme")
    assert done.returncode == 3
    assert "There is no organization 'acme'; `headrace organization create` makes it." in done.stderr
    assert operator("token", "list").stdout == ""


def test_organizations_are_listed_with_the_one_that_is_always_there(operator: Operator) -> None:
    operator("organization", "create", "acme")
    assert [line.split()[0] for line in operator("organization", "list").stdout.splitlines()] == ["default", "acme"]


def test_an_organization_with_a_name_that_will_not_do_is_refused(operator: Operator) -> None:
    done = operator("organization", "create", "a/b")
    assert done.returncode == 3
    assert "'a/b' is no name for an organization" in done.stderr


def test_where_two_organizations_have_a_token_of_one_name_the_operator_says_which(operator: Operator) -> None:
    for organization in ("acme", "globex"):
        operator("organization", "create", organization)
        operator("token", "create", "ci", "--organization", organization)
    assert "Several organizations have a token named 'ci'" in operator("token", "revoke", "ci").stderr
    assert operator("token", "revoke", "ci", "--organization", "globex").returncode == 0
    assert [
        line.split("of ")[1].split()[0] for line in operator("token", "list").stdout.splitlines() if "revoked" in line
    ] == ["globex"]


def test_the_audit_log_shows_what_was_done(operator: Operator) -> None:
    operator("organization", "create", "acme")
    operator("token", "create", "ci", "--organization", "acme")
    operator("token", "create", "root")
    acme = operator("audit", "--organization", "acme").stdout.splitlines()
    assert [line.split()[3] for line in acme] == ["token.create", "organization.create"]
    assert acme[0].endswith("  ci")
    assert len(operator("audit", "--organization", "acme", "--top", "1").stdout.splitlines()) == 1
    assert [line.split()[-1] for line in operator("audit", "--service").stdout.splitlines()] == ["root"]


@pytest.mark.parametrize(("text", "lifetime"), [("90d", timedelta(days=90)), (" 12H ", timedelta(hours=12))])
def test_lifetimes_are_read(text: str, lifetime: timedelta) -> None:
    assert parse_lifetime(text) == lifetime


@pytest.mark.parametrize("text", ["", "90", "0d", "1w", "-1d", "1.5d", "999999d"])
def test_what_is_no_lifetime_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 90d or 12h"):
        parse_lifetime(text)
