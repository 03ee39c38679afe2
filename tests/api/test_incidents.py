"""The API: incidents are read, opened, edited and commanded by tokens, through the rules of the screens."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from majorops.api import ROUTES, shapes
from majorops.db import db
from majorops.domain.access import Permission
from majorops.models import ApiToken, Incident, TimelineEvent
from majorops.operations.catalogue import add_system
from majorops.operations.edit import edit_field
from majorops.operations.fields import FIELDS
from majorops.operations.tokens import revoke_token
from majorops.web.budget import Budget
from tests.counting import queries

PROBLEM = "application/problem+json"
OPENING = {
    "title": "payments-api not responding",
    "severity": "critical",
    "affected_systems": ["payments-api"],
}


def entries() -> int:
    return db.session.scalar(select(func.count(TimelineEvent.id)))


def wrong_fields(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    assert answer.content_type == PROBLEM
    return [one["field"] for one in answer.json["errors"]]


def numbers(answer) -> list[int]:
    return [one["number"] for one in answer.json["incidents"]]


# Reading


def test_an_incident_whole(cast, maya, clock):
    incident = cast.open()
    clock.tick(minutes=10)
    answer = maya.get(f"/incidents/{incident.id}")
    assert answer.status_code == 200
    found = answer.json
    assert (found["number"], found["reference"], found["phase"]) == (incident.id, incident.reference, 1)
    assert (found["duration"], found["version"]) == (600, incident.version)
    assert answer.headers["ETag"] == f'"{incident.version}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert found["fields"] == {name: field.read(incident) for name, field in FIELDS.items()}
    again = maya.get(f"/incidents/{incident.id}", If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_list_in_pages(cast, maya):
    ours = [cast.open(title=f"Outage {n}") for n in range(5)]
    cast.resolve(ours[1])
    first = maya.get("/incidents?limit=3")
    assert numbers(first) == [one.id for one in ours[:1:-1]]
    rest = maya.get(f"/incidents?limit=3&before={first.json['next']}")
    assert numbers(rest) == [ours[1].id, ours[0].id]
    assert rest.json["next"] is None
    assert numbers(maya.get("/incidents?status=resolved")) == [ours[1].id]
    assert numbers(maya.get("/incidents?status=monitoring")) == []
    assert numbers(maya.get("/incidents?status=active")) == [ours[n].id for n in (4, 3, 2, 0)]


def test_a_list_by_system(cast, maya):
    ours = [cast.open(systems=["search", "payments-api"] if n % 2 else ["dns"]) for n in range(6)]
    first = maya.get("/incidents?system=payments-api&limit=2")
    assert numbers(first) == [ours[5].id, ours[3].id]
    rest = maya.get(f"/incidents?system=payments-api&limit=2&before={first.json['next']}")
    assert numbers(rest) == [ours[1].id]
    assert rest.json["incidents"][0]["systems"] == ["search", "payments-api"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("before=99999999999", "before"),
        ("status=open", "status"),
        ("what=ever", "what"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_list_that_cannot_be(maya, query, field):
    assert wrong_fields(maya.get(f"/incidents?{query}")) == [field]


def test_a_page_beyond_the_end_is_empty(cast, maya):
    cast.open()
    assert maya.get("/incidents?before=1").json == {"incidents": [], "next": None}
    assert maya.get("/incidents/1/timeline?after=99999").json == {"entries": [], "next": None}


def test_a_page_costs_the_same_whatever_there_was(cast, maya):
    cast.open()
    maya.get("/incidents")
    with queries() as few:
        maya.get("/incidents?limit=20")
    for n in range(20):
        cast.open(title=f"Outage {n}")
    with queries() as many:
        maya.get("/incidents?limit=20")
    assert len(few) == len(many) <= 5


def test_the_timeline_in_pages(cast, maya):
    incident = cast.open()
    every = maya.get(f"/incidents/{incident.id}/timeline").json
    assert [one["seq"] for one in every["entries"]] == list(range(1, incident.version + 1))
    assert every["entries"][0]["kind"] == "incident.opened"
    first = maya.get(f"/incidents/{incident.id}/timeline?limit=2").json
    assert first["next"] == 2
    rest = maya.get(f"/incidents/{incident.id}/timeline?after=2").json
    assert rest["entries"][0]["seq"] == 3


# Who may


def test_without_a_token_that_is_worth_something(cast, maya, client, clock):
    cast.open()
    for headers in (
        {},
        {"Authorization": "Bearer mops_" + "a" * 36},
        {"Authorization": f"Basic {maya.secret}"},
        {"Authorization": "Bearer"},
    ):
        answer = client.get("/api/v1/incidents", headers=headers)
        assert (answer.status_code, answer.content_type) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert cast.browser("maya").get("/api/v1/incidents").status_code == 401
    assert client.get(f"/api/v1/incidents?token={maya.secret}").status_code == 401
    revoke_token(db.session.scalars(select(ApiToken)).one(), actor=cast.maya, now=clock())
    assert maya.get("/incidents").status_code == 401


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_each_route_asks_for_its_scope_before_it_looks_at_anything(cast, program, route):
    cast.open()
    others = set(Permission) - {route.needs}
    path = re.sub(r"<int:\w+>", "1", route.path)
    answer = program("ada", others).ask(route.method, path, sent={"x": 1})
    assert (answer.status_code, answer.content_type) == (403, PROBLEM)
    assert str(route.needs) in answer.json["detail"]


def test_a_token_for_one_system_sees_and_opens_nothing_else(cast, program, clock):
    add_system(name="payments-api", actor=cast.ada, now=clock())
    seen, other = cast.open(systems=["payments-api"]), cast.open(systems=["dns"])
    bot = program("maya", system="payments-api")
    assert numbers(bot.get("/incidents")) == [seen.id]
    assert numbers(bot.get("/incidents?system=dns")) == []
    assert bot.get(f"/incidents/{seen.id}").status_code == 200
    for path in ("", "/timeline", "/publications", "/response"):
        assert bot.get(f"/incidents/{other.id}{path}").status_code == 404
    assert bot.post(f"/incidents/{other.id}/notes", {"text": "x"}).status_code == 404
    assert wrong_fields(bot.post("/incidents", OPENING | {"affected_systems": ["dns"]})) == [
        "affected_systems"
    ]
    assert bot.post("/incidents", OPENING).status_code == 201
    assert [one["name"] for one in bot.get("/systems").json["systems"]] == ["payments-api"]


def test_a_continuation_of_other_systems_is_not_shown_to_a_token_of_one(cast, program, clock):
    add_system(name="payments-api", actor=cast.ada, now=clock())
    old = cast.open(systems=["payments-api"])
    cast.resolve(old)
    bot = program("maya", system="payments-api")
    path = f"/incidents/{old.id}/continuation"
    number = bot.post(path).json["number"]
    edit_field(db.session.get(Incident, number), "affected_systems", "dns", actor=cast.maya, now=clock())
    assert bot.post(path).status_code == 404


def test_a_token_that_asks_too_often_waits(app, maya):
    app.extensions["api_budget"] = Budget(2)
    assert [maya.get("/incidents").status_code for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(maya.get("/incidents").headers["Retry-After"]) <= 10


def test_when_and_from_where_a_token_was_used(maya, clock):
    maya.get("/incidents")
    row = db.session.scalars(select(ApiToken)).one()
    assert (row.used_at, row.used_from) == (clock(), "127.0.0.1")


# Acting


def test_opened_by_a_program(maya):
    alert = {"alert_id": "A-1", "issue_time": "2026-11-23T13:50:00Z"}
    answer = maya.post("/incidents", OPENING | alert)
    assert answer.status_code == 201
    found = answer.json
    assert (found["title"], found["intake_source"]) == (OPENING["title"], "api")
    assert (found["fields"]["alert.alert_id"], found["impact"]) == ("A-1", 600)
    first = maya.get(f"/incidents/{found['number']}/timeline").json["entries"][0]
    assert first["actor_name"] == "Maya Okafor by token bot"
    assert found["fields"]["command.mim"] == "", "nobody has taken command: a program opened it"
    assert maya.post(f"/incidents/{found['number']}/command").json["fields"]["command.mim"] == "Maya Okafor"


def test_who_may_not_publish_opens_nothing_that_the_public_reads(program):
    refused = program("maya", {"incident:open"}).post("/incidents", OPENING)
    assert (refused.status_code, "incident:publish" in refused.json["detail"]) == (403, True)
    assert db.session.scalar(select(func.count(Incident.id))) == 0
    assert (
        program("maya", {"incident:open", "incident:publish"}).post("/incidents", OPENING).status_code == 201
    )


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"severity": "fatal"}, "severity"),
        ({"affected_systems": "payments-api"}, "affected_systems"),
        ({"detected_at": "2026-11-23T13:00:00"}, "detected_at"),
        ({"detected_at": "2030-01-01T00:00:00Z"}, "began_at"),
        ({"bridge_url": "javascript:alert(1)"}, "bridge_url"),
        ({"what": "ever"}, "what"),
    ],
)
def test_an_opening_that_cannot_be(maya, sent, field):
    assert wrong_fields(maya.post("/incidents", OPENING | sent)) == [field]
    assert db.session.scalar(select(func.count(Incident.id))) == 0


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"\xff", "application/json", 400),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b'{"title": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ],
    ids=range(6),
)
def test_a_body_that_cannot_be_read(maya, raw, kind, status):
    headers = {"Authorization": f"Bearer {maya.secret}"}
    answer = maya.client.post("/api/v1/incidents", data=raw, content_type=kind, headers=headers)
    assert (answer.status_code, answer.content_type) == (status, PROBLEM)


def test_an_address_or_method_that_is_none(maya):
    for answer, status in ((maya.get("/nowhere"), 404), (maya.ask("DELETE", "/incidents"), 405)):
        assert (answer.status_code, answer.content_type) == (status, PROBLEM)
    assert "POST" in maya.ask("DELETE", "/incidents").headers["Allow"]
    for path in ("/incidents/99", "/incidents/99999999999999"):
        assert (maya.get(path).status_code, maya.get(path).content_type) == (404, PROBLEM)


def test_values_are_set_all_or_none(cast, maya):
    incident = cast.open()
    before = incident.version
    wrong = {"title": "New title", "alert.customer_count": "many", "bridge_url": "ftp://x"}
    refused = maya.ask("PATCH", f"/incidents/{incident.id}", wrong)
    assert sorted(wrong_fields(refused)) == ["alert.customer_count", "bridge_url"]
    db.session.refresh(incident)
    assert incident.version == before
    done = maya.ask("PATCH", f"/incidents/{incident.id}", {"title": "New title", "severity": "high"})
    assert done.status_code == 200, done.text
    assert (done.json["title"], done.json["severity"]) == ("New title", "high")
    assert done.json["version"] > before


def test_each_field_of_the_registry_may_be_given(cast, maya):
    incident = cast.open()
    assert set(shapes.FieldsGiven.model_fields) == set(FIELDS)
    for name, field in FIELDS.items():
        answer = maya.ask("PATCH", f"/incidents/{incident.id}", {name: field.read(incident)})
        assert answer.status_code in (200, 422), (name, answer.text)
        assert maya.ask("PATCH", f"/incidents/{incident.id}", {name: None}).status_code == 422, name


def test_a_version_that_is_stale_is_refused(cast, maya):
    incident = cast.open()
    tag = maya.get(f"/incidents/{incident.id}").headers["ETag"]
    path, note = f"/incidents/{incident.id}/notes", {"text": "Seen."}
    assert maya.post(path, note, If_Match=tag).status_code == 201
    stale = maya.post(path, note, If_Match=tag)
    assert (stale.status_code, stale.content_type) == (412, PROBLEM)
    assert maya.post(path, note, If_Match="*").status_code == 201
    assert wrong_fields(maya.post(path, note, If_Match="17")) == ["If-Match"]


def test_sent_twice_with_a_key_it_is_done_once(cast, maya, clock):
    incident = cast.open()
    path, key = f"/incidents/{incident.id}/notes", "key-0123456789"
    first = maya.post(path, {"text": "Seen."}, Idempotency_Key=key)
    count = entries()
    again = maya.post(path, {"text": "Seen."}, Idempotency_Key=key)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (again.headers["Idempotent-Replayed"], entries()) == ("true", count)
    assert wrong_fields(maya.post(path, {"text": "Other."}, Idempotency_Key=key)) == ["Idempotency-Key"]
    assert maya.post(path, {"text": "Seen."}, Idempotency_Key="another-key").status_code == 201
    assert entries() == count + 1
    clock.tick(minutes=24 * 60 + 1)
    late = maya.post(path, {"text": "Seen."}, Idempotency_Key=key)
    assert (late.status_code, entries()) == (409, count + 1)


def test_an_incident_is_opened_once(maya):
    opened = {
        maya.post("/incidents", OPENING, Idempotency_Key="open-payments").json["number"] for _ in range(3)
    }
    assert len(opened) == 1
    assert maya.post("/incidents", OPENING, Idempotency_Key="open-others").json["number"] not in opened


@pytest.mark.parametrize("key", ["short", "x" * 201, "with space"])
def test_a_key_that_is_none(maya, key):
    assert wrong_fields(maya.post("/incidents", OPENING, Idempotency_Key=key)) == ["Idempotency-Key"]


def test_a_closed_gate_says_why(cast, maya):
    incident = cast.open()
    answer = maya.post(f"/incidents/{incident.id}/status", {"to": "resolved"})
    assert (answer.status_code, answer.content_type) == (409, PROBLEM)
    assert answer.json["detail"].startswith(answer.json["blockers"][0]["detail"])


def test_a_whole_incident_by_a_program(maya):
    number = maya.post("/incidents", OPENING).json["number"]

    def act(path: str, sent=None, method: str = "POST"):
        answer = maya.ask(method, f"/incidents/{number}{path}", {} if sent is None else sent)
        assert answer.status_code in (200, 201), (path, answer.text)
        return answer.json

    act("/phase", {"expected": 1})
    track = act("/tracks", {"team": "App", "goal": "roll back", "owner": "Rita", "minutes": 10})
    act(f"/tracks/{track['id']}/extension", {"minutes": 15})
    report = act("/can-reports", {"team": "App", "conditions": "5xx at 61 %", "needs": "deploy freeze"})
    act(f"/can-reports/{report['id']}/need-met")
    ask = act("/asks", {"whom": "Lena", "what": "check the pool", "minutes": 5})
    act(f"/asks/{ask['id']}/answer", {"answer": "It is full."})
    box = act("/timeboxes", {"purpose": "Vendor", "owner": "Omar", "minutes": 5})
    act(f"/timeboxes/{box['id']}/end", {"note": "They called."})
    act("/decisions", {"proposal": "Roll back", "decided_by": "Maya"})
    act("/ruled-out", {"cause": "Network", "why": "traces clean"})
    said = act("/updates", {"body": "We roll back.", "visibility": "internal"})
    act(f"/publications/{said['id']}/correction", {"body": "We roll back release 4.17."})
    note = act("/notes", {"text": "Seen."})
    act(f"/timeline/{note['seq']}/correction", {"text": "Not seen."})
    act(f"/tracks/{track['id']}/outcome", {"outcome": "succeeded", "note": "4.16 runs."})
    act("/phase", {"to": 7, "reason": "One cause.", "override": "Known fix."})
    act("/checks", {"system": "payments-api", "state": "confirmed"}, "PUT")
    act("/status", {"to": "monitoring", "override": "Watched."})
    act("/symptoms")
    act("/status", {"to": "monitoring", "override": "Watched."})
    over = act("/status", {"to": "resolved", "override": "Clean.", "summary": "clear"})
    assert (over["status"], over["phase"]) == ("resolved", 7)
    done = maya.get(f"/incidents/{number}/response").json
    assert [one["outcome"] for one in done["tracks"]] == ["succeeded"]
    assert [one["state"] for one in done["asks"]] == ["answered"]
    assert [one["state"] for one in done["checks"]] == ["confirmed"]
    texts = [one["body"] for one in maya.get(f"/incidents/{number}/publications").json["publications"]]
    assert "We roll back release 4.17." in texts
    assert maya.post(f"/incidents/{number}/tracks", {"team": "A", "goal": "b"}).status_code == 409
