"""Think profiles: what a scenario makes of the think times of its tests (reference: visual-studio-formats, 5.3)."""

from dataclasses import dataclass

from headrace.plan.pauses import Normal, Pause
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.xml_tree import Element

USUAL_DEVIATION = 0.2


@dataclass(frozen=True, slots=True)
class ThinkProfile:
    """`on`: users think at all. `deviation`: the standard deviation of a think time, as a share of it."""

    on: bool = True
    deviation: float = 0.0

    def pause(self, seconds: float) -> Pause:
        """The pause for a think time; one below 0 is none."""
        if not self.on or seconds <= 0:
            return 0.0
        return Normal(seconds, round(seconds * self.deviation, 9)) if self.deviation else seconds


def read_think_profile(reading: Reading, scenario: Element) -> ThinkProfile:
    """The profile of a scenario; without one think times are kept as they are."""
    element = scenario.first("ThinkProfile")
    if element is None:
        return ThinkProfile()
    reading.expect(element, ("Pattern", "Value"), ())
    pattern = reading.text(element, "Pattern", "On").strip()
    match pattern.lower():
        case "off":
            return ThinkProfile(on=False)
        case "on":
            return ThinkProfile()
        case "normaldistribution":
            return ThinkProfile(deviation=reading.number(element, "Value", USUAL_DEVIATION, 0, 100))
        case _:
            reading.error(element, f"Pattern is {shown(pattern)}; give Off, On or NormalDistribution")
            return ThinkProfile()
