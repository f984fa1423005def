"""Readers never raise: a broken file gives findings that say where, and what reads without one can be kept as a plan."""

import re
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from tests.replay.mutations import mutated
from tests.replay.replaying import CORPUS, OWN

SHOP = OWN.parent / "shop"
LONGEST = 5.0  # seconds of this process, for the largest file there is
WHERE = re.compile(r"^(?P<file>[^,]+), line [1-9][0-9]*[,:] ")


def files_of(*folders: Path) -> list[Path]:
    return sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in (".webtest", ".loadtest"))


def hold(folder: Path, name: str, content: bytes, ignore_plugins: bool) -> None:
    """What must hold of whatever is read, with the other files of that folder around it."""
    around = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    drop = Folder(tuple({name, *around}), lambda wanted: content if wanted == name else around[wanted].read_bytes())
    begun = process_time()
    plan, findings = read_visual_studio(drop, name, Choices(ignore_plugins=ignore_plugins), TargetRule())
    assert process_time() - begun < LONGEST
    errors = messages(findings)
    for message in errors:
        assert WHERE.match(message) or "there is more" in message, message
    for finding in findings:
        assert (finding.message.isprintable(), len(finding.message) < 1000) == (True, True), finding
    if plan is None:
        assert errors
    elif not errors:
        assert messages(check_plan(plan)) == []  # these could not say which line it is
        again, _ = read_plan(write_plan(plan), "plan.yaml", TargetRule())
        assert again == plan


def messages(findings: list[Diagnostic]) -> list[str]:
    return [finding.message for finding in findings if finding.severity is Severity.ERROR]


@given(mutated(files_of(OWN, SHOP)), st.booleans())
def test_our_own_files_after_mishaps(mishap: tuple[str, bytes], ignore_plugins: bool) -> None:
    folder = SHOP if (SHOP / mishap[0]).exists() else OWN
    hold(folder, *mishap, ignore_plugins)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the files of others (../shared) are not here")
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example])
@given(st.data(), st.booleans())
def test_files_of_others_after_mishaps(data: st.DataObject, ignore_plugins: bool) -> None:
    folder = data.draw(st.sampled_from(sorted(folder for folder in CORPUS.iterdir() if files_of(folder))))
    hold(folder, *data.draw(mutated(files_of(folder))), ignore_plugins)


@given(st.binary(max_size=300), st.sampled_from(("x.webtest", "x.loadtest")))
def test_bytes_that_are_nothing(content: bytes, name: str) -> None:
    hold(SHOP, name, content, ignore_plugins=False)
