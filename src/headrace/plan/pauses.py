"""Pauses of a virtual user: how long it thinks."""

from headrace.plan.value import Value


class Uniform(Value, frozen=True, tag="uniform", tag_field="random"):
    """Any number of seconds from `low` to `high` is as likely as another; 0 <= low <= high."""

    low: float
    high: float


class Normal(Value, frozen=True, tag="normal", tag_field="random"):
    """Normally distributed around `mean` seconds; what falls below 0 is 0."""

    mean: float
    deviation: float


class Exponential(Value, frozen=True, tag="exponential", tag_field="random"):
    """Exponentially distributed with this mean, in seconds: memoryless, as between calls to a switchboard."""

    mean: float


# A number is a constant pause. Seconds.
Pause = float | Uniform | Normal | Exponential
