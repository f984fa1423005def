"""cli/disk_folder.py: which files a test on disk may name."""

import os
from pathlib import Path

import pytest

from headrace.cli import disk_folder
from headrace.cli.disk_folder import open_folder


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_the_folder_of_the_test_and_all_below_is_seen(tmp_path: Path) -> None:
    write(tmp_path, "load/day.loadtest", "load/web/a.webtest", "load/users.csv", "elsewhere.csv")
    folder, name = open_folder(tmp_path / "load" / "day.loadtest")
    assert name == "day.loadtest"
    assert set(folder.names) == {"day.loadtest", "users.csv", "web/a.webtest"}
    assert folder.read("web/a.webtest") == b"load/web/a.webtest"


@pytest.mark.parametrize("solution", ["Shop.sln", "Shop.slnx", "Local.testsettings", "Shop.VSMDI"])
@pytest.mark.parametrize("test", ["Load/day.loadtest", "src/tests/Load/day.loadtest"])
def test_in_a_solution_all_of_it_is_seen(solution: str, test: str, tmp_path: Path) -> None:
    write(tmp_path / "repo", solution, test, "Web/a.webtest")
    write(tmp_path, "elsewhere.csv")
    folder, name = open_folder(tmp_path / "repo" / test)
    assert name == test
    assert set(folder.names) == {solution, test, "Web/a.webtest"}


def test_the_nearest_solution_is_the_tests_own_and_one_far_above_is_not(tmp_path: Path) -> None:
    write(tmp_path, "All.sln", "far/Shop.sln", "far/Load/day.loadtest", "1/2/3/4/day.loadtest")
    assert open_folder(tmp_path / "far" / "Load" / "day.loadtest")[1] == "Load/day.loadtest"
    assert open_folder(tmp_path / "1" / "2" / "3" / "4" / "day.loadtest")[1] == "day.loadtest"


def test_what_builds_and_tools_leave_is_not_seen(tmp_path: Path) -> None:
    left = [f"{name}/a.webtest" for name in (".git", ".vs", "bin", "Bin", "obj", "TestResults", "packages", "node_modules")]
    write(tmp_path, "day.loadtest", *left, "web/bin/a.webtest", "web/.env")
    assert set(open_folder(tmp_path / "day.loadtest")[0].names) == {"day.loadtest"}


def test_links_that_lead_out_are_not_there(tmp_path: Path) -> None:
    write(tmp_path, "secret.csv", "out/secret.csv", "load/day.loadtest", "load/users.csv")
    load = tmp_path / "load"
    (load / "link.csv").symlink_to(tmp_path / "secret.csv")
    (load / "links").symlink_to(tmp_path / "out")
    (load / "same.csv").symlink_to("users.csv")
    (load / "circle.csv").symlink_to("circle.csv")
    folder, _ = open_folder(load / "day.loadtest")
    assert set(folder.names) == {"day.loadtest", "users.csv", "same.csv"}
    for name in ("../secret.csv", "link.csv", "links/secret.csv", str(tmp_path / "secret.csv")):
        assert folder.find(name) is None
        with pytest.raises(ValueError, match="not among the files of the test"):
            folder.read(name)


def test_the_test_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, "kept/day.loadtest")
    (tmp_path / "now.loadtest").symlink_to("kept/day.loadtest")
    folder, name = open_folder(tmp_path / "now.loadtest")
    assert folder.read(name) == b"kept/day.loadtest"


def test_pipes_and_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "day.loadtest")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / os.fsdecode(b"\xff.csv")).write_text("a\n")
    assert open_folder(tmp_path / "day.loadtest")[0].names == ("day.loadtest",)


def test_of_too_many_files_those_of_the_tests_own_folder_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_folder, "MOST_NAMES", 10)
    write(tmp_path, "Shop.sln", *(f"a/{number}.cs" for number in range(30)), "z/day.loadtest", "z/users.csv")
    folder, _ = open_folder(tmp_path / "z" / "day.loadtest")
    assert len(folder.names) == 10
    assert {"z/day.loadtest", "z/users.csv"} <= set(folder.names)


def test_only_so_many_folders_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_folder, "MOST_ENTRIES", 12)
    write(tmp_path, "day.loadtest", *(f"{number}/a.csv" for number in range(30)))
    assert len(open_folder(tmp_path / "day.loadtest")[0].names) <= 12


def test_folders_below_are_looked_into_to_a_bounded_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_folder, "DEEPEST", 3)
    write(tmp_path, "day.loadtest", "1/2/a.csv", "1/2/3/b.csv")
    assert set(open_folder(tmp_path / "day.loadtest")[0].names) == {"day.loadtest", "1/2/a.csv"}


def test_only_so_much_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_folder, "MOST_BYTES", 25)
    write(tmp_path, "day.loadtest", "a-longer-name.csv")
    folder, name = open_folder(tmp_path / "day.loadtest")
    folder.read(name)
    with pytest.raises(ValueError, match="more than 13 bytes"):
        folder.read("a-longer-name.csv")
