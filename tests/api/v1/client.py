"""A client of `/api/v1` on the server of the API's tests."""

from typing import Any

from httpx2 import Response

from headrace.runs.access import Role, Scope
from headrace.runs.tokens import Grant
from tests.api.server import Server

PLAN = """\
name: Shop
duration: 60s
tests:
- name: Buy
  steps:
  - step: request
    url: http://site.test/
scenarios:
- name: Buyers
  mix:
  - {test: Buy}
  load: {shape: constant, users: 5}
"""


class Client:
    def __init__(self, server: Server) -> None:
        self.server = server

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> Response:
        headers = {"Authorization": f"Bearer {token or self.server.token}"}
        return self.server.stranger.request(method, path, params=query or None, json=body, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", f"/api/v1{path}", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The problem, which is checked for its shape."""
        answer = self.ask(method, f"/api/v1{path}", body, **query)
        assert answer.status_code >= 400, answer.text
        return problem(answer)

    def run(self, **members: Any) -> Any:
        answer = self.ask("POST", "/api/v1/runs", {"plan": PLAN, **members})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def token(self, organization: str, role: Role, *scopes: Scope) -> str:
        """The secret of a new token."""
        name = f"{organization} {role} {' '.join(scopes)}"
        secret, _ = self.server.services.tokens.create(name, self.server.time, Grant(organization, role, frozenset(scopes)))
        return secret


def problem(answer: Response) -> Any:
    """The problem of an answer; fails where it is none as in RFC 9457."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert set(found) == {"type", "title", "status", "detail"}
    assert found["status"] == answer.status_code
    assert found["type"].startswith("urn:headrace:problem:")
    return found
