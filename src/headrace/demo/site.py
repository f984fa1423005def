"""The demo site: a small shop whose pages take a known time and one of which fails now and then."""

import asyncio
from html import escape
from itertools import count
from secrets import token_hex
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

# Path, title, and the time the page takes, in seconds.
PAGES = (("/", "Home", 0.005), ("/products", "Products", 0.02), ("/search", "Search", 0.06))
CHECKOUT_DELAY = 0.03
FAILS_EVERY = 25
ITEMS = tuple({"id": number, "name": f"Mill wheel {number}", "price": 100 + 5 * number} for number in range(1, 21))
LONGEST_FORM = 10_000  # bytes


def create_site() -> Starlette:
    """The site. Its /checkout answers 503 once in FAILS_EVERY requests; /start redirects to the home page.

    /login has a form with a hidden token, which must come back with the cookie that came with it; then /account greets the
    user. /api/items is JSON, /api/items/ID one of them.
    """
    checkouts = count(1)

    async def checkout(request: Request) -> Response:
        await asyncio.sleep(CHECKOUT_DELAY)
        if next(checkouts) % FAILS_EVERY == 0:
            return HTMLResponse(_page("Too busy"), status_code=503)
        return HTMLResponse(_page("Thank you"))

    async def start(request: Request) -> Response:
        return RedirectResponse("/", status_code=302)

    async def item(request: Request) -> Response:
        found = [each for each in ITEMS if each["id"] == request.path_params["id"]]
        return JSONResponse(found[0]) if found else JSONResponse({"error": "there is no such item"}, 404)

    routes = [_route(path, title, delay) for path, title, delay in PAGES]
    routes += [
        Route("/checkout", checkout, methods=["GET", "POST"]),
        Route("/start", start),
        Route("/login", _show_login),
        Route("/login", _log_in, methods=["POST"]),
        Route("/account", _account),
        Route("/api/items", lambda request: JSONResponse({"items": ITEMS})),
        Route("/api/items/{id:int}", item),
    ]
    return Starlette(routes=routes)


async def _show_login(request: Request) -> Response:
    token = token_hex(8)
    form = (
        "<form method=post action=/login>"
        f'<input type="hidden" name="token" value="{token}">'
        "<input name=user><input name=password type=password><button>Log in</button></form>"
    )
    response = HTMLResponse(_page("Log in", form))
    response.set_cookie("form", token, httponly=True, samesite="lax")
    return response


async def _log_in(request: Request) -> Response:
    """The user has to be named, and the token must be the one of the cookie."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return HTMLResponse(_page("Too large"), status_code=413)
    fields = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if not fields.get("token") or fields["token"] != request.cookies.get("form"):
        return HTMLResponse(_page("This form is not valid any more"), status_code=403)
    if not fields.get("user", "").isalnum():
        return HTMLResponse(_page("Who are you?"), status_code=400)
    response = RedirectResponse("/account", status_code=303)
    response.set_cookie("user", fields["user"], httponly=True, samesite="lax")
    response.delete_cookie("form")
    return response


async def _account(request: Request) -> Response:
    user = request.cookies.get("user")
    if not user:
        return RedirectResponse("/login", status_code=303)
    return HTMLResponse(_page(f"Welcome, {escape(user)}"))


def _route(path: str, title: str, delay: float) -> Route:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(delay)
        return HTMLResponse(_page(title))

    return Route(path, answer)


def _page(title: str, more: str = "") -> str:
    text = f"<h1>{title}</h1><p>A page of Headrace's demo site.</p>{more}"
    return f"<!doctype html><html lang=en><title>{title}</title>{text}</html>"
