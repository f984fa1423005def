"""runs/limits.py: what the details of a run may be."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.runs.errors import Invalid
from headrace.runs.limits import LOCATIONS, check_details
from headrace.runs.model import RunDetails
from headrace.settings import Settings

SETTINGS = Settings(max_users=1000, max_duration=3600)


def refuse(**details: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        check_details(replace(RunDetails(), **details), SETTINGS)
    return raised.value


def test_a_run_that_says_nothing_is_acceptable() -> None:
    check_details(RunDetails(), SETTINGS)


@pytest.mark.parametrize(
    ("detail", "value", "allowed"),
    [
        ("users", 0, "1 to 1000"),
        ("users", -5, "1 to 1000"),
        ("users", 1001, "1 to 1000"),
        ("users", 10**9, "1 to 1000"),
        pytest.param("users", 10**5000, "1 to 1000", id="users of 5000 digits"),
        ("duration", 0, "1 to 3600"),
        ("duration", 3601, "1 to 3600"),
        ("warm_up", -1, "0 to 3600"),
        ("warm_up", 3601, "0 to 3600"),
        ("sampling_interval", 0, "1 to 3600"),
        ("sampling_interval", 3601, "1 to 3600"),
        ("agents", -1, "0 to 100000"),
        ("cores", -1, "0 to 100000"),
        ("cores_per_agent", 100_001, "0 to 100000"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(detail: str, value: int, allowed: str) -> None:
    error = refuse(**{detail: value})
    assert error.field == f"details.{detail}"
    assert error.message.endswith(f"give {allowed}")
    assert len(error.message) < 100


@pytest.mark.parametrize(
    "details",
    [
        RunDetails(users=1, duration=1, warm_up=0, sampling_interval=1, agents=0, cores=0, cores_per_agent=0),
        RunDetails(users=1000, duration=3600, warm_up=3600, sampling_interval=3600, agents=100_000),
    ],
)
def test_the_ends_of_the_ranges_are_acceptable(details: RunDetails) -> None:
    check_details(details, SETTINGS)


@pytest.mark.parametrize(
    "detail", ["machines", "setup_command", "cleanup_command", "platform", "superseding_machines", "agent_group"]
)
def test_a_text_that_is_too_long_or_cannot_be_kept_is_refused_by_name(detail: str) -> None:
    for text, reason in (("x" * 1025, "at most 1024"), ("a\0", "U+0000 at position 1")):
        error = refuse(**{detail: text})
        assert error.field == f"details.{detail}"
        assert reason in error.message


@pytest.mark.parametrize(
    ("locations", "reason"),
    [
        ((("Atlantis", 100),), "names 'Atlantis'; known are Default, Australia East,"),
        ((("Default", 99),), "add up to 99 percent"),
        ((("Default", 60), ("West US", 60)), "add up to 120 percent"),
        ((("Default", 150), ("West US", -50)), "gives 'Default' 150 percent"),
        ((), "add up to 0 percent"),
    ],
)
def test_locations_are_known_labels_that_share_the_whole_load(locations: tuple[tuple[str, int], ...], reason: str) -> None:
    error = refuse(locations=locations)
    assert error.field == "details.locations"
    assert reason in error.message


@pytest.mark.parametrize("label", [*LOCATIONS, "west europe"])
def test_every_location_of_the_old_service_is_a_label(label: str) -> None:
    check_details(RunDetails(locations=((label, 100),)), SETTINGS)
