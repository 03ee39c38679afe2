"""Counting the statements that a piece of work sends to the database."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def queries():
    """The list of statements sent while the block runs."""
    sent: list[str] = []
    with _listening(lambda statement, parameters: sent.append(statement)):
        yield sent


@contextmanager
def statements():
    """The list of (statement, parameters) sent while the block runs."""
    sent: list[tuple] = []
    with _listening(lambda *given: sent.append(given)):
        yield sent


@contextmanager
def _listening(told):
    def note(connection, cursor, statement, parameters, context, many):
        told(statement, parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
