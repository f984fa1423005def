"""The demo site: a small shop whose pages take a known time and one of which fails now and then."""

import asyncio
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

# Path, title, and the time the page takes, in seconds.
PAGES = (("/", "Home", 0.005), ("/products", "Products", 0.02), ("/search", "Search", 0.06))
CHECKOUT_DELAY = 0.03
FAILS_EVERY = 25


def create_site() -> Starlette:
    """The site. Its /checkout answers 503 once in FAILS_EVERY requests; /start redirects to the home page."""
    checkouts = count(1)

    async def checkout(request: Request) -> Response:
        await asyncio.sleep(CHECKOUT_DELAY)
        if next(checkouts) % FAILS_EVERY == 0:
            return HTMLResponse(_page("Too busy"), status_code=503)
        return HTMLResponse(_page("Thank you"))

    async def start(request: Request) -> Response:
        return RedirectResponse("/", status_code=302)

    routes = [_route(path, title, delay) for path, title, delay in PAGES]
    return Starlette(routes=[*routes, Route("/checkout", checkout), Route("/start", start)])


def _route(path: str, title: str, delay: float) -> Route:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(delay)
        return HTMLResponse(_page(title))

    return Route(path, answer)


def _page(title: str) -> str:
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>A page of Headrace's demo site.</html>"
