"""runs/test_definitions.py and runs/defined_load.py: where test definitions are kept, and what they come to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from headrace.plan.readers.test_definition import DefinedLoad, DefinedRequest, DefinedScenario, DefinedTest
from headrace.runs.defined_load import defined_load_of, details_of_drop, url_count
from headrace.runs.drops import Drops
from headrace.runs.errors import Invalid, NotFound
from headrace.runs.model import DefinitionKind, Drop, DropKind, Identity, Life, Run, RunDetails
from headrace.runs.test_definitions import TestDefinitions, drop_of, needs_files

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, BOB = Identity("1", "Ada"), Identity("2", "Bob")
VISUAL_STUDIO = DefinitionKind.VISUAL_STUDIO
CONTENT: dict[str, Any] = {
    "run_settings": {"duration": 60, "warm_up_duration": 10, "sampling_interval": 5, "load_generator_machines_type": "own"},
    "load_generation_geo_locations": [{"location": "East US", "percentage": 100}],
    "static_agent_run_settings": {"static_agent_group_name": "default"},
    "test_details": {
        "scenarios": [
            {
                "scenario_name": "Day",
                "load_pattern": {"user_load": 5, "load_pattern_type": "constant"},
                "browser_mixs": [{"browser_name": "Chrome 2", "browser_percentage": 40.0}],
                "test_mix": [
                    {
                        "test_name": "Buy",
                        "test_type": "urlTest",
                        "mix_percentage": 80.0,
                        "data_sources": [],
                        "url_list": [
                            {
                                "label": "One",
                                "service_url": "http://shop.test/1",
                                "http_method": {"method": "PUT"},
                                "http_version": {"major": 1, "minor": 1},
                                "request_headers": [{"name": "a", "value": "b"}],
                                "http_body": "text\0",
                            }
                        ],
                    }
                ],
            },
            {"load_pattern": {"user_load": 2}, "test_mix": [{"url_list": [{"service_url": "http://shop.test/2"}]}]},
        ]
    },
}


@pytest.fixture
def definitions(database: Engine) -> TestDefinitions:
    return TestDefinitions(database)


def test_a_definition_is_kept_with_everything_in_it(definitions: TestDefinitions) -> None:
    made = definitions.create("acme", "Shop", VISUAL_STUDIO, CONTENT, ADA, NOW)
    assert made.content == CONTENT
    assert (made.created_at, made.created_by, made.modified_at, made.modified_by) == (NOW, ADA, NOW, ADA)
    assert definitions.get("acme", made.id.upper()) == made


def test_another_organization_cannot_see_it(definitions: TestDefinitions) -> None:
    made = definitions.create("acme", "Shop", VISUAL_STUDIO, CONTENT, ADA, NOW)
    assert definitions.get("other", made.id) is None
    assert definitions.find("other") == []
    with pytest.raises(NotFound):
        definitions.replace("other", made.id, "Mine", VISUAL_STUDIO, {}, BOB, NOW)
    assert definitions.get("acme", made.id) == made


def test_replacing_it_leaves_who_made_it_and_when(definitions: TestDefinitions) -> None:
    made = definitions.create("acme", "Shop", VISUAL_STUDIO, CONTENT, ADA, NOW)
    later = NOW + timedelta(hours=1)
    replaced = definitions.replace("acme", made.id, "Market", DefinitionKind.JMETER, {"description": "new"}, BOB, later)
    assert (replaced.name, replaced.kind, replaced.content) == ("Market", DefinitionKind.JMETER, {"description": "new"})
    assert (replaced.created_at, replaced.created_by, replaced.modified_at, replaced.modified_by) == (NOW, ADA, later, BOB)
    assert definitions.get("acme", made.id) == replaced


@pytest.mark.parametrize("unknown", ["", "x", "6419a171-aead-4e12-8625-4c7ce99c4c5a"])
def test_an_unknown_one_cannot_be_replaced(definitions: TestDefinitions, unknown: str) -> None:
    with pytest.raises(NotFound):
        definitions.replace("acme", unknown, "Shop", VISUAL_STUDIO, {}, ADA, NOW)
    assert definitions.get("acme", unknown) is None


def test_they_are_found_by_when_they_were_made(definitions: TestDefinitions) -> None:
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    for hour, at in enumerate(hours):
        definitions.create("acme", f"Shop {hour}", VISUAL_STUDIO, CONTENT, ADA, at)

    def names(**wanted: Any) -> list[str]:
        return [definition.name for definition in definitions.find("acme", **wanted)]

    assert names() == ["Shop 0", "Shop 1", "Shop 2", "Shop 3"]
    assert names(after=hours[0], before=hours[3]) == ["Shop 1", "Shop 2"]
    assert names(top=2) == ["Shop 2", "Shop 3"]
    assert [definition.content for definition in definitions.find("acme")] == [{}] * 4, "a list of large ones is not large"
    for top in (0, 1001):
        with pytest.raises(Invalid):
            definitions.find("acme", top=top)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 257])
def test_a_name_that_is_none_is_refused(definitions: TestDefinitions, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        definitions.create("acme", name, VISUAL_STUDIO, {}, ADA, NOW)
    assert refused.value.field == "name"


def test_a_run_of_a_definition_gets_a_drop_of_what_it_says_now(definitions: TestDefinitions, database: Engine) -> None:
    drops = Drops(database)
    made = definitions.create("acme", "Shop", VISUAL_STUDIO, CONTENT, ADA, NOW)
    drop_id = drop_of(definitions, drops, "acme", made.id, ADA, NOW)
    definitions.replace("acme", made.id, "Shop", VISUAL_STUDIO, {}, ADA, NOW)
    drop = drops.get("acme", drop_id)
    assert drop is not None
    assert drop.kind is DropKind.IN_PLACE
    assert drop.test_definition == {"name": "Shop", **CONTENT}
    assert drop.definition == {
        "load_test_name": "Shop",
        "urls": ["http://shop.test/1", "http://shop.test/2"],
        "run_duration": 60,
        "max_vusers": 7,
        "sampling_rate": 5,
        "load_generation_geo_locations": [{"location": "East US", "percentage": 100}],
    }
    assert details_of_drop(drop) == RunDetails(
        users=7,
        duration=60,
        warm_up=10,
        sampling_interval=5,
        machines="own",
        agent_group="default",
        locations=(("East US", 100),),
    )


@pytest.mark.parametrize("organization", ["acme", "other"])
def test_what_is_no_definition_of_the_organization_stays_the_id_it_is(
    definitions: TestDefinitions, database: Engine, organization: str
) -> None:
    made = definitions.create("third", "Shop", VISUAL_STUDIO, CONTENT, ADA, NOW)
    assert drop_of(definitions, Drops(database), organization, made.id, ADA, NOW) == made.id


def test_the_load_is_the_definitions_with_what_the_run_asked_for() -> None:
    details = RunDetails(duration=30, warm_up=2, sampling_interval=3)
    run = Run("run", "acme", 1, "Shop", "drop", ADA, Life(NOW), NOW, details=details)
    assert defined_load_of(run, {"name": "Shop", **CONTENT}, 7) == DefinedLoad(
        "Shop",
        (
            DefinedScenario(
                "Day",
                5,
                (
                    DefinedTest(
                        "Buy",
                        (
                            DefinedRequest(
                                "http://shop.test/1", "One", "PUT", headers=[{"name": "a", "value": "b"}], body="text\0"
                            ),
                        ),
                        80.0,
                        data=[],
                    ),
                ),
                browsers=(("Chrome 2", 40.0),),
            ),
            DefinedScenario("Scenario", 2, (DefinedTest("WebScenario", (DefinedRequest("http://shop.test/2"),)),)),
        ),
        duration=30,
        warm_up=2,
        sampling_interval=3,
        request_timeout=7,
    )


def test_a_drop_without_a_definition_has_what_its_load_test_says() -> None:
    drop = Drop("drop", "acme", DropKind.IN_PLACE, NOW, {"max_vusers": 5, "run_duration": 9})
    assert details_of_drop(drop) == RunDetails(users=5, duration=9)


def test_what_needs_files_is_run_from_the_drop_of_its_own_id(definitions: TestDefinitions, database: Engine) -> None:
    file = {"test_details": {"visual_studio_load_test_file_name": "shop.loadtest"}}
    for kind, content in ((VISUAL_STUDIO, file), (DefinitionKind.JMETER, {}), (DefinitionKind.OLD_FILE, {})):
        made = definitions.create("acme", "Shop", kind, content, ADA, NOW)
        assert needs_files(made)
        assert drop_of(definitions, Drops(database), "acme", made.id, ADA, NOW) == made.id


def test_the_urls_of_all_tests_are_counted() -> None:
    assert url_count(CONTENT) == 2
    assert url_count({}) == 0
