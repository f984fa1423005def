import re

from starlette.testclient import TestClient

from headrace.demo.site import FAILS_EVERY, PAGES, create_site


def test_the_pages_answer() -> None:
    with TestClient(create_site()) as site:
        for path, title, _ in PAGES:
            response = site.get(path)
            assert response.status_code == 200
            assert f"<h1>{title}</h1>" in response.text


def test_start_redirects_to_the_home_page() -> None:
    with TestClient(create_site()) as site:
        response = site.get("/start", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (302, "/")


def test_the_checkout_fails_now_and_then() -> None:
    with TestClient(create_site()) as site:
        statuses = [site.get("/checkout").status_code for _ in range(FAILS_EVERY)]
    assert statuses == [200] * (FAILS_EVERY - 1) + [503]


def test_a_user_logs_in_with_the_hidden_token_and_its_cookie() -> None:
    with TestClient(create_site()) as site:
        form = site.get("/login")
        token = re.search('name="token" value="([0-9a-f]+)"', form.text)
        assert token is not None
        account = site.post("/login", data={"user": "ann", "password": "x", "token": token[1]})
        assert account.url.path == "/account"
        assert "Welcome, ann" in account.text


def test_a_form_without_its_token_or_its_user_is_refused() -> None:
    with TestClient(create_site()) as site:
        site.get("/login")
        assert site.post("/login", data={"user": "ann", "token": "0"}).status_code == 403
        token = site.cookies["form"]
        assert site.post("/login", data={"user": "<b>", "token": token}).status_code == 400
        assert site.post("/login", data={"user": "a" * 20_000, "token": token}).status_code == 413
    with TestClient(create_site()) as stranger:
        assert stranger.post("/login", data={"user": "ann", "token": token}).status_code == 403
        assert stranger.get("/account").url.path == "/login"


def test_the_items_are_json() -> None:
    with TestClient(create_site()) as site:
        items = site.get("/api/items").json()["items"]
        assert site.get(f"/api/items/{items[3]['id']}").json() == items[3]
        assert site.get("/api/items/0").status_code == 404
        assert site.post("/checkout").status_code == 200
