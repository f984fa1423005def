"""The counters that a run measures, by category: what a threshold can be on.

What each counts is in `results/`, which reads these names nowhere: a test holds the two together.
"""

from collections.abc import Mapping

LOAD_TEST_COUNTERS: Mapping[str, tuple[str, ...]] = {
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
    ),
    "LoadTest:Transaction": (
        "Total Transactions",
        "Avg. Transaction Time",
        "Avg. Response Time",
        "Transactions/Sec",
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
    "LoadTest:Errors": (
        "Http Errors",
        "Validation Rule Errors",
        "Extraction Rule Errors",
        "Requests Timed Out",
        "Exceptions",
        "Total Errors",
        "Errors/Sec",
    ),
}
"""The load test's own, in Visual Studio's order, without `Threshold Violations/Sec`, which counts what thresholds find."""

AGENT_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "Processor": ("% Processor Time", "% User Time", "% Privileged Time"),
    "Memory": ("Available MBytes", "% Committed Bytes In Use"),
    "Network Interface": ("Bytes Total/sec", "Bytes Sent/sec", "Bytes Received/sec", "Current Bandwidth"),
}
"""Of each agent's machine."""
