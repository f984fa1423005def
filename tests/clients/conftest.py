from collections.abc import Iterator

import pytest

from tests.site import Site, serving_site


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site
