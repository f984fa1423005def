"""Whether a run that ended passed: what decides between exit code 0 and 1."""

from dataclasses import dataclass
from typing import Any

from headrace.cli.progress import printable, show_time

VERDICTS = ("valid", "suspect", "invalid")
"""From good to bad."""

MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Criteria:
    """`max_failed` is the largest share of failed requests, 0 to 1; `max_p95` the longest p95 of the response time, in
    seconds; `fail_on_verdict` the mildest verdict that fails the run, `suspect` or `invalid`.

    Without them, a run passes when at least one request did, one user came to the end of a round, and no critical threshold
    of the plan was violated.
    """

    max_failed: float | None = None
    max_p95: float | None = None
    fail_on_verdict: str | None = None

    def violations(self, summary: dict[str, Any]) -> list[str]:
        """What the summary (as on the wire) does not meet, a sentence each."""
        requests = summary["overallRequestSummary"]
        total, failed = requests["totalRequests"], requests["failedRequests"]
        found = []
        if not requests["passedRequests"]:
            found.append("No request passed.")
        if not summary["overallTestSummary"]["totalTests"]:
            found.append("No user came to the end of a round: the targets did not answer in time.")
        if self.max_failed is not None and total and failed / total > self.max_failed:
            found.append(f"{failed / total:.2%} of the requests failed, more than {self.max_failed:.2%}.")
        p95 = next((entry["percentileValue"] for entry in requests["percentileData"] if entry["percentile"] == 95), 0.0)
        if self.max_p95 is not None and p95 > self.max_p95:
            found.append(f"The p95 of the response time is {show_time(p95)}, more than {show_time(self.max_p95)}.")
        found += _critical(summary)
        if self.fail_on_verdict is not None:
            found += _distrust(summary, self.fail_on_verdict)
        return found


def _critical(summary: dict[str, Any]) -> list[str]:
    """A sentence for each counter instance on which a critical threshold was violated, MOST_TOLD at most."""
    violated = summary.get("headrace", {}).get("violatedThresholds", ())
    critical = [each for each in violated if each["subType"] == "Critical"]
    found = [
        f"A critical threshold was violated {times_of(each['occurrences'])}, at last: {printable(each['latestMessage'])}"
        for each in critical[:MOST_TOLD]
    ]
    if len(critical) > MOST_TOLD:
        found.append(f"So were those of {len(critical) - MOST_TOLD} more counters.")
    return found


def times_of(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _distrust(summary: dict[str, Any], mildest: str) -> list[str]:
    told = summary.get("headrace", {})
    verdict = told.get("verdict")
    if verdict is None:
        return ["There is no verdict on the numbers: nothing was measured, or the service is too old to give one."]
    if VERDICTS.index(verdict) < VERDICTS.index(mildest):
        return []
    return [f"The numbers are {verdict}: {reason['message']}" for reason in told["reasons"] if reason["verdict"] == verdict]


def parse_verdict(text: str) -> str:
    """`suspect` or `invalid`. Raises ValueError."""
    if text not in VERDICTS[1:]:
        raise ValueError(f"'{text}' is no verdict that can fail a run; write suspect or invalid")
    return text


def parse_share(text: str) -> float:
    """0 to 1, from `1%` or `0.01`. Raises ValueError."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"'{text}' is no share; write it like 1% or 0.01")
    return share
