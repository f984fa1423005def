import pytest

from tests.api.server import Server
from tests.api.v1.client import Client


@pytest.fixture
def v1(server: Server) -> Client:
    return Client(server)
