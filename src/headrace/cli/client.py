"""A client of the service's REST API, as any other: what the command line knows of a run, it knows from here."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

_VERSION = {"api-version": "7.1"}
_TIMEOUT = 30.0


class ClientError(Exception):
    """The service could not be reached or refused; the message is for the user."""


class RefusedError(ClientError):
    """The service does not take what was asked for (400): another request is needed, not another try."""


@dataclass(frozen=True, slots=True)
class UrlTest:
    """What `headrace run` was asked for. Times are seconds."""

    urls: tuple[str, ...]
    users: int
    duration: float
    think_time: float = 0.0
    warm_up: float = 0.0
    verify_certificates: bool = True
    sampling_interval: int = 1
    name: str = "headrace-run.loadtest"


@dataclass(frozen=True, slots=True)
class PlanTest:
    """A plan.yaml that `headrace run` was given, its data files read into it. Times are seconds."""

    text: str
    name: str
    duration: float


LoadTest = UrlTest | PlanTest


class Client:
    """Talks to the service at `base` (with the organization, if any) with a token; over `transport`, or the network."""

    def __init__(self, base: str, token: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.base = base.rstrip("/")
        self._refusal = "" if transport else f"The service at {self.base} refused: "
        self._http = httpx2.AsyncClient(
            auth=("", token), params=_VERSION, timeout=_TIMEOUT, transport=transport, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create_run(self, test: LoadTest) -> dict[str, Any]:
        """Creates a drop with the test and a run of it; the run as on the wire."""
        if isinstance(test, PlanTest):
            return await self._create_run(test.name, {"headracePlan": test.text})
        definition = {
            "loadTestName": test.name,
            "urls": list(test.urls),
            "runDuration": test.duration,
            "maxVusers": test.users,
            "loadPatternName": "Constant",
            "thinkTime": test.think_time,
            "samplingRate": test.sampling_interval,
            "verifyCertificates": test.verify_certificates,
        }
        details = {"warmUpDuration": test.warm_up}
        return await self._create_run(test.name, {"loadTestDefinition": definition}, runSpecificDetails=details)

    async def _create_run(self, name: str, test: dict[str, Any], **members: Any) -> dict[str, Any]:
        drop = await self._call("POST", "testdrops", {"dropType": "InPlaceDrop", **test})
        body = {"name": name, "testDrop": {"id": drop["id"]}, "runSourceIdentifier": "headrace run", **members}
        run: dict[str, Any] = await self._call("POST", "testruns", body)
        return run

    async def queue(self, run_id: str) -> None:
        await self._call("PATCH", f"testruns/{run_id}", {"state": "queued"})

    async def abort(self, run_id: str) -> None:
        await self._call("PATCH", f"testruns/{run_id}", {"state": "aborted"})

    async def run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = await self._call("GET", f"testruns/{run_id}")
        return run

    async def summary(self, run_id: str, examples: bool = False) -> dict[str, Any]:
        """With `examples`, requests and their responses are in the extension `headrace`."""
        params = {"examples": "true"} if examples else None
        summary: dict[str, Any] = await self._call("GET", f"testruns/{run_id}/resultsummary", params=params)
        return summary

    async def errors(self, run_id: str) -> dict[str, Any]:
        errors: dict[str, Any] = await self._call("GET", f"testruns/{run_id}/errors", params={"detailed": "true"})
        return errors

    async def messages(self, run_id: str) -> list[dict[str, Any]]:
        """Oldest first."""
        answer = await self._call("GET", f"testruns/{run_id}/messages")
        return sorted(answer["value"], key=lambda message: str(message["loggedDate"]))

    async def counters(self, run_id: str) -> dict[str, str]:
        """The ids of the counters over all requests, by name."""
        params = {"groupNames": "Performance,Throughput"}
        answer = await self._call("GET", f"testruns/{run_id}/counterinstances", params=params)
        return {counter["counterName"]: counter["counterInstanceId"] for counter in answer["value"]}

    async def samples(self, run_id: str, counters: list[str], first: int) -> dict[str, list[dict[str, Any]]]:
        """The samples of these counters (ids) from interval `first` on."""
        query = [{"counterInstanceId": counter, "fromInterval": first, "toInterval": -1} for counter in counters]
        answer = await self._call("POST", f"testruns/{run_id}/countersamples", {"count": len(query), "value": query})
        return {entry["counterInstanceId"]: entry["values"] for entry in answer["values"]}

    async def _call(self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None) -> Any:
        try:
            response = await self._http.request(method, f"{self.base}/_apis/clt/{path}", json=body, params=params)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ClientError(f"The service at {self.base} cannot be reached: {error or type(error).__name__}.") from error
        if response.is_success:
            try:
                return response.json() if response.content else None
            except ValueError:
                raise ClientError(f"What answers at {self.base} is not Headrace: its answer is no JSON.") from None
        try:
            message = response.json()["message"]
        except (ValueError, KeyError, TypeError):
            message = f"it answered {response.status_code}"
        if response.status_code == 401:
            message = "it does not know this token; give a valid one with --token or HEADRACE_TOKEN"
        kind = RefusedError if response.status_code == 400 else ClientError
        raise kind(f"{self._refusal}{message}")
