"""What each request does, in the terms of `runs/access.py`, and whether the token allows it."""

from fastapi import Request

from headrace.runs.access import Action, Holder, permit

_READING = ("GET", "HEAD", "OPTIONS")
# What the method alone does not tell.
_ACTIONS = {
    ("POST", "/_apis/clt/testruns/{run_id}/countersamples"): Action.READ,  # a question too long for a query
    # The agents are the service's own, and not one's own.
    ("DELETE", "/_apis/clt/agentgroups/{group_id}/agents"): Action.DELETE_OTHERS,
    ("GET", "/api/v1/audit"): Action.READ_AUDIT,
    ("GET", "/api/v1/tokens"): Action.READ_AUDIT,
    ("POST", "/api/v1/tokens"): Action.GRANT,
    ("DELETE", "/api/v1/tokens/{token_id}"): Action.GRANT,
    ("GET", "/api/v1/organizations"): Action.FOUND,
    ("POST", "/api/v1/organizations"): Action.FOUND,
}


def action_of(method: str, path: str) -> Action:
    """What a request to a route does; `path` is the route's, with its parameters by name."""
    return _ACTIONS.get((method, path), Action.READ if method in _READING else Action.RUN)


def check_permission(request: Request) -> None:
    """A dependency of every endpoint, so that no new one can forget it. Raises Forbidden.

    It comes before the body is looked at, and before what the path names is looked up.
    """
    holder: Holder | None = request.state.holder
    if holder is not None:  # else the endpoint is open to all, or has a permission in its link (see `app.py`)
        permit(holder, action_of(request.method, request.scope["route"].path))
