"""The performance counters that a load test can have thresholds on (reference: visual-studio-formats, 7.1 and 7.2).

Names are given in the language of the author's Visual Studio, not all of them and not in all versions. Categories are in
English, and the list of a category's counters is always the same: so what a name means is seen by its place.
"""

from collections.abc import Sequence

from headrace.plan.counter_names import AGENT_COUNTERS, LOAD_TEST_COUNTERS

# The load test's own, in the order of the files.
_OF_THE_TEST = {
    "LoadTest:Scenario": ("User Load", "Tests Running"),
    "LoadTest:Test": (
        "Total Tests",
        "Passed Tests",
        "Failed Tests",
        "Tests/Sec",
        "Passed Tests/Sec",
        "Failed Tests/Sec",
        "Avg. Requests/Test",
        "Avg. Test Time",
        "% Time in LoadTestPlugin",
        "% Time in WebTest code",
        "% Time in Rules",
    ),
    "LoadTest:Transaction": (
        "Total Transactions",
        "Avg. Transaction Time",
        "Avg. Response Time",
        "Transactions/Sec",
    ),
    "LoadTest:Errors": (
        "Http Errors",
        "Validation Rule Errors",
        "Extraction Rule Errors",
        "Requests Timed Out",
        "Exceptions",
        "Total Errors",
        "Errors/Sec",
        "Threshold Violations/Sec",
    ),
    "LoadTest:Page": (
        "Total Pages",
        "Avg. Page Time",
        "Page Response Time Goal",
        "% Pages Meeting Goal",
        "Pages/Sec",
    ),
    "LoadTest:Request": (
        "Total Requests",
        "Passed Requests",
        "Failed Requests",
        "Cached Requests",
        "Requests/Sec",
        "Passed Requests/Sec",
        "Failed Requests/Sec",
        "Avg. First Byte Time",
        "Avg. Response Time",
        "Avg. Connection Wait Time",
        "Avg. Content Length",
    ),
    "LoadTest:LogEntries": ("Total Log Entries", "Log Entries/Sec"),
}
_MEASURED = {**LOAD_TEST_COUNTERS, **AGENT_COUNTERS}
_CATEGORIES = {category.casefold(): category for category in (*_OF_THE_TEST, *AGENT_COUNTERS)}


def is_of_the_test(category: str) -> bool:
    """Whether a category's counters are the load test's own, not a machine's."""
    return category.casefold().startswith("loadtest:")


def measured_counter(category: str, names: Sequence[str], place: int) -> tuple[str, str] | None:
    """The category and counter, in English, of the name at a place among those of a category; None: it is not measured."""
    known = _CATEGORIES.get(category.strip().casefold(), "")
    wanted = names[place].strip().casefold()
    ours = _OF_THE_TEST.get(known, ()) or AGENT_COUNTERS.get(known, ())
    name = next((each for each in ours if each.casefold() == wanted), None)
    if name is None and _in_usual_order(names, _OF_THE_TEST.get(known, ())):
        name = ours[place]
    return (known, name) if name is not None and name in _MEASURED.get(known, ()) else None


def _in_usual_order(names: Sequence[str], usual: Sequence[str]) -> bool:
    """Whether these are the usual names of a category, but for some that are translated."""
    english = {name.casefold() for name in usual}
    given = [name.strip().casefold() for name in names]
    return len(names) == len(usual) and all(
        name == expected.casefold() or name not in english for name, expected in zip(given, usual, strict=True)
    )
