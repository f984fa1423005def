"""Any load shape that the plan checker lets pass, for property tests; durations are such that they do not come out even."""

from hypothesis import strategies as st

from headrace.plan.load import Arrivals, ClosedLoad, Constant, Part, RateStage, Sequence, Spacing, Stage, Stages, Steps, Sum
from headrace.plan.segment import Segment

users = st.integers(0, 60)
durations = st.one_of(
    st.just(0.0), st.integers(0, 60).map(float), st.floats(0, 60), st.sampled_from([0.1, 0.3, 1 / 3, 1e-9])
)


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    every = draw(st.one_of(st.integers(1, 30).map(float), st.floats(0.001, 30)))
    ramp = draw(st.one_of(st.just(0.0), st.just(every), st.floats(0, every)))
    initial = draw(users)
    return Steps(initial, draw(users), every, initial + draw(users), ramp)


_simple = st.one_of(
    st.builds(Constant, users),
    steps(),
    st.builds(Stages, st.lists(st.builds(Stage, durations, users), max_size=5).map(tuple), users),
)


def _compose(loads: st.SearchStrategy[ClosedLoad]) -> st.SearchStrategy[ClosedLoad]:
    return st.one_of(
        st.builds(Sequence, st.lists(st.builds(Part, durations, loads), min_size=1, max_size=4).map(tuple)),
        st.builds(Sum, st.lists(loads, min_size=1, max_size=4).map(tuple)),
    )


closed_loads: st.SearchStrategy[ClosedLoad] = st.recursive(_simple, _compose, max_leaves=6)

rates = st.one_of(st.just(0.0), st.integers(0, 20).map(float), st.floats(0, 20), st.sampled_from([0.07, 1 / 3, 1e-6]))


def open_loads(spacing: st.SearchStrategy[Spacing] = st.sampled_from(Spacing)) -> st.SearchStrategy[Arrivals]:  # noqa: B008
    stages = st.lists(st.builds(RateStage, durations, rates), max_size=5).map(tuple)
    return st.builds(Arrivals, rates, st.just(10), stages, spacing)


def split(count: int) -> list[Segment]:
    return [Segment(index, count) for index in range(count)]
