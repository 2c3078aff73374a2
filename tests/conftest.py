"""Fixtures for every test: the real servers, one of each for a test process, and an empty database for a test."""

from collections.abc import Iterator

import pytest

from tests.support import servers
from tests.support.servers import Server


@pytest.fixture(scope="session")
def mosquitto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Mosquitto shared by the tests of one process; use client ids and topics that nobody else uses."""
    with servers.mosquitto(tmp_path_factory.mktemp("mosquitto")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis shared by the tests of one process."""
    with servers.redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL cluster shared by the tests of one process; take `postgres_url` for a database."""
    with servers.postgres() as server:
        yield server


@pytest.fixture
def mqtt_url(mosquitto_server: Server) -> str:
    """The URL of a running Mosquitto."""
    return f"mqtt://{servers.HOST}:{mosquitto_server.port}"


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """The URL of a running Redis."""
    return f"redis://{servers.HOST}:{redis_server.port}"


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that lives for one test."""
    with servers.postgres_database(postgres_server) as url:
        yield url
