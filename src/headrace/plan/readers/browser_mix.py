"""Reads which browsers the users of a scenario present themselves as: names of the old service, and weights."""

from collections.abc import Sequence
from math import isfinite

from msgspec.structs import replace

from headrace.plan.browsers import DEFAULT, find_browser
from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.model import Browser, BrowserShare
from headrace.plan.step_checks import shown


def read_browsers(
    browsers: Sequence[tuple[str, float]], diagnostics: list[Diagnostic], place: str = "browsers"
) -> tuple[BrowserShare, ...]:
    """The browsers of these names and weights; without any, the default one. Adds to the diagnostics what is wrong."""
    if not browsers:
        return (BrowserShare(DEFAULT, 100.0),)
    shares = []
    for index, (name, weight) in enumerate(browsers):
        where = f"{place}[{index}]"
        if not (isfinite(weight) and weight >= 0):
            diagnostics.append(_error(f"{where}, {shown(name)}, has the weight {weight}; give 0 or more"))
        elif weight > 0:
            shares.append(BrowserShare(_read_browser(name, diagnostics), weight))
    if all(weight == 0 for _, weight in browsers):
        diagnostics.append(_error(f"{place} has no weight above 0; give at least one browser a share of the users"))
    return tuple(shares)


def _read_browser(name: str, diagnostics: list[Diagnostic]) -> Browser:
    known = find_browser(name)
    if known is not None:
        return known
    diagnostics.append(
        Diagnostic(
            Severity.WARNING,
            f"the browser {shown(name)} is not known; its users send the headers of the default browser",
        )
    )
    return replace(DEFAULT, name=name)


def _error(message: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, message)
