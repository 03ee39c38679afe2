"""Run cards, accounts and maintenance by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.db import db
from majorops.domain.access import GRANTS
from majorops.domain.enums import AccountRole
from majorops.models import KeptAnswer
from majorops.operations.catalogue import add_system

BODY = "# Steps\n- drain the pool\n# Contacts\nx\n# Systems\nx\n# Default Box\n2"
CARD = {"tier": 1, "name": "Pools", "systems": "payments-*", "body": BODY}


@pytest.fixture
def ada(program):
    return program("ada")


@pytest.fixture
def plan(clock):
    start = clock() + timedelta(hours=2)
    return {
        "title": "New switches",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
    }


def fields(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [one["field"] for one in answer.json["errors"]]


def test_a_run_card_from_its_first_version_to_the_fireground(cast, ada, maya):
    made = ada.post("/run-cards", CARD)
    assert (made.status_code, made.json["body"], made.json["by"]) == (201, BODY, "Ada Lindqvist by token bot")
    path = f"/run-cards/{made.json['id']}"
    later = BODY.replace("drain", "empty")
    assert ada.ask("PATCH", path, {"body": later}).json["body"] == later
    assert [one["name"] for one in maya.get("/run-cards").json["run_cards"]] == ["Pools"]
    assert maya.get(path).json["name"] == "Pools"
    assert ada.post(f"{path}/review").status_code == 200
    incident = cast.open(systems=["payments-api"])
    put = maya.post(f"/incidents/{incident.id}/run-card", {"card_id": made.json["id"]})
    assert put.status_code == 200
    assert fields(ada.post("/run-cards", CARD)) == ["name"]
    assert fields(ada.ask("PATCH", path, {"body": "nothing"})) == ["body"]
    assert maya.get("/run-cards/999").status_code == 404
    assert maya.post("/run-cards", CARD).status_code == 403


def test_an_act_at_no_incident_is_done_once_by_its_key_too(ada):
    keyed = {"Idempotency_Key": "first-pool-card"}
    first = ada.post("/run-cards", CARD, **keyed)
    again = ada.post("/run-cards", CARD, **keyed)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(ada.get("/run-cards").json["run_cards"]) == 1
    assert db.session.query(KeptAnswer).one().incident_id is None


def test_accounts_are_kept_by_an_admin_alone(cast, ada, maya):
    made = ada.post("/users", {"email": "New@Example.org", "name": "New One", "role": "responder"})
    assert (made.status_code, made.json["email"]) == (201, "new@example.org")
    assert not made.json.keys() & {"password_hash", "totp_secret", "password"}
    path = f"/users/{made.json['id']}"
    assert ada.ask("PATCH", path, {"role": "mim"}).json["role"] == "mim"
    assert ada.ask("PATCH", path, {"is_active": False}).json["is_active"] is False
    assert "new@example.org" in [one["email"] for one in ada.get("/users").json["users"]]
    assert fields(ada.post("/users", {"email": "x", "name": "New", "role": "mim"})) == ["email"]
    assert fields(ada.ask("PATCH", f"/users/{cast.ada.user_id}", {"role": "mim"})) == ["role"]
    assert maya.get("/users").status_code == 403


def test_a_token_of_one_system_manages_no_data(cast, clock, program):
    add_system(name="payments-api", actor=cast.ada, now=clock())
    narrow = program("ada", sorted(GRANTS[AccountRole.ADMIN]), system="payments-api")
    assert narrow.get("/users").status_code == 403
    assert narrow.post("/run-cards", CARD).status_code == 403


def test_maintenance_from_plan_to_end(maya, plan):
    made = maya.post("/maintenance", plan)
    assert (made.status_code, made.json["status"]) == (201, "planned")
    path = f"/maintenance/{made.json['id']}"
    assert maya.ask("PATCH", path, {"title": "Newer switches"}).json["title"] == "Newer switches"
    assert maya.post(f"{path}/status", {"to": "running"}).json["status"] == "running"
    assert maya.post(f"{path}/updates", {"text": "Half of them are in."}).status_code == 200
    assert maya.post(f"{path}/status", {"to": "done"}).json["status"] == "done"
    assert maya.post(f"{path}/status", {"to": "running"}).status_code == 409
    assert [one["title"] for one in maya.get("/maintenance").json["maintenance"]] == ["Newer switches"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "2026-11-25T00:00:00"}, "starts_at"),
        ({"systems": [","]}, "systems"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_plan_that_is_wrong_is_said_at_its_field(maya, plan, wrong, field):
    assert field in fields(maya.post("/maintenance", plan | wrong))


def test_a_token_of_one_system_plans_for_that_system(cast, clock, program, plan, maya):
    add_system(name="payments-api", actor=cast.ada, now=clock())
    narrow = program("maya", system="payments-api")
    assert fields(narrow.post("/maintenance", plan)) == ["systems"]
    assert narrow.post("/maintenance", plan | {"systems": ["payments-api"]}).status_code == 201
    other = maya.post("/maintenance", plan | {"title": "Of all"}).json["id"]
    assert narrow.post(f"/maintenance/{other}/status", {"to": "running"}).status_code == 404
    assert [one["title"] for one in narrow.get("/maintenance").json["maintenance"]] == ["New switches"]
