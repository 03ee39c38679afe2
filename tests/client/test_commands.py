"""The command line for the laptop, against the real application."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import GRANTS
from majorops.domain.enums import Phase
from majorops.models import Draft, Incident, TimelineEvent, User
from majorops.operations.timeline import add_note
from majorops.operations.tokens import add_token
from majorops.web.budget import Budget
from majorops_client import commands, trouble
from majorops_client.api import Answer, NoAnswer
from majorops_client.api import send as send_over_http
from majorops_client.commands import Machine, majorops
from majorops_client.kept import Login, keep

URL = "http://localhost"


@dataclass
class Laptop:
    """Where the commands run. `before`: called with each request; may raise NoAnswer or answer instead."""

    app: object
    folder: Path
    environ: dict[str, str]

    def __post_init__(self):
        self.asked, self.waited, self.before, self.meanwhile = [], [], lambda *_: None, lambda: None

    def send(self, method, url, headers, body) -> Answer:
        """A request to the application, without a network."""
        self.asked.append((method, url, dict(headers)))
        if answer := self.before(method, url):
            return answer
        came = self.app.test_client().open(
            url.removeprefix(URL), method=method, headers=dict(headers), data=body
        )
        return Answer(
            came.status_code, {name.lower(): value for name, value in came.headers.items()}, came.data
        )

    def wait(self, seconds: float) -> None:
        """What a pause is here: what happens meanwhile."""
        self.waited.append(seconds)
        self.meanwhile()

    def run(self, *words: str, given: str = "") -> Result:
        """A command, as it is typed."""
        machine = Machine(self.send, self.wait, self.folder, self.environ)
        return CliRunner().invoke(majorops, list(words), obj=machine, input=given)

    def done(self, *words: str, given: str = "") -> str:
        """What a command that succeeds prints."""
        result = self.run(*words, given=given)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def laptop(app, cast, clock, tmp_path):
    """`laptop("maya")`: a laptop with a token of Maya's in its environment."""

    def make(nick: str = "maya", scopes=None) -> Laptop:
        user = db.session.get(User, getattr(cast, nick).user_id)
        given = {"name": "laptop", "scopes": sorted(GRANTS[user.role] if scopes is None else scopes)}
        _, token = add_token(user, **given, actor=user.actor, now=clock())
        return Laptop(app, tmp_path / "config", {"MAJOROPS_URL": URL, "MAJOROPS_TOKEN": token})

    return make


def titles(number: int = 1) -> list[str]:
    rows = select(TimelineEvent.title).filter_by(incident_id=number).order_by(TimelineEvent.seq)
    return list(db.session.scalars(rows))


# Logging in


def test_address_and_token_are_kept_for_their_user_alone(laptop):
    here = laptop()
    token = here.environ.pop("MAJOROPS_TOKEN")
    here.environ.clear()
    assert "Logged in" in here.done("login", "--url", f"{URL}/", "--token-stdin", given=f"{token}\n")
    (file,) = here.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {"url": URL, "token": token}
    here.done("list")
    other = Laptop(here.app, here.folder, {"MAJOROPS_URL": "https://elsewhere.example"})
    assert other.run("list").exit_code == trouble.NOT_SIGNED_IN, "its token belongs to another address"
    assert other.asked == []
    here.done("logout")
    assert here.run("list").exit_code == trouble.NOT_SIGNED_IN


def test_a_wrong_token_is_not_kept(laptop):
    here = laptop()
    result = here.run("login", "--url", URL, "--token-stdin", given="mops_wrong\n")
    assert (result.exit_code, here.folder.exists()) == (trouble.NOT_SIGNED_IN, False)
    assert "majorops login" in result.stderr


def test_a_token_that_reads_nothing_is_kept_and_said(laptop):
    here = laptop(scopes={"timeline:note"})
    result = here.run("login", "--url", URL, "--token-stdin", given=here.environ["MAJOROPS_TOKEN"])
    assert (result.exit_code, "incident:read" in result.stderr) == (0, True)


def test_without_tls_it_is_said_who_reads_the_token(laptop):
    here = laptop()
    here.before = lambda *_: Answer(200, {}, b"{}")
    result = here.run("login", "--url", "http://ops.example", "--token-stdin", given="x")
    assert "whoever is between" in result.stderr
    assert here.run("login", "--url", "ops.example", "--token-stdin", given="x").exit_code == 1


# Acts and pages


def test_an_incident_is_opened_listed_and_shown(laptop, cast):
    here = laptop()
    opening = ("open", "payments-api not responding", "-S", "critical", "-s", "payments-api")
    assert here.done(*opening) == f"INC-001 is open: {URL}/admin/incidents/1\n"
    made = json.loads(here.done(*opening, "--json", "--drill", "--alert-id", "A-1"))
    assert (made["number"], made["is_drill"], made["fields"]["alert.alert_id"]) == (2, True, "A-1")
    listed = here.done("list").splitlines()
    assert [line.split()[0] for line in listed] == ["INC-002", "INC-001"]
    assert listed[0].endswith("payments-api not responding (drill)")
    assert json.loads(here.done("list", "--json", "-n", "1"))[0]["number"] == 2
    assert here.run("list", "--status", "resolved").stderr == "There are none.\n"
    shown = here.done("show", "inc-001")
    assert shown.startswith("INC-001  payments-api not responding\n")
    assert "nobody has taken command" in shown
    assert "[Maya Okafor by token laptop]" in shown
    assert set(json.loads(here.done("show", "1", "--json"))) == {"incident", "response", "timeline"}


def test_a_long_list_comes_in_pages(laptop, cast, monkeypatch):
    monkeypatch.setattr(commands, "PAGE", 2)
    for n in range(5):
        cast.open(title=f"Outage {n}")
    assert len(laptop().done("list", "-n", "4").splitlines()) == 4
    assert len(laptop().done("list").splitlines()) == 5


def test_notes_can_and_updates(laptop, cast):
    incident = cast.open()
    here = laptop()
    here.done("note", "1", "Heard on the bridge.")
    here.done("note", "1", "-", given="From a pipe.\n")
    here.done("can", "1", "App", "5xx at 61 %", "-a", "rolling back", "-N", "deploy freeze")
    here.done("update", "1", "We roll back.", "--next-update", "2026-11-23T14:20:00Z")
    assert {"Heard on the bridge.", "From a pipe."} <= set(titles())
    shown = here.done("show", "1")
    assert "5xx at 61 % / rolling back / deploy freeze" in shown
    db.session.refresh(incident)
    assert incident.next_update_eta is not None
    assert json.loads(here.done("note", "1", "x", "--json"))["visibility"] == "internal"
    public = json.loads(here.done("note", "1", "y", "--json", "--public"))
    assert public["visibility"] == "public"


def test_a_draft_lies_before_who_commands_and_is_not_posted(laptop, cast):
    cast.open()
    here = laptop("rita")
    assert "Nothing is posted" in here.done("update", "1", "We roll back.", "--draft")
    assert db.session.scalars(select(Draft.text)).all() == ["We roll back."]
    assert here.run("update", "1", "We roll back.").exit_code == trouble.NOT_ALLOWED
    assert here.run("update", "1", "x", "--draft", "--next-update", "2026-11-23T15:00:00Z").exit_code == 2


def test_an_export_is_whole(laptop, cast, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "PAGE", 5)
    incident = cast.full_house()
    here = laptop()
    whole = json.loads(here.done("export", "1"))
    assert [one["seq"] for one in whole["timeline"]] == list(range(1, incident.version + 1))
    assert [one["body"] for one in whole["publications"]] == ["First words."]
    assert whole["response"]["tracks"]
    file = tmp_path / "incident.md"
    assert here.done("export", "INC-001", "--format", "markdown", "-o", str(file)) == ""
    assert file.read_text().startswith("# INC-001: prod-payments-api not responding\n")
    assert "First words." in file.read_text()


def test_watching_tells_what_happens_until_the_end(laptop, cast, clock):
    incident = cast.open()
    here = laptop()
    notes = iter(("First.", "Second."))

    def meanwhile():
        if text := next(notes, None):
            add_note(incident, text, actor=cast.rita, now=clock())
        elif len(here.waited) > 3:
            cast.resolve(incident)

    here.meanwhile = meanwhile
    lines = here.done("show", "1", "--watch", "-n", "0").splitlines()
    after = lines[lines.index("Timeline") + 1 :]
    assert [line.split("  ")[1] for line in after[:2]] == ["First.", "Second."]
    assert after[-1] == "INC-001 is resolved."
    tags = [headers.get("If-None-Match") for _, url, headers in here.asked if url.endswith("/incidents/1")]
    assert tags[1:3] == [f'"{incident.version - 4}"', f'"{incident.version - 3}"'] or all(tags[1:])


def test_a_line_that_breaks_does_not_end_the_watching(laptop, cast, clock):
    incident = cast.open()
    here = laptop()

    def meanwhile():
        if len(here.waited) == 1:
            add_note(incident, "Said while the line was down.", actor=cast.rita, now=clock())
            here.before = lambda *_: (_ for _ in ()).throw(NoAnswer("down"))
        elif len(here.waited) == 5:
            here.before = lambda *_: None
        elif len(here.waited) == 6:
            cast.resolve(incident)

    here.meanwhile = meanwhile
    result = here.run("show", "1", "--watch", "-n", "0")
    assert (result.exit_code, "Still watching." in result.stderr) == (0, True)
    assert result.stdout.count("Said while the line was down.") == 1


def test_watching_for_programs_is_an_object_a_line(laptop, cast, clock):
    incident = cast.open()
    here = laptop()
    here.meanwhile = lambda: cast.resolve(incident)
    lines = here.done("show", "1", "--watch", "--json").splitlines()
    assert all(json.loads(line)["seq"] for line in lines)


# What goes wrong


def said(result: Result, code: int) -> str:
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


def test_refusals_are_sentences(laptop, cast, clock):
    incident = cast.open()
    here, rita = laptop(), laptop("rita")
    assert "There is no such incident." in said(here.run("show", "99"), trouble.NOT_FOUND)
    assert "Responder accounts may not do this." in said(
        rita.run("open", "x", "-S", "low", "-s", "dns"), trouble.NOT_ALLOWED
    )
    stale = said(here.run("note", "1", "x", "--if-version", "1"), trouble.STALE)
    assert f"is at version {incident.version} now" in stale
    assert "bridge_url:" in said(
        here.run("open", "x", "-S", "low", "-s", "dns", "--bridge", "javascript:x"), trouble.NOT_TAKEN
    )
    cast.resolve(incident)
    assert "resolved" in said(here.run("update", "1", "x"), trouble.REFUSED)
    assert here.run("show", "INC-x").exit_code == 2


def test_a_closed_gate_says_what_keeps_it_and_until_when(cast, app, clock, laptop):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    here = laptop()
    headers = {"Authorization": f"Bearer {here.environ['MAJOROPS_TOKEN']}"}
    path, sent = "/api/v1/incidents/1/status", {"to": "resolved"}
    came = app.test_client().post(path, json=sent, headers=headers)
    told = trouble.trouble_of(409, came.data, URL)
    assert told.exit_code == trouble.REFUSED
    assert all(blocker["detail"] in told.message for blocker in came.json["blockers"])
    timed = {
        "detail": "Closed.",
        "blockers": [{"detail": "Ten minutes.", "opens_at": "2026-11-23T14:10:00Z"}],
    }
    assert (
        "Ten minutes. Opens by itself at 14:10:00 UTC."
        in trouble.trouble_of(409, json.dumps(timed).encode(), URL).message
    )


def test_asked_too_often_it_waits_as_it_is_told(laptop, app, cast):
    cast.open()
    here = laptop()
    app.extensions["api_budget"] = Budget(1)
    here.done("list")
    here.meanwhile = lambda: app.extensions.update(api_budget=Budget(9))
    result = here.run("list")
    assert (result.exit_code, len(here.waited)) == (0, 1)
    assert 1 <= here.waited[0] <= 10
    assert "Asked too often: trying again" in result.stderr
    here.before = lambda *_: Answer(429, {"retry-after": "9999"}, b'{"detail": "Later."}')
    assert here.run("list").exit_code == trouble.TOO_OFTEN
    assert len(here.waited) == 1, "nobody waits for hours"


def test_an_act_whose_answer_was_lost_is_done_once(laptop, cast):
    cast.open()
    here = laptop()
    lost = iter([True])

    def before(method, url):
        if method == "POST" and next(lost, False):
            headers = here.asked[-1][2]
            body = json.dumps({"text": "Seen.", "visibility": "internal"})
            path = urlsplit(url).path
            came = here.app.test_client().post(path, data=body, headers=headers)
            assert came.status_code == 201
            raise NoAnswer("connection reset")

    here.before = before
    here.done("note", "1", "Seen.")
    assert titles().count("Seen.") == 1
    keys = {headers["Idempotency-Key"] for method, _, headers in here.asked if method == "POST"}
    assert len(keys) == 1


def test_without_a_network_it_says_how_to_do_it_once(laptop, cast):
    cast.open()
    here = laptop()

    def down(*_):
        raise NoAnswer("Connection refused")

    here.before = down
    result = here.run("note", "1", "Seen.")
    assert result.exit_code == trouble.UNREACHED
    assert here.waited == [1, 2, 4]
    key = result.stderr.partition("--key ")[2].split()[0]
    here.before = lambda *_: None
    for _ in range(2):
        here.done("note", "1", "Seen.", "--key", key)
    assert titles().count("Seen.") == 1


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer(302, {"location": "https://evil.example"}, b""), trouble.UNREACHED, "sends elsewhere"),
        (Answer(200, {}, b"<html>Sign in</html>"), trouble.UNREACHED, "is not MajorOps"),
        (Answer(404, {}, b"nginx"), trouble.NOT_FOUND, "not as MajorOps does"),
        (Answer(503, {}, b'{"detail": "Nothing was saved."}'), trouble.UNREACHED, "Nothing was saved."),
    ],
)
def test_what_is_no_answer_of_ours(laptop, answer, code, words):
    here = laptop()
    here.before = lambda *_: answer
    result = here.run("list")
    assert (result.exit_code, words in result.stderr) == (code, True), result.output


def test_what_others_typed_does_not_command_the_terminal(laptop, cast):
    cast.open(title="dns \x1b]0;owned\x07 down")
    db.session.execute(Incident.__table__.update().values(title="dns \x1b[2J\x9b down"))
    db.session.commit()
    here = laptop()
    for words in (("list",), ("show", "1"), ("export", "1", "--format", "markdown")):
        assert not {"\x1b", "\x9b", "\x07"} & set(here.done(*words))
    assert "\x1b" not in here.done("list", "--json")


def test_numbers_are_completed_where_they_can_be_read(laptop, cast):
    cast.resolve(cast.open())
    cast.open(title="dns slow")
    here = laptop()
    machine = Machine(here.send, here.wait, here.folder, here.environ)
    context = majorops.make_context("majorops", ["list"], obj=machine)
    found = commands.offered(context, None, "")
    assert [(one.value, one.help) for one in found] == [("2", "dns slow")]
    here.before = lambda *_: (_ for _ in ()).throw(NoAnswer("down"))
    assert (commands.offered(context, None, ""), here.waited) == ([], [])
    here.environ.clear()
    assert commands.offered(context, None, "") == []


@pytest.mark.machine_clock
def test_over_a_real_line(server, tmp_path, monkeypatch):
    """urllib, a socket, `make run`'s server: a token that is worth nothing, and nobody at the address."""
    machine = Machine(send_over_http, lambda seconds: None, tmp_path, os.environ)
    keep(tmp_path, Login(server.url, "mops_wrong"))
    result = CliRunner().invoke(majorops, ["list"], obj=machine)
    assert result.exit_code == trouble.NOT_SIGNED_IN
    server.stop()
    result = CliRunner().invoke(majorops, ["list"], obj=machine)
    assert (result.exit_code, "is not reached" in result.stderr) == (trouble.UNREACHED, True)
