"""Shared access signatures: nobody without the key makes one, changes one or prolongs one."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.blobs.sas import ALL, Denied, Grant, check, sign

KEY = b"k" * 32
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PLACE = "ets-containerfor-x/drop"
fields = st.sampled_from(["sv", "se", "sr", "si", "sp", "sig"])


def query(**options: str) -> dict[str, str]:
    signed = sign(KEY, PLACE, NOW, **options)
    assert signed.startswith("?sv=")
    return dict(parse_qsl(signed[1:]))


def test_it_looks_like_azures() -> None:
    asked = query()
    assert asked.pop("sig")
    assert asked == {"sv": "2018-03-28", "se": "2026-03-01T14:00:00Z", "sr": "c", "si": "drop_policy_drop", "sp": "rcwdl"}


def test_it_holds_for_two_hours() -> None:
    asked = query()
    assert check(KEY, PLACE, asked, NOW + timedelta(hours=1, minutes=59, seconds=59)) == Grant(ALL)
    with pytest.raises(Denied, match=r"expired at 2026-03-01T14:00:00Z\. GET the test drop"):
        check(KEY, PLACE, asked, NOW + timedelta(hours=2))


def test_it_holds_for_its_drop_and_its_key_alone() -> None:
    for key, place in (
        (b"x" * 32, PLACE),
        (KEY, PLACE + "2"),
        (KEY, "ets-containerfor-y/drop"),
        (KEY, "ets-containerfor-x/"),
    ):
        with pytest.raises(Denied, match="does not fit"):
            check(key, place, query(), NOW)


def test_one_for_a_file_holds_for_that_file_alone() -> None:
    asked = query(blob="a")
    assert asked["sr"] == "b"
    grant = check(KEY, PLACE, asked, NOW, "a")
    assert grant.allows("r", "a")
    for blob in ("", "b"):
        with pytest.raises(Denied):
            check(KEY, PLACE, asked, NOW, blob)
        with pytest.raises(Denied):
            check(KEY, PLACE, {**asked, "sr": "c"}, NOW, blob)


def test_it_allows_what_it_names() -> None:
    grant = check(KEY, PLACE, query(permissions="rl"), NOW)
    assert grant.allows("r", "a")
    assert grant.allows("rl", "")
    assert not grant.allows("cw", "a")
    assert not grant.allows("d", "a")


def test_other_parameters_are_passed_over() -> None:
    assert check(KEY, PLACE, {**query(), "api-version": "2018-03-28", "timeout": "90", "spr": "https"}, NOW) == Grant(ALL)


@given(field=fields, value=st.text())
def test_no_change_to_a_signature_passes(field: str, value: str) -> None:
    asked = query(permissions="r")
    assume(asked[field] != value)
    with pytest.raises(Denied):
        check(KEY, PLACE, {**asked, field: value}, NOW)


@given(st.dictionaries(fields | st.text(), st.text()))
def test_nothing_that_was_made_up_passes(asked: dict[str, str]) -> None:
    for blob in ("", "a"):
        with pytest.raises(Denied):
            check(KEY, PLACE, asked, NOW, blob)


@given(st.lists(fields, min_size=1, max_size=6, unique=True))
def test_nothing_passes_that_lacks_a_part(missing: list[str]) -> None:
    with pytest.raises(Denied):
        check(KEY, PLACE, {name: value for name, value in query().items() if name not in missing}, NOW)
