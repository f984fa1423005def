"""What the documents say of settings, commands and dependencies is what there is."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from headrace.cli.main import app
from headrace.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def table_names(document: str) -> set[str]:
    return set(re.findall(r"^\| `([\w-]+)`", (DOCS / document).read_text(), re.MULTILINE))


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert table_names("settings.md") == set(Settings.model_fields)


def test_documented_defaults_are_the_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `?([\w.-]+)`? \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    documented = dict(rows)
    for name in ("host", "port", "data", "max_users", "max_duration", "max_concurrent_runs", "max_urls", "max_body"):
        assert documented[name] == str(Settings.model_fields[name].default), name
    assert float(documented["request_timeout"]) == Settings.model_fields["request_timeout"].default


@pytest.mark.parametrize("command", ["run", "check", "convert", "serve", "token", "demo"])
def test_every_command_has_a_chapter(command: str) -> None:
    assert f"## headrace {command}" in (DOCS / "cli.md").read_text()


@pytest.mark.parametrize("command", ["run", "check", "convert"])
def test_every_option_is_documented(command: str) -> None:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("--")} - {"--output"}
    text = (DOCS / "cli.md").read_text()
    assert [option for option in options if f"`{option}" not in text and f" {option} " not in text] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["test"],
        *project["optional-dependencies"]["bench"],
    ]
    text = (DOCS / "dependencies.md").read_text().lower()
    assert [name for entry in wanted if (name := re.split(r"[\[>=]", entry)[0].lower()) not in text] == []


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{path.name}" for path in sorted(DOCS.glob("*.md")))])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
