from headrace.cli.durations import show_duration


def test_durations_are_shown_as_a_clock() -> None:
    assert show_duration(float("inf")) == "inf seconds"
    assert [show_duration(seconds) for seconds in (-1, 0, 59.6, 3661)] == ["0:00:00", "0:00:00", "0:01:00", "1:01:01"]
