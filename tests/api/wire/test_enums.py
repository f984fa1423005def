from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.wire.enums import (
    DROP_KIND,
    MACHINES,
    PLATFORM,
    RETENTION,
    RUN_KIND,
    SEVERITY,
    SOURCE,
    STATE,
    SUBSTATE,
    Machines,
    Platform,
    Spelling,
)
from headrace.runs.model import DropKind, Retention, RunKind, Severity, Source, State, Substate

TABLES: list[tuple[Spelling[Any], type[StrEnum]]] = [
    (STATE, State),
    (SUBSTATE, Substate),
    (RETENTION, Retention),
    (RUN_KIND, RunKind),
    (DROP_KIND, DropKind),
    (SEVERITY, Severity),
    (SOURCE, Source),
    (PLATFORM, Platform),
    (MACHINES, Machines),
]


@pytest.mark.parametrize(("spelling", "members"), TABLES)
def test_every_member_is_read_by_name_in_any_case_by_number_and_by_number_in_text(
    spelling: Spelling[Any], members: type[StrEnum]
) -> None:
    for number, member in enumerate(list(members) if spelling is not DROP_KIND else [DropKind.BLOB, DropKind.IN_PLACE]):
        name = spelling.write(member)
        for spelt in (name, name.upper(), name.lower(), f" {name} ", number, str(number)):
            assert spelling.read(spelt) is member


def test_the_numbers_are_those_of_the_published_enumerations() -> None:
    assert [STATE.read(number) for number in range(7)] == list(State)
    assert (STATE.write(State.IN_PROGRESS), SUBSTATE.write(Substate.VALIDATING)) == ("inProgress", "validatingTestRun")
    assert SUBSTATE.read(10) is Substate.PARTIAL_SUCCESS
    assert PLATFORM.read("x64") is PLATFORM.read(4) is Platform.AMD64
    assert SEVERITY.read(3) is Severity.WARNING
    assert SOURCE.read(4) is Source.APPLICATION_COUNTERS
    assert MACHINES.read("2") is Machines.OWN


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.integers(), st.lists(st.integers())))
def test_anything_else_is_refused_with_what_is_allowed(value: Any) -> None:
    try:
        known = STATE.read(value)
    except ValueError as error:
        assert str(error).endswith("is none of pending, queued, inProgress, stopping, completed, aborted, error")  # noqa: PT017
    else:
        assert isinstance(known, State)
        assert not isinstance(value, bool | float)
