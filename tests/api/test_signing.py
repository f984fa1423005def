from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from headrace.api.failures import ApiError
from headrace.api.signing import VALID_FOR, check, load_key, sign
from tests.api.server import START

KEY = b"k" * 32


def test_a_signature_permits_reading_its_path_until_it_expires() -> None:
    query = dict(parse_qsl(sign(KEY, "/a/b", START)))
    check(KEY, "/a/b", query, START)
    check(KEY, "/a/b", query, START + VALID_FOR - timedelta(seconds=2))
    with pytest.raises(ApiError, match="expired"):
        check(KEY, "/a/b", query, START + VALID_FOR)


@pytest.mark.parametrize(
    "alter",
    [
        lambda key, path, query: (b"x" * 32, path, query),
        lambda key, path, query: (key, path + "c", query),
        lambda key, path, query: (key, path, {**query, "se": "2999-01-01T00:00:00Z"}),
        lambda key, path, query: (key, path, {**query, "sig": ""}),
        lambda key, path, query: (key, path, {}),
    ],
)
def test_a_signature_permits_nothing_else(alter: Callable[..., tuple[bytes, str, dict[str, str]]]) -> None:
    with pytest.raises(ApiError, match="does not fit") as refusal:
        check(*alter(KEY, "/a/b", dict(parse_qsl(sign(KEY, "/a/b", START)))), START)
    assert refusal.value.status == 403


@given(st.dictionaries(st.sampled_from(["se", "sig", "sv", "sr"]), st.text()), st.text())
def test_no_other_text_is_a_signature(query: dict[str, str], path: str) -> None:
    with pytest.raises(ApiError):
        check(KEY, path, query, START)


def test_a_database_has_one_key_and_another_has_another(database: Engine, api_database: Engine) -> None:
    key = load_key(database)
    assert len(key) == 32
    assert load_key(database) == key
    assert load_key(api_database) != key


def test_processes_that_start_at_once_get_the_same_key(database: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: load_key(database), range(8)))
    assert len(keys) == 1
