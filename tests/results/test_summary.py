from dataclasses import replace

import msgspec

from headrace.results.strain import Strain
from headrace.results.summary import (
    PERCENTILES,
    GeneratorSummary,
    MachineSummary,
    RequestSummary,
    ScenarioSummary,
    Summary,
    Timings,
    TransactionSummary,
    summarize,
)
from headrace.results.verdict import judge
from headrace.ticks.histogram import bucket_of, bucket_top
from headrace.ticks.tick import Health, Load, Name, PageStats, RequestStats, Tick
from tests.results.build import MB, histogram, iterations, machine, pages, requests, transactions


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


def test_pages_that_have_a_goal_meet_it_in_so_many_of_a_hundred_rounded_down() -> None:
    slow, quick = PageStats(2, 0, histogram(900, 900), goals=2), PageStats(4, 0, histogram(1, 1, 1, 1), goals=4, goals_met=4)
    summary = summarize(Tick(0, 1.0, pages={name("Pay"): slow, name("Home"): quick, name("Help"): pages(1)}), 0, 0)
    assert summary.page.percent_meeting_goal == 66
    assert [page.percent_meeting_goal for page in summary.slowest_pages] == [0, 100, 100]


def test_transactions_are_told_without_their_pauses_and_with_them() -> None:
    pay, look = transactions(40, 60, failed=1, pauses=30), transactions(90, pauses=85)
    summary = summarize(Tick(0, 1.0, transactions={name("Look"): look, name("Pay"): pay}), 0, 0)
    assert [transaction.name for transaction in summary.slowest_transactions] == ["Pay", "Look"]
    assert summary.slowest_transactions[0] == TransactionSummary(
        "Pay", "buy", "shop", 2, 0.02, 0.05, seconds(10, 30, 30, 30, 30), passed=1, failed=1
    )
    assert (summary.transaction.total, summary.transaction.passed, summary.transaction.failed) == (3, 2, 1)


def test_the_timings_of_connections_are_means_over_those_that_were_made() -> None:
    stats = replace(requests(10, 30, 50, 20), connects=2, dns_us=2000, connect_us=6000, tls_us=9000, cached=7)
    stats = replace(stats, first_byte_us=12_000, first_bytes=3, wait_us=8000, waits=4, sent_bytes=11, received_bytes=22)
    request = summarize(Tick(0, 1.0, requests={name("/"): stats}), 0, 0).request
    assert request.timings == Timings(2, 0.001, 0.003, 0.0045, 0.004, 0.002)
    assert (request.total, request.cached, request.sent_bytes, request.received_bytes) == (4, 7, 11, 22)


def test_a_summary_tells_how_the_generators_fared_and_what_that_makes_of_the_run() -> None:
    health = Health(30_000, 4_000_000, 2, 980_000, 5000, histogram(1, 1, 3), 90, 100, 5, 50)
    total = Tick(0, 2.0, load={"shop": Load(3, 3, due=10, dropped=4)}, health=health)
    strain = Strain(seconds=2, last=1, busy=1, late_us=30_000)
    summary = summarize(total, 0, 0, strain, lost=0.25)
    assert summary.generator == GeneratorSummary(
        processes=2,
        seconds=2,
        missing_seconds=0,
        busy_seconds=1,
        cpu_time=4.0,
        longest_loop_lag=0.03,
        longest_garbage_collection=0.005,
        scheduled_iterations=3,
        mean_send_lag=5 / 3000,
        send_lag=seconds(1, 3, 3, 3, 3),
        due=10,
        dropped=4,
        open_files=90,
        file_limit=100,
        ports=5,
        port_limit=50,
        lost=0.25,
    )
    assert summary.verdict == judge(total, strain, 0.25)


def test_a_request_that_never_was_sent_has_no_service_time() -> None:
    failed = requests(10, failed=1)
    total = Tick(0, 1.0, requests={name("/"): RequestStats(0, 1, failed.response)})
    assert summarize(total, 0, 0).request.service_percentiles == tuple((percent, 0.0) for percent in PERCENTILES)


def test_a_summary_survives_being_kept_as_json() -> None:
    total = Tick(0, 7.0, requests={name("/a"): requests(10, 30)}, pages={name("/a"): pages(7)}, abandoned=5)
    summary = summarize(total, 1, 2, Strain(seconds=6, last=6))
    assert summary.verdict is not None
    assert len(summary.verdict.reasons) == 2
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(summary)), Summary) == summary


def seconds(*milliseconds: int) -> tuple[tuple[int, float], ...]:
    """The percentiles with the tops of the buckets of these values; the highest is exact."""
    highest = max(milliseconds) * 1000
    tops = [min(bucket_top(bucket_of(ms * 1000)), highest) / 1e6 for ms in milliseconds]
    return tuple(zip(PERCENTILES, tops, strict=True))


def test_machines_are_told_by_their_processors_and_the_least_memory_that_was_free() -> None:
    total = Tick(0, 1.0, machines={"Agent0": machine(busy=0.5, free=300)})
    total.add_later(Tick(1, 2.0, machines={"Agent0": machine(busy=1.0, free=200)}))
    total.add_later(Tick(2, 3.0, machines={"Agent0": machine(busy=0.0, free=400)}))
    assert summarize(total, 0, 0).generator.machines == (MachineSummary("Agent0", 25.0, 200 * MB),)
