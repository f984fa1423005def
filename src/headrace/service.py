"""The service put together: the store, the rig with its embedded agent, and the web application in front of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from headrace.api.app import create_app
from headrace.api.services import Services
from headrace.api.signing import DROPS, load_key
from headrace.blobs.drop_files import DropFiles, FilesUnavailableError
from headrace.blobs.local import LocalFiles
from headrace.report.run_page import run_page
from headrace.results.reader import Results
from headrace.rig.conductor import Conductor
from headrace.rig.embedded import EmbeddedPool
from headrace.rig.performance import RigContext
from headrace.runs.agents import BEAT, Agents
from headrace.runs.audit import Audit
from headrace.runs.drops import Drops
from headrace.runs.organizations import Organizations
from headrace.runs.store import Runs
from headrace.runs.test_definitions import TestDefinitions
from headrace.runs.tokens import Tokens
from headrace.settings import Settings
from headrace.store.database import open_database
from headrace.store.exclusive import sole_service

# Two names, because a token given by the operator replaces the one so given before, and no other.
FIRST_TOKEN = "admin"  # noqa: S105
GIVEN_TOKEN = "administrator"  # noqa: S105
_BETWEEN_TIDYINGS = 3600.0  # seconds
_BETWEEN_TRIMS = 600.0  # seconds

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is running. `new_token` is the administrator's, where this start made one: it is shown now or never."""

    app: ASGIApp
    new_token: str | None


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[Service]:
    """Runs the service inside the block; at its end every load is stopped and the database closed.

    Raises what `open_database` raises, DatabaseInUseError, FilesUnavailableError, and `runs.errors.Refused` where
    the token of the administrator will not do.
    """
    database = await asyncio.to_thread(open_database, settings.database_url)
    try:
        with sole_service(database):
            new_token = await asyncio.to_thread(admit_administrator, Tokens(database), settings)
            async with _conducting(settings, database) as app:
                yield Service(app, new_token)
    finally:
        await asyncio.to_thread(database.dispose)


@asynccontextmanager
async def _conducting(settings: Settings, database: Engine) -> AsyncIterator[ASGIApp]:
    runs, drops, results, agents = Runs(database), Drops(database), Results(database), Agents(database)
    pool = EmbeddedPool(scripts=settings.scripts)
    files = await asyncio.to_thread(open_files, settings, database)
    conductor = Conductor(RigContext(settings, database, runs, drops, results, pool, files, now))
    key = await asyncio.to_thread(load_key, database)
    audit = Audit(database)
    services = Services(
        settings=settings,
        runs=runs,
        drops=drops,
        tokens=Tokens(database),
        organizations=Organizations(database),
        audit=audit,
        results=results,
        definitions=TestDefinitions(database),
        agents=agents,
        ring=conductor.ring,
        now=now,
        signing_key=key,
        files=files,
    )
    served = (conductor.serve(), _beat(agents, pool), _tidy(files), _keep_bounded(audit, settings))
    tasks = [asyncio.create_task(each) for each in served]
    try:
        yield create_app(services, [run_page(runs, results)])
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _beat(agents: Agents, pool: EmbeddedPool) -> None:
    """Notes again and again that the agents of the service are there."""
    while True:
        try:
            for agent in await pool.list():
                await asyncio.to_thread(agents.beat, agent.name, now())
        except SQLAlchemyError:
            log.exception("a heart beat could not be noted; the next is")
        await asyncio.sleep(BEAT.total_seconds())


def open_files(settings: Settings, database: Engine) -> DropFiles:
    """Where the files of drops are kept. Raises FilesUnavailableError."""
    if settings.blobs is None:
        return LocalFiles(database, settings, load_key(database, DROPS))
    try:
        from headrace.blobs.azure import AzureFiles
    except ImportError:
        told = "the setting blobs needs the library of Azure Storage; install it: pip install 'headrace[azure]'"
        raise FilesUnavailableError(told) from None
    return AzureFiles(settings)


async def _tidy(files: DropFiles) -> None:
    """Removes what uploads have left, now and every hour."""
    while True:
        try:
            await asyncio.to_thread(files.expire, now())
        except Exception:
            log.exception("what uploads have left could not be removed")
        await asyncio.sleep(_BETWEEN_TIDYINGS)


async def _keep_bounded(audit: Audit, settings: Settings) -> None:
    """Forgets what the settings do not keep of the audit log, at the start and from time to time."""
    while True:
        try:
            await asyncio.to_thread(audit.trim, now(), settings.audit_days, settings.audit_entries)
        except SQLAlchemyError as error:  # a database that is away comes back
            log.warning("the audit log could not be trimmed", error=str(error))
        await asyncio.sleep(_BETWEEN_TRIMS)


def admit_administrator(tokens: Tokens, settings: Settings) -> str | None:
    """Sees to it that somebody can sign in. Returns the token where one had to be made."""
    if settings.admin_token is not None:
        tokens.adopt(settings.admin_token.get_secret_value(), GIVEN_TOKEN, now())
        return None
    if tokens.any(now()):
        return None
    secret, _ = tokens.create(FIRST_TOKEN, now())
    return secret
