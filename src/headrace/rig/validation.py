"""From a run to the Plan that it asks for, or to the reasons why it cannot run here."""

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Diagnostic, Severity, forbid_running
from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.url_test import read_url_test
from headrace.runs.definition import plan_for, url_test_of
from headrace.runs.model import Drop, DropKind, Run, RunKind
from headrace.settings import Settings


def plan_of(run: Run, drop: Drop | None, settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan, or None where one of the findings forbids to run; the findings come either way."""
    findings = _unsupported(run, drop)
    if forbid_running(findings) or drop is None or drop.definition is None:
        return None, findings
    if drop.plan is not None:
        return _read_plan(run, drop.plan, settings)
    plan, more = read_url_test(url_test_of(run, drop.definition, settings.request_timeout), settings.targets)
    findings += more
    return (None if forbid_running(findings) else plan), findings


def _read_plan(run: Run, text: str, settings: Settings) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a drop as the run is to execute it, judged again: the operator's rules may have changed meanwhile."""
    plan, findings = read_plan(text, "headracePlan", settings.targets)
    if plan is None:
        return None, findings
    try:
        plan = plan_for(run, plan)
    except ValueError as error:
        told = f"runSpecificDetails.virtualUserCount is {run.details.users}, but {error}."
        return None, [*findings, Diagnostic(Severity.ERROR, told)]
    findings = [*findings, *check_plan(plan)]
    return (None if forbid_running(findings) else plan), findings


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
    for name, command in (("setupCommand", details.setup_command), ("cleanupCommand", details.cleanup_command)):
        if command:
            found.append(f"testSettings.{name} is '{command[:200]}': scripts are not run by this version. Leave it empty.")
    if details.agent_group:
        found.append(
            f"The agent group '{details.agent_group[:200]}' does not exist: this version generates the load on the machine "
            "of the service. Leave out staticAgentRunSettings."
        )
    return [Diagnostic(Severity.ERROR, text) for text in found]
