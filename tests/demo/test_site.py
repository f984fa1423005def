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
