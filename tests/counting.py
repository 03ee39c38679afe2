"""Counting the statements that a piece of work sends to the database."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def queries():
    """The list of statements sent while the block runs."""
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
