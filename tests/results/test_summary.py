import msgspec

from headrace.results.summary import PERCENTILES, RequestSummary, ScenarioSummary, Summary, summarize
from headrace.ticks.histogram import bucket_of, bucket_top
from headrace.ticks.tick import Name, RequestStats, Tick
from tests.results.build import iterations, pages, requests


def name(item: str) -> Name:
    return Name("shop", "buy", item)


def test_a_run_without_anything_is_all_zeros_and_empty_lists() -> None:
    summary = summarize(Tick(0, 0.0), 0, 0)
    assert summary == Summary()
    assert summary.request.per_second == 0.0
    assert summary.request.percentiles == ((50, 0.0), (75, 0.0), (90, 0.0), (95, 0.0), (99, 0.0))
    assert summary.slowest_requests == summary.slowest_pages == summary.slowest_tests == ()


def test_the_overall_request_is_all_requests_together() -> None:
    total = Tick(0, 20.0, requests={name("/a"): requests(10, 30, failed=1), name("/b"): requests(50)}, abandoned=2)
    assert summarize(total, 3, 8) == Summary(
        elapsed=20.0,
        abandoned=2,
        scenario=ScenarioSummary("", 3, 8),
        request=RequestSummary(
            total=3,
            passed=2,
            failed=1,
            per_second=0.15,
            mean_response_time=0.03,
            percentiles=seconds(30, 50, 50, 50, 50),
            mean_service_time=0.029,
            service_percentiles=seconds(29, 49, 49, 49, 49),
        ),
        slowest_requests=(
            RequestSummary("/b", "buy", "shop", 1, 1, 0, 0.05, 0.05, seconds(*[50] * 5), 0.049, seconds(*[49] * 5)),
            RequestSummary(
                "/a",
                "buy",
                "shop",
                2,
                1,
                1,
                0.1,
                0.02,
                seconds(10, 30, 30, 30, 30),
                0.019,
                seconds(9, 29, 29, 29, 29),
            ),
        ),
    )


def test_the_five_slowest_come_slowest_first_by_their_mean() -> None:
    total = Tick(0, 1.0)
    for index, milliseconds in enumerate((30, 10, 60, 20, 50, 40)):
        total.requests[name(f"/{index}")] = requests(milliseconds)
        total.pages[name(f"/{index}")] = pages(milliseconds)
        total.tests[Name("shop", f"t{index}", "")] = iterations(milliseconds)
    summary = summarize(total, 0, 0)
    assert [request.name for request in summary.slowest_requests] == ["/2", "/4", "/5", "/0", "/3"]
    assert [page.name for page in summary.slowest_pages] == ["/2", "/4", "/5", "/0", "/3"]
    assert [test.name for test in summary.slowest_tests] == ["t2", "t4", "t5", "t0", "t3"]


def test_one_slow_request_does_not_make_an_item_slow() -> None:
    total = Tick(0, 1.0, requests={name("/rare"): requests(*[1] * 9, 100), name("/even"): requests(20)})
    assert [request.name for request in summarize(total, 0, 0).slowest_requests] == ["/even", "/rare"]


def test_a_tests_summary_counts_its_iterations() -> None:
    total = Tick(0, 1.0, tests={Name("shop", "buy", ""): iterations(100, 300, failed=1)})
    (test,) = summarize(total, 0, 0).slowest_tests
    assert (test.name, test.scenario, test.total, test.passed, test.failed, test.mean_time) == ("buy", "shop", 2, 1, 1, 0.2)


def test_pages_meet_their_goal_where_there_is_none() -> None:
    summary = summarize(Tick(0, 1.0, pages={name("Home"): pages(100)}), 0, 0)
    assert summary.page.percent_meeting_goal == summary.slowest_pages[0].percent_meeting_goal == 100
    assert (summary.page.name, summary.page.total, summary.page.mean_time) == ("", 1, 0.1)


def test_a_request_that_never_was_sent_has_no_service_time() -> None:
    failed = requests(10, failed=1)
    total = Tick(0, 1.0, requests={name("/"): RequestStats(0, 1, failed.response)})
    assert summarize(total, 0, 0).request.service_percentiles == tuple((percent, 0.0) for percent in PERCENTILES)


def test_a_summary_survives_being_kept_as_json() -> None:
    summary = summarize(Tick(0, 7.0, requests={name("/a"): requests(10, 30)}, pages={name("/a"): pages(7)}), 1, 2)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(summary)), Summary) == summary


def seconds(*milliseconds: int) -> tuple[tuple[int, float], ...]:
    """The percentiles with the tops of the buckets of these values; the highest is exact."""
    highest = max(milliseconds) * 1000
    tops = [min(bucket_top(bucket_of(ms * 1000)), highest) / 1e6 for ms in milliseconds]
    return tuple(zip(PERCENTILES, tops, strict=True))
