"""Web tests send what they mean: the requests that arrive are those of the goldens, and the results say what happened."""

from collections import Counter
from pathlib import Path

import pytest

from tests.engine.running import Outcome
from tests.replay.dialogue import Told, read_golden, tell, tell_arrived
from tests.replay.replaying import CORPUS, GOLDENS, of_corpus, replay

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
async def test_what_arrives_is_what_the_web_test_means(path: Path, tmp_path: Path) -> None:
    golden = read_golden(path)
    if of_corpus(golden) and not CORPUS.is_dir():
        pytest.skip("the web tests of others (../shared) are not here")
    arrived, outcome = await replay(golden, tmp_path)
    assert tell_arrived(arrived, golden.exchanges) == tell(golden.exchanges)
    assert as_told(outcome, golden.errors) == set(golden.errors)
    if golden.timed:
        assert {name.item: stats.total for name, stats in outcome.whole.transactions.items()} == golden.timed
    if golden.reported:
        assert outcome.by_name == golden.reported


def as_told(outcome: Outcome, told: list[Told]) -> set[Told]:
    """The errors in results, with their messages where the golden has them."""
    worded = {(one.kind, one.subkind) for one in told if one.message}
    counts: Counter[tuple[str, str, str]] = Counter()
    for error, count in outcome.errors.items():
        kind = error.kind, error.subkind
        counts[*kind, error.message if kind in worded else ""] += count
    return {Told(count, *names) for names, count in counts.items()}


def test_there_are_goldens_for_a_dozen_web_tests_of_others_and_half_a_dozen_of_our_own() -> None:
    tests = [read_golden(path) for path in GOLDENS]
    assert sum(map(of_corpus, tests)) >= 12
    assert sum(not of_corpus(test) for test in tests) >= 6
