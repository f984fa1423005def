"""visual_studio/think_profiles.py: what a scenario makes of think times."""

import pytest

from headrace.plan.pauses import Normal, Pause
from headrace.plan.readers.visual_studio.think_profiles import read_think_profile
from tests.plan.readers.visual_studio.load_test_files import messages, new_reading, tree


@pytest.mark.parametrize(
    ("element", "five_seconds"),
    [
        ('<ThinkProfile Value="0" Pattern="Off" />', 0.0),
        ('<ThinkProfile Value="0.2" Pattern="On" />', 5.0),
        ('<ThinkProfile Value="0.2" Pattern="NormalDistribution" />', Normal(5.0, 1.0)),
        ('<ThinkProfile Value="0.5" Pattern="normaldistribution" />', Normal(5.0, 2.5)),
        ('<ThinkProfile Pattern="NormalDistribution" />', Normal(5.0, 1.0)),
        ('<ThinkProfile Value="0" Pattern="NormalDistribution" />', 5.0),
        ("", 5.0),
    ],
)
def test_think_times_are_left_out_kept_or_spread(element: str, five_seconds: Pause) -> None:
    reading = new_reading()
    think = read_think_profile(reading, tree(f"<Scenario>{element}</Scenario>"))
    assert think.pause(5.0) == five_seconds
    assert think.pause(0.0) == think.pause(-5.0) == 0.0
    assert reading.findings == []


def test_what_makes_no_sense_is_an_error() -> None:
    reading = new_reading()
    for attributes in (
        'Pattern="Slow"',
        'Pattern="NormalDistribution" Value="much"',
        'Pattern="NormalDistribution" Value="-1"',
    ):
        read_think_profile(reading, tree(f"<Scenario><ThinkProfile {attributes} /></Scenario>"))
    assert messages(reading.findings) == [
        "Shop.loadtest, line 1, <ThinkProfile>: Pattern is 'Slow'; give Off, On or NormalDistribution.",
        "Shop.loadtest, line 1, <ThinkProfile>: Value is 'much'; give a number such as 0.5.",
        "Shop.loadtest, line 1, <ThinkProfile>: Value is -1; give 0 to 100.",
    ]
