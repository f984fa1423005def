from headrace.results.bounds import FURTHER_ERRORS, OTHER_PAGES, OTHER_REQUESTS, OTHER_TRANSACTIONS, Bounds
from headrace.ticks.tick import ErrorName, ErrorStats, Name, Tick
from tests.results.build import example, pages, requests, transactions


def error(subkind: str, url: str, kind: str = "HttpError") -> ErrorName:
    return ErrorName(kind, subkind, "s", "t", url, "GET", "it failed")


def test_a_tick_within_the_bounds_is_left_as_it_is() -> None:
    tick = Tick(0, 1.0, requests={Name("s", "t", "/"): requests(1)}, errors={error("404", "/"): ErrorStats(1)})
    assert Bounds().fold(tick) is tick


def test_requests_pages_and_transactions_over_the_bound_add_up() -> None:
    tick = Tick(0, 1.0, abandoned=3, examples=[example()])
    for milliseconds in (1, 2, 3, 4):
        tick.requests[Name("s", "t", f"/{milliseconds}")] = requests(milliseconds)
        tick.pages[Name("s", "t", f"/{milliseconds}")] = pages(milliseconds)
        tick.transactions[Name("s", "t", f"/{milliseconds}")] = transactions(milliseconds)
    folded = Bounds(most_names=2).fold(tick)
    assert list(folded.requests) == [Name("s", "t", "/1"), Name("s", "t", "/2"), OTHER_REQUESTS]
    assert list(folded.pages) == [Name("s", "t", "/1"), Name("s", "t", "/2"), OTHER_PAGES]
    assert folded.requests[OTHER_REQUESTS] == requests(3, 4)
    assert folded.pages[OTHER_PAGES] == pages(3, 4)
    assert list(folded.transactions) == [Name("s", "t", "/1"), Name("s", "t", "/2"), OTHER_TRANSACTIONS]
    assert folded.transactions[OTHER_TRANSACTIONS] == transactions(3, 4)
    assert (folded.abandoned, folded.examples) == (3, [example()])


def test_a_name_that_was_let_through_stays() -> None:
    bounds = Bounds(most_names=1)
    known, late = Name("s", "t", "/"), Name("s", "t", "/late")
    bounds.fold(Tick(0, 1.0, requests={known: requests(1)}))
    assert list(bounds.fold(Tick(1, 2.0, requests={late: requests(1), known: requests(2)})).requests) == [
        OTHER_REQUESTS,
        known,
    ]


def test_folding_what_was_folded_changes_nothing() -> None:
    tick = Tick(0, 1.0, requests={Name("s", "t", f"/{number}"): requests(1) for number in range(5)})
    folded = Bounds(most_names=2).fold(tick)
    assert Bounds(most_names=2).fold(folded) is folded


def test_errors_over_the_bound_add_up_and_keep_their_kind() -> None:
    tick = Tick(0, 1.0, errors={error("404", f"/{number}"): ErrorStats(number, float(number)) for number in range(1, 5)})
    tick.errors[error("503", "/late")] = ErrorStats(7, 9.0)
    tick.errors[error("RequestTimeout", "/late", kind="Timeout")] = ErrorStats(8, 1.0)
    assert Bounds(most_errors=2).fold(tick).errors == {
        error("404", "/1"): ErrorStats(1, 1.0),
        error("404", "/2"): ErrorStats(2, 2.0),
        ErrorName("HttpError", "404", "", "", "", "", FURTHER_ERRORS): ErrorStats(7, 4.0),
        ErrorName("HttpError", FURTHER_ERRORS, "", "", "", "", FURTHER_ERRORS): ErrorStats(7, 9.0),
        ErrorName("Timeout", FURTHER_ERRORS, "", "", "", "", FURTHER_ERRORS): ErrorStats(8, 1.0),
    }
