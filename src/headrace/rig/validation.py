"""From a run to the Plan that it asks for, or to the reasons why it cannot run here."""

from collections.abc import Mapping
from typing import Any

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.test_definition import read_test_definition
from headrace.plan.readers.url_test import read_url_test
from headrace.rig.asked_scripts import scripts_for
from headrace.runs.agents import DEFAULT_GROUP, is_default
from headrace.runs.defined_load import defined_load_of, unsupported
from headrace.runs.definition import plan_for, url_test_of
from headrace.runs.model import Drop, DropKind, Run, RunKind
from headrace.settings import Settings


def plan_of(run: Run, drop: Drop | None, settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan, or None where one of the findings forbids to run; the findings come either way."""
    findings = _unsupported(run, drop)
    if drop is None or drop.kind is DropKind.BLOB or drop.definition is None:
        return None, findings
    if drop.plan is not None:
        plan, more = _as_asked(run, *read_plan(drop.plan, "headracePlan", settings.targets), settings)
    elif drop.test_definition is not None:
        plan, more = _read_test_definition(run, drop.test_definition, settings)
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


def _read_test_definition(run: Run, content: Mapping[str, Any], settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    refusals = [Diagnostic(Severity.ERROR, told) for told in unsupported(content, settings.max_urls)]
    if refusals:
        return None, refusals
    load = defined_load_of(run, content, settings.request_timeout)
    return _as_asked(run, *read_test_definition(load, settings.targets), settings)


def _as_asked(
    run: Run, plan: Plan | None, findings: list[Diagnostic], settings: Settings
) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a drop as the run is to execute it, judged again: the operator's rules may have changed meanwhile."""
    if plan is None:
        return None, findings
    try:
        plan = plan_for(run, plan)
    except ValueError as error:
        told = f"runSpecificDetails.virtualUserCount is {run.details.users}, but {error}."
        return None, [*findings, Diagnostic(Severity.ERROR, told)]
    plan, more = scripts_for(run, plan, settings.scripts)
    return plan, [*findings, *more, *check_plan(plan)]


def _unsupported(run: Run, drop: Drop | None) -> list[Diagnostic]:
    details = run.details
    found = []
    if drop is None:
        found.append(f"The test drop '{run.drop_id}' of this run does not exist any more. Create a drop and a run for it.")
    elif drop.kind is DropKind.BLOB or drop.definition is None:
        found.append(
            f"The test drop '{drop.id}' is of the type TestServiceBlobDrop, whose files this version does not run. "
            "Use an InplaceDrop with a loadTestDefinition that lists URLs, or with a headracePlan."
        )
    if run.kind is RunKind.JMETER:
        found.append("The run is of the type jMeterLoadTest, which this version does not run. Use a URL test.")
    if details.agent_group and not is_default(details.agent_group):
        found.append(
            f"The agent group '{details.agent_group[:200]}' has no agents: this version generates the load on the machine "
            f"of the service, which is in the group '{DEFAULT_GROUP}'. Name that group, or leave out staticAgentRunSettings."
        )
    return [Diagnostic(Severity.ERROR, text) for text in found]
