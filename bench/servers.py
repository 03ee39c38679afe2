"""Servers for measuring: production set-up, a database of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import migrated
from tests.realtime.postgres_server import PostgresServer
from tests.realtime.redis_server import RedisServer
from tests.server import Server, fill


def prepare(url: str) -> str:
    """Migrate the database and add the people of the tests. Returns its address."""
    fill(migrated(url))
    return url


@contextmanager
def one_box(**settings: str) -> Iterator[Server]:
    """One process with SQLite."""
    folder = Path(tempfile.mkdtemp())
    server = Server(prepare(f"sqlite:///{folder / 'bench.db'}"), **settings)
    server.start()
    try:
        yield server
    finally:  # a server left running holds the whole bench at its end
        if server.is_running:
            server.stop()
        shutil.rmtree(folder)


@contextmanager
def one_process() -> Iterator[Server]:
    """One process with PostgreSQL."""
    postgres = PostgresServer()
    server = Server(prepare(postgres.url))
    try:
        server.start()
        yield server
    finally:
        if server.is_running:
            server.stop()
        postgres.stop()


@contextmanager
def two_processes(with_redis: bool) -> Iterator[tuple[list[Server], PostgresServer, RedisServer | None]]:
    """Two processes on one PostgreSQL, with its own relay or with Redis."""
    folder = Path(tempfile.mkdtemp(prefix="majorops-bench-"))
    redis = RedisServer(folder) if with_redis else None
    if redis:
        redis.start()
    postgres = PostgresServer()
    settings = {"REDIS_URL": redis.url} if redis else {}
    url = prepare(postgres.url)
    servers = [Server(url, **settings) for _ in range(2)]
    try:
        for server in servers:
            server.start()
        yield servers, postgres, redis
    finally:
        for server in servers:
            if server.is_running:
                server.stop()
        postgres.stop()
        if redis:
            redis.stop()
        shutil.rmtree(folder)
