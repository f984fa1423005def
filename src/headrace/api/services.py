"""What the API works on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from headrace.blobs.drop_files import DropFiles
from headrace.results.reader import Results
from headrace.runs.agents import Agents
from headrace.runs.audit import Audit
from headrace.runs.drops import Drops
from headrace.runs.organizations import Organizations
from headrace.runs.store import Runs
from headrace.runs.test_definitions import TestDefinitions
from headrace.runs.tokens import Tokens
from headrace.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """`ring` wakes whoever carries out runs, after one was queued or stopped; `now` is the clock; `signing_key`, from
    `signing.load_key`, signs links to files of results. `files` are those of test drops."""

    settings: Settings
    runs: Runs
    drops: Drops
    tokens: Tokens
    organizations: Organizations
    audit: Audit
    results: Results
    definitions: TestDefinitions
    agents: Agents
    ring: Callable[[], None]
    now: Callable[[], datetime]
    signing_key: bytes
    files: DropFiles


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
