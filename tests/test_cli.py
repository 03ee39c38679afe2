"""The command line: exits 0, or says in one line why not."""

import json

import pytest
from sqlalchemy import select

from majorops import clock
from majorops.db import db
from majorops.models import User
from majorops.web.health import why_late


@pytest.fixture
def flask(app):
    runner = app.test_cli_runner()

    def run(*words: str, stdin: str | None = None):
        db.session.remove()
        return runner.invoke(args=list(words), input=stdin)

    return run


def test_users(flask):
    added = flask(
        "users",
        "add",
        "Eve@Example.org",
        "--name",
        "Eve",
        "--role",
        "mim",
        "--password-stdin",
        stdin="correct horse battery\n",
    )
    assert (added.exit_code, added.output) == (0, "eve@example.org mim\n")
    assert flask("users", "list").output == "eve@example.org\tmim\tEve\n"
    assert flask("users", "set-role", "eve@example.org", "admin").exit_code == 0
    assert db.session.scalar(select(User.role)) == "admin"
    unlocked = flask("users", "unlock", "Eve@example.org")
    assert (unlocked.exit_code, unlocked.output) == (0, "eve@example.org may try to sign in again\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("users", "add", "nobody", "--name", "N", "--role", "mim"), "e-mail address"),
        (("users", "set-role", "nobody@example.org", "mim"), "no account has the e-mail"),
        (("users", "unlock", "nobody@example.org"), "no account has the e-mail"),
        (("incidents", "open", "--title", " ", "--severity", "low", "--system", "a"), "needs a text"),
        (
            (
                "incidents",
                "open",
                "--title",
                "t",
                "--severity",
                "low",
                "--system",
                "a",
                "--bridge-url",
                "ftp://x",
            ),
            "web address",
        ),
        (("replay", "missing.yaml"), "cannot be read"),
    ],
)
def test_says_in_one_line_why_not(flask, words, why):
    answer = flask(*words)
    assert answer.exit_code == 1
    assert why in answer.output
    assert len(answer.output.strip().splitlines()) == 1
    assert "Traceback" not in answer.output


def test_incidents(flask):
    assert (
        flask(
            "incidents", "open", "--title", "db down", "--severity", "high", "--system", "a", "--system", "b"
        ).output
        == "INC-001\n"
    )
    assert flask("incidents", "list").output == "INC-001\tHigh\t1 Alert\tActive\tdb down\n"
    assert flask("incidents", "list", "--status", "resolved").output == ""
    (row,) = json.loads(flask("incidents", "list", "--json").output)
    assert row["affected_systems"] == ["a", "b"]


def test_replay_prints_the_reference(flask):
    assert flask("replay", "tests/replays/queue-backlog.yaml", "--instant").output == "INC-001\n"


def test_check(flask):
    answer = flask("check")
    assert answer.exit_code == 0
    assert "migrations: complete" in answer.output


def test_demo_once(flask, app):
    first = flask("demo")
    assert first.exit_code == 0, first.output
    assert "dana@example.org\tmim" in first.output
    again = flask("demo")
    assert again.exit_code == 1
    assert "needs an empty one" in again.output
    page = app.test_client().get("/").text
    assert "Problems with card payments" in page
    assert "Northwind" not in page
    assert 'data-cadence="overdue"' in page
    assert why_late(clock.now()) == ""


@pytest.mark.parametrize(
    "words", [("users",), ("users", "add"), ("incidents", "open"), ("replay",), ("demo",), ("check",)]
)
def test_every_command_has_help(flask, words):
    answer = flask(*words, "--help")
    assert answer.exit_code == 0
    assert "Usage" in answer.output
