"""What may be changed in a plan from outside, on the command line or by a run's details, without opening it."""

from typing import Any

from msgspec.structs import replace

from headrace.plan.load import Constant
from headrace.plan.model import Plan, Scenario


def override(
    plan: Plan,
    *,
    users: int | None = None,
    duration: float | None = None,
    warm_up: float | None = None,
    sampling_interval: int | None = None,
    verify: bool | None = None,
) -> Plan:
    """The plan with these values (None: as it is). Times are seconds; `verify` is of certificates.

    Raises ValueError where `users` is given and the plan is not one scenario with constant users: of several, or of a ramp,
    nobody could say which users are meant.
    """
    changes = {"duration": duration, "warm_up": warm_up, "sampling_interval": sampling_interval}
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if users is not None:
        given["scenarios"] = (_with_users(plan, users),)
    if verify is not None:
        given["tls"] = replace(plan.tls, verify=verify)
    return replace(plan, **given)


def _with_users(plan: Plan, users: int) -> Scenario:
    if len(plan.scenarios) != 1:
        raise ValueError(f"the plan has {len(plan.scenarios)} scenarios with users of their own; change them in the plan")
    scenario = plan.scenarios[0]
    if not isinstance(scenario.load, Constant):
        shape = type(scenario.load).__name__.lower()
        raise ValueError(f"the load of the plan's scenario has the shape '{shape}'; change its users in the plan")
    return replace(scenario, load=Constant(users))
