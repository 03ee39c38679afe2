"""The command line: exits 0, or says in one line why not."""

import json

import pytest
from sqlalchemy import select

import config
from majorops import clock
from majorops.db import db
from majorops.domain.tokens import is_token
from majorops.models import User
from majorops.web.health import due_since
from tests.notifications.receivers import MailServer


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


def test_check_lists_every_setting_and_no_secret(flask, app):
    app.extensions["setting_states"] = {"ACCENT": "set", "SCIM_TOKEN": "from file"}
    app.config.update(ACCENT="#0057b8", SCIM_TOKEN="hunter2hunter2")
    said = flask("check").output
    assert "MAJOROPS_ACCENT: #0057b8\n" in said
    assert "MAJOROPS_ROBOTS: on (default)\n" in said
    assert "MAJOROPS_SCIM_TOKEN: from file\n" in said
    assert [name for name in config.Settings.model_fields if f"MAJOROPS_{name}: " not in said] == []
    assert "hunter2" not in said
    assert app.config["SECRET_KEY"] not in said


def test_check_stops_at_a_name_that_is_no_setting(flask, app):
    app.extensions["unknown_settings"] = (("MAJOROPS_SMPT_URL", "MAJOROPS_SMTP_URL"),)
    answer = flask("check")
    assert answer.exit_code == 1
    assert (
        "Error: MAJOROPS_SMPT_URL: no setting has this name. Do you mean MAJOROPS_SMTP_URL?" in answer.output
    )


def test_check_names_a_folder_of_somebody_else(flask, app, tmp_path):
    (tmp_path / "theirs").write_text("x")
    app.config["PUBLIC_DIR"] = str(tmp_path)
    answer = flask("check")
    assert answer.exit_code == 1
    assert f"MAJOROPS_PUBLIC_DIR: {tmp_path} holds files that are not MajorOps' (theirs)" in answer.output
    app.config |= {"PUBLIC_DIR": None, "BACKUP_DIR": str(tmp_path / "theirs/b")}
    assert f"MAJOROPS_BACKUP_DIR: {tmp_path / 'theirs'} cannot be written" in flask("check").output


@pytest.mark.parametrize(
    ("mode", "steps", "end"),
    [
        ("good", 5, "mail: the server took the test to ada@example.org"),
        ("refuses", 4, "did not arrive. It ended at: accepted. The mail server answered 550: nobody here"),
        ("busy", 4, "did not arrive. It ended at: accepted. The mail server answered 451: later"),
    ],
)
def test_check_says_each_step_of_a_test_mail(flask, app, mode, steps, end):
    server = MailServer(mode)
    app.config["SMTP_URL"] = server.url
    answer = flask("check", "--send-test", "ada@example.org")
    server.stop()
    said = answer.output.partition("mail: a test to ada@example.org\n")[2].splitlines()
    port = server.url.rpartition(":")[2]
    wanted = (
        "DNS: 127.0.0.1 is 127.0.0.1",
        f"connect: port {port} answered 220 ",
        "TLS: none, the server offers none",
        "login: none, no user is set",
        "accepted: from majorops@localhost, for ada@example.org",
    )
    assert [line.strip()[: len(step)] for line, step in zip(said, wanted[:steps], strict=False)] == list(
        wanted[:steps]
    )
    assert end in said[steps]
    assert answer.exit_code == (mode != "good")


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("smtp://127.0.0.1:9", "It ended at: connect. 127.0.0.1: "),
        ("smtp://nobody.invalid", "It ended at: DNS. nobody.invalid: "),
        (None, "did not arrive. "),
    ],
)
def test_check_says_where_a_test_mail_ended(flask, app, url, end):
    app.config["SMTP_URL"] = url
    answer = flask("check", "--send-test", "ada@example.org")
    assert answer.exit_code == 1
    assert end in answer.output
    assert ("ended at" in answer.output) == bool(url)


def test_tokens(flask, app, cast):
    given = ("tokens", "add", "--name", "deploy bot", "--user", "maya@example.org", "--scope")
    made = flask(*given, "timeline:note", "--scope", "incident:read", "--days", "30")
    assert made.exit_code == 0, made.output
    assert is_token(made.output.strip())
    assert flask("tokens", "list").output == "1\tmaya@example.org\tdeploy bot\tincident:read,timeline:note\n"
    assert flask("tokens", "revoke", "1").output == "deploy bot is revoked\n"
    assert flask("tokens", "list").output == ""
    for words, why in (
        (("revoke", "1"), "revoked already"),
        (("revoke", "7"), "no token has the number 7"),
        (("add", "--name", "b", "--user", "no@b.cd", "--scope", "timeline:note"), "no account has"),
        (("add", "--name", "b", "--user", "rita@example.org", "--scope", "data:manage"), "cannot give"),
    ):
        refused = flask("tokens", *words)
        assert refused.exit_code == 1
        assert why in refused.output


def test_sources(flask, app):
    app.config["BASE_URL"] = "https://ops.example.org"
    made = flask("sources", "add", "alertmanager", "--name", "Prometheus", "--every", "5")
    address, secret = made.output.split()
    assert (made.exit_code, address) == (0, "https://ops.example.org/hooks/alertmanager/1")
    assert len(secret) == 32
    again = flask("sources", "add", "generic", "--name", "Prometheus")
    assert (again.exit_code, again.output) == (1, "Error: There is a source Prometheus already.\n")
    listed = flask("sources", "list").output
    assert listed == "1\talertmanager\tPrometheus\t/hooks/alertmanager/1\tin use\n"
    assert secret not in listed


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
    assert due_since(clock.now()) is None


@pytest.mark.parametrize(
    "words", [("users",), ("users", "add"), ("incidents", "open"), ("replay",), ("demo",), ("check",)]
)
def test_every_command_has_help(flask, words):
    answer = flask(*words, "--help")
    assert answer.exit_code == 0
    assert "Usage" in answer.output
