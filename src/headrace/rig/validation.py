"""From a run to the Plan that it asks for, or to the reasons why it cannot run here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace.blobs.drop_files import DropFiles, FilesUnavailableError
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.test_definition import read_test_definition
from headrace.plan.readers.url_test import read_url_test
from headrace.rig.asked_scripts import scripts_for
from headrace.rig.drop_test import read_drop_test
from headrace.runs.agents import DEFAULT_GROUP, is_default
from headrace.runs.defined_load import defined_load_of, url_count
from headrace.runs.definition import as_planned, plan_for, url_test_of
from headrace.runs.errors import Invalid
from headrace.runs.limits import check_details
from headrace.runs.model import Drop, DropKind, Run, RunDetails, RunKind
from headrace.settings import Settings


def plan_of(run: Run, drop: Drop | None, settings: Settings, files: DropFiles) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan, or None where one of the findings forbids to run; the findings come either way."""
    findings = _unsupported(run, drop)
    if drop is None or (drop.kind is DropKind.BLOB and run.kind is RunKind.JMETER):
        return None, findings
    if drop.kind is DropKind.BLOB:
        plan, more = _read_files(run, drop, settings, files)
    elif drop.plan is not None:
        plan, more = _read_plan(run, drop.plan, settings)
    elif drop.test_definition is not None:
        plan, more = _read_test_definition(run, drop.test_definition, settings)
    elif drop.definition is None:
        return None, findings
    else:
        plan, more = _read_url_test(run, drop.definition, settings)
    findings += more
    return (None if forbid_running(findings) else plan), findings


def _read_url_test(run: Run, definition: Mapping[str, Any], settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    plan, findings = read_url_test(url_test_of(run, definition, settings.request_timeout), settings.targets)
    if plan is None:
        return None, findings
    plan, more = scripts_for(run, plan, settings.scripts)
    return plan, [*findings, *more]


def _read_plan(run: Run, text: str, settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a drop as the run is to execute it, judged again: the operator's rules may have changed meanwhile."""
    plan, findings = read_plan(text, "headracePlan", settings.targets)
    if plan is None:
        return None, findings
    plan, more = _as_asked(run, plan, settings)
    return plan, [*findings, *more]


def _read_test_definition(run: Run, content: Mapping[str, Any], settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    count = url_count(content)
    if count > settings.max_urls:
        told = f"The urlLists have {count} entries together; at most {settings.max_urls} are run (the setting max_urls)."
        return None, [Diagnostic(Severity.ERROR, told)]
    load = defined_load_of(run, content, settings.request_timeout)
    read, findings = read_test_definition(load, settings.targets)
    plan, more = _as_asked(run, read, settings)
    return plan, [*findings, *more]


def _read_files(run: Run, drop: Drop, settings: Settings, files: DropFiles) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan in the files of a drop as the run is to execute it. What it comes to is judged here first."""
    try:
        folder, unusable = files.folder(drop.id)
        plan, findings = read_drop_test(run, folder, settings.targets)
    except FilesUnavailableError as error:
        return None, [Diagnostic(Severity.ERROR, f"The files of the test drop cannot be read: {error}.")]
    findings = [*(Diagnostic(Severity.WARNING, told) for told in unusable), *findings]
    if plan is None:
        return None, findings
    if run.details.sampling_interval == RunDetails().sampling_interval:  # what clients send who want nothing special
        run = replace(run, details=replace(run.details, sampling_interval=plan.sampling_interval))
    plan, more = _as_asked(run, plan, settings)
    findings += more
    if plan is not None:
        try:
            check_details(as_planned(run.details, plan), settings)
        except Invalid as error:
            detail = error.field.removeprefix("details.").replace("_", " ")
            findings.append(Diagnostic(Severity.ERROR, f"The test's {detail} {error.message}."))
    return plan, findings


def _as_asked(run: Run, plan: Plan, settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan with what the run says otherwise, and what there is to say about it then."""
    try:
        plan = plan_for(run, plan)
    except ValueError as error:
        told = f"runSpecificDetails.virtualUserCount is {run.details.users}, but {error}."
        return None, [Diagnostic(Severity.ERROR, told)]
    plan, found = scripts_for(run, plan, settings.scripts)
    return plan, [*found, *check_plan(plan)]


def _unsupported(run: Run, drop: Drop | None) -> list[Diagnostic]:
    details = run.details
    found = []
    if drop is None:
        found.append(f"The test drop '{run.drop_id}' of this run does not exist any more. Create a drop and a run for it.")
    if run.kind is RunKind.JMETER:
        found.append("The run is of the type jMeterLoadTest, which this version does not run. Use a .loadtest or plan.yaml.")
    if details.agent_group and not is_default(details.agent_group):
        found.append(
            f"The agent group '{details.agent_group[:200]}' has no agents: this version generates the load on the machine "
            f"of the service, which is in the group '{DEFAULT_GROUP}'. Name that group, or leave out staticAgentRunSettings."
        )
    return [Diagnostic(Severity.ERROR, text) for text in found]
