from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headrace.api.wire.definitions import read_definition, write_definition
from headrace.api.wire.requests import LoadTestDefinition, RunSpecificDetails, TestRun, TestRunChange
from tests.api.server import DEFINITION


@given(st.integers(1, 10**9), st.sampled_from([int, str, float, lambda n: f" {n} ", lambda n: f"+{n}"]))
def test_a_number_is_read_in_every_form(number: int, form: Any) -> None:
    assert RunSpecificDetails.model_validate({"duration": form(number)}).duration == number


@pytest.mark.parametrize("value", [True, "1.5", 1.5, "", "1e3", "0x10", "١", [], {}, "1_000"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        RunSpecificDetails.model_validate({"duration": value})


@given(st.data())
def test_names_are_read_in_any_case(data: st.DataObject) -> None:
    name = "".join(data.draw(st.sampled_from([c.upper(), c.lower()])) for c in "runSpecificDetails")
    run = TestRun.model_validate({"NAME": "a", name: {"VIRTUALUSERCOUNT": 3}})
    assert run.run_specific_details.virtual_user_count == 3


def test_null_is_as_absent_and_unknown_members_are_ignored() -> None:
    change = TestRunChange.model_validate({"state": None, "retentionState": None, "links": {"a": 1}})
    assert (change.state, change.retention_state) == (None, None)


def test_our_own_spelling_of_a_name_is_not_the_wires() -> None:
    assert RunSpecificDetails.model_validate({"virtual_user_count": 3}).virtual_user_count is None


def test_a_definition_comes_back_as_it_was_sent() -> None:
    sent = {**DEFINITION, "thinkTime": 2, "verifyCertificates": False, "requestTimeout": 1.5}
    sent["loadGenerationGeoLocations"] = [{"location": "Default", "percentage": 100}]
    assert write_definition(read_definition(LoadTestDefinition.model_validate(sent))) == sent
