"""`headrace serve` and `headrace token`, as an operator uses them."""

import re
import socket
import sqlite3
from pathlib import Path

import httpx2
import pytest

from tests.serving import headrace, serving


def status(base: str, token: str) -> int:
    return httpx2.get(f"{base}/_apis/clt/testruns", auth=("anybody", token)).status_code


def test_the_first_start_makes_a_token_prints_it_once_and_keeps_only_its_hash(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, HEADRACE_ADMIN_TOKEN="") as first:
        (token,) = re.findall(r"hr_\S+", "\n".join(first.output))
        assert status(first.base, token) == 200
        assert status(first.base, token + "x") == 401
    with serving(data, HEADRACE_ADMIN_TOKEN="") as second:
        assert not re.findall(r"hr_\S+", "\n".join(second.output))
        assert status(second.base, token) == 200
    assert all(token.encode() not in path.read_bytes() for path in data.iterdir())


def test_a_token_given_by_the_operator_replaces_the_one_given_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, HEADRACE_ADMIN_TOKEN="the first of two tokens"):
        pass
    with serving(data, HEADRACE_ADMIN_TOKEN="the second of two tokens") as service:
        assert status(service.base, "the second of two tokens") == 200
        assert status(service.base, "the first of two tokens") == 401


def test_tokens_are_created_listed_and_revoked_while_the_service_runs(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "data"))
    with serving(tmp_path / "data") as service:
        token = headrace("token", "create", "ci", *options, folder=tmp_path).stdout.strip()
        assert status(service.base, token) == 200
        listed = headrace("token", "list", *options, folder=tmp_path).stdout
        assert "ci" in listed
        assert token not in listed
        assert headrace("token", "revoke", "ci", *options, folder=tmp_path).returncode == 0
        assert status(service.base, token) == 401


def test_revoking_what_does_not_exist_ends_with_3_and_names_it(tmp_path: Path) -> None:
    done = headrace("token", "revoke", "nobody", "--data", str(tmp_path), folder=tmp_path)
    assert done.returncode == 3
    assert "nobody" in done.stderr


def test_a_port_that_is_taken_ends_with_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = headrace("serve", "--port", port, "--data", str(tmp_path), folder=tmp_path)
    assert done.returncode == 3
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("nonsense", 2, "postgresql://user@host/name"),
        ("postgresql://nobody@127.0.0.1:9/none", 3, "database cannot be used"),
        ("sqlite:////proc/none/headrace.db", 3, "/proc/none"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence(url: str, code: int, said: str, tmp_path: Path) -> None:
    done = headrace("serve", "--port", "0", "--database", url, folder=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_settings_file_in_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('max_users = 7\ndata = "elsewhere"\n')
    done = headrace("run", "http://127.0.0.1/", "--users", "8", folder=tmp_path)
    assert done.returncode == 2
    assert "give 1 to 7" in done.stderr


def test_it_works_on_postgresql_as_well(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--database", database_url) as service:
        run_id = service.start_run("http://127.0.0.1:9/", users=1, seconds=1)
        assert service.wait_for(run_id)["state"] == "completed"
        assert service.samples(run_id, "Requests/Sec")["Requests/Sec"][-1]["rawValue"] > 0


def test_the_database_file_is_for_the_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data):
        assert (data / "headrace.db").stat().st_mode & 0o077 == 0
        with sqlite3.connect(data / "headrace.db") as database:
            assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_second_service_on_the_same_data_is_refused_and_disturbs_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        run_id = first.start_run("http://127.0.0.1:9/", users=1, seconds=3)
        second = headrace("serve", "--port", "0", "--data", str(tmp_path / "data"), folder=tmp_path)
        assert second.returncode == 3
        assert "Another service uses this database" in second.stderr
        assert first.wait_for(run_id)["state"] == "completed"
