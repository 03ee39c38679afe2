"""What Prometheus reads: by whom, by fixed names, without a word of an incident, at no cost that grows."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from majorops.db import db
from majorops.domain.access import SYSTEM, Permission
from majorops.domain.enums import DeliveryState, Severity
from majorops.models import Delivery, Incident, User
from majorops.operations.backups import begin_backup, end_backup
from majorops.operations.health import beat
from majorops.operations.tokens import add_token
from majorops.web import health
from tests.counting import statements
from tests.operations.planner import Planner
from tests.public.test_canary_of_columns import fill, seen_in

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "alert_deliveries_waiting",
    "announcements_waiting",
    "backup_last_failed",
    "backup_last_success_size_bytes",
    "backup_last_success_timestamp_seconds",
    "build_info",
    "check_ok",
    "database_size_bytes",
    "disk_free_bytes",
    "disk_size_bytes",
    "incidents",
    "incidents_overdue",
    "incidents_running",
    "message_oldest_due_seconds",
    "messages",
    "messages_failed_last_day",
    "messages_waiting",
    "outgoing_events_waiting",
    "ready",
    "timeline_entries",
    "worker_last_seen_timestamp_seconds",
]


@pytest.fixture
def scrape(app, clock, tmp_path):
    """Asks as a program of this machine; name and labels → value."""
    app.config |= {"METRICS_LOCAL": True, "DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}"}

    def asked() -> dict[str, float]:
        answer = app.test_client().get("/metrics")
        assert answer.status_code == 200
        db.session.rollback()
        found = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = ",".join(sample.labels.values())
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    return asked


@pytest.fixture
def at_work(cast, clock):
    """A worker, a backup, incidents."""
    beat("box:1", version="1", started_at=clock(), actor=SYSTEM, now=clock())
    number = begin_backup(every=timedelta(hours=1), actor=SYSTEM, now=clock())
    end_backup(number, path="", size=5, rows=1, problem="", actor=SYSTEM, now=clock())
    cast.open(severity=Severity.CRITICAL)
    cast.open(severity=Severity.CRITICAL)
    cast.resolve(cast.open(severity=Severity.LOW))


def test_names_and_values(scrape, at_work, clock, app):
    found = scrape()
    assert (
        sorted({re.sub(r"(_total)?({.*)?$", "", name).removeprefix("majorops_") for name in found}) == NAMES
    )
    assert found["majorops_incidents_running{critical}"] == 2
    assert found["majorops_incidents_running{low}"] == 0
    assert found["majorops_incidents_total"] == 3
    assert found["majorops_ready"] == 1
    assert found["majorops_backup_last_success_timestamp_seconds"] == clock().timestamp()
    assert found["majorops_backup_last_success_size_bytes"] == 5
    assert found["majorops_disk_free_bytes{database}"] > 0
    assert found["majorops_database_size_bytes"] > 100_000
    assert found["majorops_incidents_overdue"] == 0
    db.session.execute(update(Incident).values(next_update_eta=clock() - timedelta(minutes=1)))
    db.session.execute(update(Delivery).values(state=DeliveryState.FAILED, next_at=clock()))
    db.session.commit()
    found = scrape()
    assert found["majorops_incidents_overdue"] == 2
    assert found["majorops_messages_failed_last_day"] > 0
    clock.tick(hours=25)
    assert scrape()["majorops_messages_failed_last_day"] == 0


def test_a_late_message_is_a_check_that_is_not_well(scrape, cast, clock):
    cast.open()
    clock.tick(minutes=5)
    found = scrape()
    assert found["majorops_check_ok{outbox}"] == 0
    assert found["majorops_check_ok{database}"] == 1
    assert found["majorops_message_oldest_due_seconds"] == 300


def test_no_word_of_the_record_stands_there(scrape, app, clock):
    fill(clock())
    db.session.commit()
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert seen_in(answer.text) == set()


@pytest.mark.parametrize("setting", [False, True])
@pytest.mark.parametrize(
    ("headers", "address", "is_local"),
    [
        ({}, "127.0.0.1", True),
        ({}, "::1", True),
        ({}, "192.0.2.7", False),
        ({}, "", False),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
        ({"Forwarded": "for=127.0.0.1"}, "127.0.0.1", False),
    ],
)
def test_without_a_token_only_this_machine_by_the_setting(app, clock, setting, headers, address, is_local):
    app.config["METRICS_LOCAL"] = setting
    given = {"headers": headers, "environ_base": {"REMOTE_ADDR": address}}
    answer = app.test_client().get("/metrics", **given)
    assert answer.status_code == (200 if setting and is_local else 401)
    assert ("majorops_" in answer.text) == (setting and is_local)


def test_a_token_needs_the_scope(app, cast, clock):
    ada = db.session.get(User, cast.ada.user_id)
    for scope, status in ((Permission.METRICS_READ, 200), (Permission.DATA_MANAGE, 403)):
        _, secret = add_token(ada, name=scope.value, scopes=[scope], actor=cast.ada, now=clock())
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert app.test_client().get("/metrics").headers["WWW-Authenticate"].startswith("Bearer")


def test_without_its_database_it_says_so(scrape, app, clock, monkeypatch):
    monkeypatch.setattr(health, "why_not_ready", lambda: "database does not answer")
    found = scrape()
    assert found["majorops_ready"] == 0
    assert found["majorops_check_ok{database}"] == 0
    assert "majorops_incidents_total" not in found


def test_each_query_is_answered_from_an_index(scrape, at_work):
    scrape()
    with statements() as sent:
        scrape()
    assert 10 < len(sent) < 30
    with db.engine.connect() as connection:
        planner = Planner(connection)
        for statement, parameters in sent:
            if statement.startswith("SELECT") and "pragma" not in statement:
                assert planner.scans(statement, parameters) == [], statement


class TestWhatIsShipped:
    RULES = ROOT / "deploy/prometheus-alerts.yml"
    BOARD = ROOT / "deploy/grafana-dashboard.json"

    def named(self, text: str) -> set[str]:
        names = re.findall(r"majorops_[a-z_]+[a-z]", re.sub(r'job="[^"]*"|uid": "majorops', "", text))
        return {name.removeprefix("majorops_").removesuffix("_total") for name in names}

    @pytest.mark.parametrize("words", [("check", "rules", "alerts"), ("test", "rules", "alerts.test")])
    def test_promtool_passes_the_rules(self, words):
        *verb, name = words
        done = subprocess.run(
            ["promtool", *verb, f"deploy/prometheus-{name}.yml"], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def test_promtool_finds_nothing_in_the_metrics(self, scrape, at_work, app):
        text = app.test_client().get("/metrics").get_data()
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")

    @pytest.mark.parametrize("file", [RULES, BOARD], ids=["rules", "board"])
    def test_they_name_only_metrics_that_exist(self, file):
        assert self.named(file.read_text()) <= set(NAMES)

    def test_the_dashboard_is_whole(self):
        board = json.loads(self.BOARD.read_text())
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(numbers) == len(set(numbers))
        for panel in board["panels"]:
            assert panel["title"]
            assert all(target["expr"] for target in panel["targets"])
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
