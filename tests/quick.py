"""What makes the tests cheap and changes nothing that they look at. `bench/` measures without it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.routing import Rule

from majorops.operations import passwords

ROOT = Path(__file__).resolve().parents[1]
STRONG = passwords.HASHER  # as the product has it
is_on = False


def hurry() -> None:
    """Of this process: routes are compiled once for all applications, passwords cost next to nothing, and
    SQLite waits for no disk (a killed process loses nothing by it, a machine without power loses a test).
    """
    global is_on  # noqa: PLW0603 (a server that this process starts asks)
    if not is_on:
        is_on = True
        _keep_routes()
        passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        passwords.NOBODY = passwords.HASHER.hash("nobody has this one")
        event.listen(Engine, "connect", _do_not_wait_for_the_disk)
        if "FAKETIME" in os.environ:  # libfaketime 0.9.10 refuses the call that Python's sleep is made of
            time.sleep = lambda seconds: threading.Event().wait(seconds) and None


def _do_not_wait_for_the_disk(connection, record) -> None:
    if type(connection).__module__.split(".")[0] == "sqlite3":
        connection.execute("PRAGMA synchronous=OFF")


def keep_templates(app: Flask) -> None:
    """Compile each template once for all applications of the tests:
    every fresh one would take most of a second for it. What is kept goes by the template's text.
    """
    folder = ROOT / ".pytest_cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(folder))


def _keep_routes() -> None:
    """Compiling routes is most of what making an application costs."""
    compile_builder, kept = Rule._compile_builder, {}

    def builder(rule: Rule, append_unknown: bool = True):
        key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = builder
