import msgspec
from hypothesis import given

from headrace.results.errors import ErrorDetail, Errors, ErrorSubtype, ErrorType, error_tree
from headrace.ticks.tick import ErrorName, ErrorStats, Tick
from tests.ticks.strategies import ticks

NOT_FOUND = ErrorName("HttpError", "404 - NotFound", "shop", "buy", "http://site/a", "GET", "404 - NotFound")
ALSO_NOT_FOUND = NOT_FOUND._replace(url="http://site/b", method="POST")
BROKEN = ErrorName("HttpError", "500 - InternalServerError", "shop", "buy", "http://site/a", "GET", "500")
TIMEOUT = ErrorName("Timeout", "RequestTimeout", "shop", "buy", "http://site/a", "GET", "too slow")

whole = error_tree(
    {
        TIMEOUT: ErrorStats(2, 5.0),
        BROKEN: ErrorStats(3, 6.0),
        NOT_FOUND: ErrorStats(1, 7.0),
        ALSO_NOT_FOUND: ErrorStats(4, 8.0),
    }
)


def test_a_run_without_errors_has_an_empty_tree() -> None:
    assert error_tree({}) == Errors(0, ())


def test_errors_are_ordered_by_how_often_they_happened_and_add_up() -> None:
    a = ErrorDetail(1, "buy", "shop", "http://site/a", "GET", "404 - NotFound", 7.0)
    b = ErrorDetail(4, "buy", "shop", "http://site/b", "POST", "404 - NotFound", 8.0)
    broken = ErrorDetail(3, "buy", "shop", "http://site/a", "GET", "500", 6.0)
    late = ErrorDetail(2, "buy", "shop", "http://site/a", "GET", "too slow", 5.0)
    assert whole == Errors(
        10,
        (
            ErrorType(
                "HttpError",
                8,
                (ErrorSubtype("404 - NotFound", 5, (b, a)), ErrorSubtype("500 - InternalServerError", 3, (broken,))),
            ),
            ErrorType("Timeout", 2, (ErrorSubtype("RequestTimeout", 2, (late,)),)),
        ),
    )


def test_errors_as_frequent_as_each_other_are_ordered_by_name() -> None:
    tree = error_tree({NOT_FOUND._replace(kind=kind): ErrorStats(1) for kind in "bca"})
    assert [error_type.name for error_type in tree.types] == ["a", "b", "c"]


def test_a_type_filter_leaves_its_branch_in_any_case() -> None:
    assert whole.only("httperror") == Errors(8, whole.types[:1])


def test_a_subtype_filter_leaves_its_branch_and_its_sums() -> None:
    only = whole.only("HttpError", "500 - INTERNALSERVERERROR")
    assert only == Errors(3, (ErrorType("HttpError", 3, whole.types[0].subtypes[1:]),))


def test_a_filter_that_nothing_matches_leaves_nothing() -> None:
    assert whole.only("HttpError", "Timeout") == whole.only("Exception") == Errors()


def test_no_filter_leaves_all() -> None:
    assert whole.only() == whole


@given(ticks(second=0))
def test_occurrences_are_sums_all_the_way_up(tick: Tick) -> None:
    tree = error_tree(tick.errors)
    assert tree.occurrences == sum(stats.count for stats in tick.errors.values())
    for error_type in tree.types:
        assert error_type.occurrences == sum(subtype.occurrences for subtype in error_type.subtypes)
        for subtype in error_type.subtypes:
            assert subtype.occurrences == sum(detail.occurrences for detail in subtype.details)


def test_a_tree_survives_being_kept_as_json() -> None:
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(whole)), Errors) == whole
