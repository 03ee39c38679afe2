"""Sources, rules and what was sent, in data management."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import update

from majorops.db import db
from majorops.domain.enums import AlertState, RuleAction, Severity, SourceKind
from majorops.domain.errors import Invalid
from majorops.models import Alert, AlertGroup, AlertRule, AlertSource
from majorops.operations import alert_rules
from majorops.operations.alert_rules import Planned
from tests.integrations.payloads import alertmanager

SOURCES, RULES = "/admin/data/alert-sources", "/admin/data/alert-rules"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def ada(cast):
    return cast.browser("ada")


def fields(page: str) -> dict[str, str]:
    """Name and value of the hidden fields and inputs of a form."""
    return dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))


def test_a_source_is_added_and_its_secret_shown_once(app, ada, clock):
    given = {"kind": "generic", "name": "Batch", "every": "5", "mapping": "title = $.t"}
    page = ada.post(f"{SOURCES}/new/", data=given).text
    secret = re.search(r'id="secret">(\w{32})<', page)[1]
    assert "/hooks/generic/1" in page
    for address in (f"{SOURCES}/", f"{SOURCES}/details/?id=1", f"{SOURCES}/edit/?id=1"):
        assert secret not in ada.get(address).text
    bearer = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().post("/hooks/generic/1", json={"t": "x"}, headers=bearer).status_code == 202


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "Needs a name."),
        ({"name": "x" * 51}, "1 to 50 characters"),
        ({"system": "nobody"}, "There is no system nobody."),
        ({"every": "0"}, "Minutes, 1 to 10,080"),
        ({"header": "X Y:"}, "The name of a header"),
        ({"mapping": "colour = $.x"}, "Line 1: colour is none of"),
        ({"mapping": "title = $.x\n" * 400}, "At most 4,000 characters"),
        ({"sample": "x" * 100_001}, "At most 100,000 characters"),
    ],
)
def test_a_source_that_cannot_be_right(ada, given, sentence):
    answer = ada.post(f"{SOURCES}/new/", data={"kind": "generic", "name": "Batch"} | given)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_secrets_are_sealed_anew_with_the_newest_key(app, monitor, cast, clock):
    from majorops.operations.alert_sources import rotate_secret
    from majorops.operations.second_factor import seal_secrets

    here = monitor()
    rotate_secret(db.session.get(AlertSource, here.id), actor=cast.ada, now=clock())
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another secret key, another secret key"
    assert seal_secrets(actor=cast.ada, now=clock()) == 1
    assert seal_secrets(actor=cast.ada, now=clock()) == 0
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert here.send(alertmanager()).status_code == 202


def test_a_source_is_changed_and_its_name_is_its_own(ada, monitor):
    monitor(name="one")
    monitor(name="two")
    page = ada.get(f"{SOURCES}/edit/?id=1").text
    given = {"mapping": "", "was_mapping": "", "sample": "", "was_sample": ""} | fields(page)
    typed = given | {"name": "two", "is_active": "yes"}
    assert "There is a source two already." in ada.post(f"{SOURCES}/edit/?id=1", data=typed).text
    ada.post(f"{SOURCES}/edit/?id=1", data=given | {"name": "uno", "is_active": "no"})
    row = db.session.get(AlertSource, 1)
    assert (row.name, row.is_active) == ("uno", False)
    ada.post(f"{SOURCES}/edit/?id=1", data=fields(ada.get(f"{SOURCES}/edit/?id=1").text))


def test_another_secret_is_made_and_shown(ada, monitor):
    here = monitor()
    page = ada.post(f"{SOURCES}/rotate/?id=1").text
    secret = re.search(r'id="secret">(\w{32})<', page)[1]
    assert here.send(alertmanager(), Authorization=f"Bearer {secret}").status_code == 202


def test_the_secret_that_the_other_side_made(ada, monitor):
    here = monitor()
    ada.post(f"{SOURCES}/secret/?id=1", data={"secret": "short"})
    assert here.send(alertmanager(), Authorization="Bearer short").status_code == 401
    ada.post(f"{SOURCES}/secret/?id=1", data={"secret": "made by the other side"})
    assert here.send(alertmanager(), Authorization="Bearer made by the other side").status_code == 202


def test_a_dry_run_shows_what_would_be_read_and_keeps_nothing(ada, monitor, clock):

    here = monitor(SourceKind.GENERIC)
    here.say({"rule": {"name": "Came <b>"}})
    assert "What came at" in ada.get(f"{SOURCES}/dry-run/?id=1").text
    typed = {"mapping": "title = $.rule.name", "sample": json.dumps({"rule": {"name": "Sampled"}})}
    page = ada.post(f"{SOURCES}/dry-run/?id=1", data=typed).text
    assert "Sampled" in page
    assert "Came &lt;b&gt;" in page
    assert db.session.get(AlertSource, 1).mapping == ""
    wrong = ada.post(f"{SOURCES}/dry-run/?id=1", data=typed | {"mapping": "title", "save": "yes"})
    assert wrong.status_code == 422
    assert "Line 1" in wrong.text
    ada.post(f"{SOURCES}/dry-run/?id=1", data=typed | {"save": "yes"})
    assert db.session.get(AlertSource, 1).mapping == "title = $.rule.name"


def test_what_was_sent_is_seen_with_its_verdict(ada, monitor):
    here = monitor(name="Prometheus")
    here.say(alertmanager())
    here.send(b"<script>", Authorization="Bearer x")
    page = ada.get("/admin/data/alert-deliveries/?flt_source=Prometheus").text
    assert "Accepted" in page
    assert "Wrong or missing secret" in page
    details = ada.get("/admin/data/alert-deliveries/details/?id=2").text
    assert "&lt;script&gt;" in details


RULE = {
    "name": "critical",
    "matches": "severity = critical",
    "source": "",
    "action": "open",
    "severity": "critical",
    "at_count": "1",
    "minutes": "10",
    "place": "",
}


def test_a_rule_is_saved_only_where_it_changed_and_its_name_is_its_own(rule, cast, clock, monkeypatch):
    first, _ = rule(name="one"), rule(name="two")
    same = Planned("one", action=RuleAction.OPEN, severity=Severity.HIGH)
    alert_rules.save_rule(first, same, actor=cast.ada, now=clock())
    with pytest.raises(Invalid) as refused:
        alert_rules.save_rule(first, Planned("two"), actor=cast.ada, now=clock())
    assert set(refused.value.errors) == {"name", "action", "severity"}
    monkeypatch.setattr(alert_rules, "RULES_MOST", 2)
    with pytest.raises(Invalid, match="2 rules are the most"):
        rule(name="three")


def test_a_rule_is_added_changed_and_run_dry(ada, monitor, clock):
    monitor(name="Prometheus").say(alertmanager())
    assert ada.post(f"{RULES}/new/", data=RULE).status_code == 303
    page = ada.get(f"{RULES}/dry-run/").text
    assert "Opens an incident, Critical." in page
    monitor(SourceKind.GENERIC).say([{"key": "k", "severity": "low"}, {"key": "o", "title": "over"}])
    page = ada.get(f"{RULES}/dry-run/").text
    assert "Waits for a person: no rule matches." in page
    monitor(SourceKind.GENERIC, name="Other").say({"key": "k"})
    db.session.execute(update(AlertGroup).values(title="a group"))
    db.session.execute(update(Alert).values(state=AlertState.CLEARED))
    db.session.commit()
    assert "Nothing: all of it has cleared." in ada.get(f"{RULES}/dry-run/").text
    db.session.execute(update(Alert).values(state=AlertState.FIRING))
    db.session.commit()
    given = {"matches": RULE["matches"], "was_matches": RULE["matches"]}
    given |= fields(ada.get(f"{RULES}/edit/?id=1").text)
    typed = given | {"action": "wait", "severity": "critical", "is_active": "yes", "source": "Prometheus"}
    assert ada.post(f"{RULES}/edit/?id=1", data=typed).status_code == 303
    row = db.session.get(AlertRule, 1)
    assert (row.action, row.source_id, row.place) == ("wait", 1, 10)
    assert "Waits for a person." in ada.get(f"{RULES}/dry-run/").text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"matches": "severity"}, "Line 1"),
        ({"source": "nobody"}, "There is no source nobody."),
        ({"at_count": "0"}, "A whole number, 1 to 100."),
        ({"minutes": "x"}, "A whole number, 1 to 1,440."),
        ({"place": "-1"}, "A whole number; rules"),
        ({"name": "x" * 51}, "1 to 50 characters"),
        ({"action": "nothing"}, "Not a valid choice"),
    ],
)
def test_a_rule_that_cannot_be_right(ada, given, sentence):
    answer = ada.post(f"{RULES}/new/", data=RULE | given)
    assert answer.status_code == 422
    assert sentence in answer.text
