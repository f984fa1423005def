"""Drops made from a plan.yaml, which is checked as far as it can be before a run."""

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.readers.plan_yaml import read_plan
from headrace.runs.definition import definition_of, details_of
from headrace.runs.drops import Drops
from headrace.runs.errors import Invalid
from headrace.runs.limits import check_details
from headrace.runs.model import Drop, DropKind, Identity
from headrace.settings import Settings

_MOST_TOLD = 5


def create_plan_drop(
    drops: Drops,
    settings: Settings,
    organization: str,
    text: str,
    by: Identity,
    at: datetime,
    *,
    called: str,
    given: dict[str, Any] | None = None,
) -> Drop:
    """A drop of this plan; what it comes to goes before what a definition `given` beside it says.

    Raises Invalid, of the field `plan`; its message calls the text `called` where it tells a place in it.
    """
    plan, findings = read_plan(text, called, settings.targets)
    if plan is not None:
        findings = [*findings, *check_plan(plan)]
    errors = [finding.message for finding in findings if finding.severity is Severity.ERROR]
    if plan is None or errors:
        more = f" And {len(errors) - _MOST_TOLD} more" if len(errors) > _MOST_TOLD else ""
        raise Invalid("plan", f"cannot be run. {' '.join(errors[:_MOST_TOLD])}{more}".removesuffix("."))
    kept = {**(given or {}), **definition_of(plan)}
    try:
        check_details(replace(details_of(kept), warm_up=ceil(plan.warm_up)), settings)
    except Invalid as error:
        raise Invalid("plan", f"{error.field.removeprefix('details.')} {error.message}") from None
    return drops.create(organization, DropKind.IN_PLACE, kept, at, text, by=by)
