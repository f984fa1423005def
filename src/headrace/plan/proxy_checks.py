"""Whether a proxy can be one."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from headrace.plan.step_checks import shown
from headrace.plan.targets import TargetRule
from headrace.plan.urls import check_url


def judge_proxy(proxy: str, targets: TargetRule, place: str = "proxy") -> Iterator[str]:
    """What is wrong with a proxy, a sentence each; "" is none. The password is in no message."""
    if not proxy:
        return
    scheme, _, rest = proxy.partition("://")
    login, at, authority = rest.rpartition("@")
    form = "write it like http://host:port or http://user:password@host:port"
    if scheme.lower() != "http":
        yield f"{place} is no http:// address; {form}"
        return
    if at and ("" in (login.partition(":")[0], login.partition(":")[2])):
        yield f"{place} has a login without a user or a password; {form}"
    try:
        url = check_url(f"http://{authority}")
    except ValueError as error:
        yield f"{place}, {shown(authority)}, {error}"
        return
    if urlsplit(url).path != "/" or urlsplit(url).query:
        yield f"{place}, {shown(authority)}, has a path; {form}"
    refusal = targets.refuse_url(url)
    if refusal is not None:
        yield f"{place}, {shown(authority)}, must not be used: {refusal}"
