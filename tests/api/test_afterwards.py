"""Reviews, actions, measures, search, briefs and messages by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.db import db
from majorops.domain.enums import DeliveryState
from majorops.models import Delivery
from majorops.operations import briefs
from majorops.operations.catalogue import add_system
from tests.operations.afterwards import resolve


@pytest.fixture
def over(cast, clock):
    """A resolved incident of payments-api."""
    add_system(name="payments-api", actor=cast.ada, now=clock())
    incident = cast.open(title="pool exhausted", systems=["payments-api"])
    resolve(incident, {"actor": cast.maya, "now": clock()})
    return incident


@pytest.fixture
def planned(clock):
    due = (clock() + timedelta(days=7)).date()
    return {"text": "Alert on idle sessions", "owner": "Omar Haddad", "due_on": f"{due}", "kind": "detect"}


def fields(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [one["field"] for one in answer.json["errors"]]


def test_a_review_from_its_texts_to_its_publication(clock, maya, over):
    path = f"/incidents/{over.id}/review"
    assert maya.get(path).json["state"] == "collecting"
    for name in ("summary", "root_cause", "contributing"):
        text = {"name": name, "text": "The pool was too small."}
        assert maya.ask("PUT", f"{path}/texts", text).status_code == 200
    stale = maya.ask("PUT", f"{path}/texts", {"name": "summary", "text": "Mine", "was": "another"})
    assert (stale.status_code, stale.json["standing"]) == (409, "The pool was too small.")
    asked = maya.post(f"{path}/questions", {"text": "Why so small?"})
    assert (asked.status_code, asked.json["text"]) == (201, "Why so small?")
    answer = maya.post(f"{path}/questions/{asked.json['id']}/answer", {"text": "Its default."})
    assert answer.status_code == 200
    assert maya.post(f"{path}/meeting", {"attended": "Maya Okafor"}).status_code == 409
    at = (clock() + timedelta(days=1)).isoformat()
    assert maya.ask("PUT", f"/incidents/{over.id}/after-action", {"at": at}).status_code == 200
    said = maya.get(path).json
    assert said["texts"]["summary"] == "The pool was too small."
    assert said["after_action_at"].startswith(at[:16])
    assert fields(maya.ask("PUT", f"{path}/texts", {"name": "nothing", "text": ""})) == ["name"]


def test_an_action_from_its_plan_to_its_end(maya, over, planned):
    path = f"/incidents/{over.id}/actions"
    made = maya.post(path, planned)
    assert (made.status_code, made.json["number"], made.json["state"]) == (201, 1, "open")
    moved = maya.ask("PUT", f"{path}/1", planned | {"text": "Alert on sessions", "seen": 0})
    assert (moved.json["text"], moved.json["changes"]) == ("Alert on sessions", 1)
    assert maya.ask("PUT", f"{path}/1", planned | {"seen": 0}).status_code == 409
    assert [one["text"] for one in maya.get("/actions").json["actions"]] == ["Alert on sessions"]
    ended = maya.post(f"{path}/1/end", {"state": "done", "outcome": "Dashboard 7"})
    assert (ended.json["state"], ended.json["outcome"]) == ("done", "Dashboard 7")
    assert maya.get("/actions").json["actions"] == []
    assert [one["number"] for one in maya.get("/actions?show=ended").json["actions"]] == [1]
    assert fields(maya.post(path, planned | {"owner": "a and b"})) == ["owner"]
    assert maya.post(path, planned | {"text": "Investigate it"}).status_code == 422
    assert fields(maya.ask("PUT", f"{path}/7", planned)) == ["action"]


def test_an_action_is_added_once_by_its_key(maya, over, planned):
    path = f"/incidents/{over.id}/actions"
    first = maya.post(path, planned, Idempotency_Key="one-action-please")
    again = maya.post(path, planned, Idempotency_Key="one-action-please")
    assert (again.status_code, again.json) == (201, first.json)
    assert len(maya.get("/actions").json["actions"]) == 1


def test_measures_say_their_definition_and_n(maya, over):
    said = maya.get("/measures").json
    assert {one["name"] for one in said["measures"]} >= {"resolve", "first_word"}
    assert all(one["definition"] and one["n"] in (0, 1) for one in said["measures"])
    assert fields(maya.get("/measures?since=x")) == ["since"]
    assert fields(maya.get("/measures?since=1066-10-14")) == ["since"]


def test_search_and_what_is_alike(cast, maya, over):
    found = maya.get("/search?q=pool").json
    assert ("incidents", over.id) in [(one["kind"], one["incident"]) for one in found["found"]]
    assert maya.get(f"/search?q=INC-{over.id}").json["found"][0]["incident"] == over.id
    assert maya.get("/search?q=pool&kind=run-cards").json["found"] == []
    assert fields(maya.get("/search?q=severity:huge")) == ["q"]
    assert fields(maya.get("/search")) == ["q"]
    again = cast.open(title="pool exhausted again", systems=["payments-api"])
    (one,) = maya.get(f"/incidents/{again.id}/similar").json["similar"]
    assert (one["number"], "payments-api" in one["why"]) == (over.id, True)
    listed = maya.get("/incidents?q=pool+-again").json["incidents"]
    assert [one["number"] for one in listed] == [over.id]


def test_a_token_of_one_system_looks_up_that_system_alone(cast, program, over, planned, maya):
    other = cast.open(title="pool of cars", systems=["cdn-edge"])
    maya.post(f"/incidents/{other.id}/actions", planned)
    narrow = program("maya", system="payments-api")
    found = narrow.get("/search?q=pool").json["found"]
    assert {one["incident"] for one in found} == {over.id}
    for typed in ("pool+system:cdn-edge", 'pool+"cars', '"pool+of+cars'):
        assert all(one["incident"] == over.id for one in narrow.get(f"/search?q={typed}").json["found"])
    assert narrow.get("/actions").json["actions"] == []
    assert narrow.get("/actions?system=cdn-edge").json["actions"] == []
    assert fields(narrow.get("/measures?system=cdn-edge")) == ["system"]
    assert narrow.get("/measures").json["filter"]["system"] == "payments-api"
    assert narrow.get(f"/incidents/{other.id}/review").status_code == 404
    assert narrow.get(f"/incidents/{other.id}/brief").status_code == 404
    assert [one["number"] for one in narrow.get("/incidents?q=pool").json["incidents"]] == [over.id]


def test_briefs_for_who_may_read_them(cast, program, over, maya):
    xin = program("xin")
    assert xin.get(f"/incidents/{over.id}/brief").json["title"] == "pool exhausted"
    assert "exec_summary" in xin.get(f"/incidents/{over.id}/exec").json
    assert xin.get(f"/incidents/{over.id}").status_code == 403
    assert xin.get("/incidents/999/brief").status_code == 404
    made = maya.post(f"/incidents/{over.id}/brief-links", {"page": "brief", "name": "Board", "hours": 4})
    assert made.status_code == 201
    address = made.json["address"]
    assert program("maya").client.get(address).status_code == 200
    (link,) = maya.get(f"/incidents/{over.id}/brief-links").json["links"]
    assert address not in str(link)
    ended = maya.post(f"/incidents/{over.id}/brief-links/{link['id']}/revocation")
    assert ended.status_code == 200
    assert briefs.links_of(over.id)[0].revoked_at is not None


def test_messages_are_listed_without_their_text_and_sent_again(cast, program, over, maya):
    ada = program("ada")
    page = maya.get(f"/incidents/{over.id}/deliveries?limit=1").json
    (row,) = page["deliveries"]
    assert "body" not in row
    assert "address" not in row
    failed = db.session.get_one(Delivery, row["id"])
    failed.state = DeliveryState.FAILED
    db.session.commit()
    path = f"/incidents/{over.id}/deliveries/{row['id']}/again"
    assert maya.post(path).status_code == 403
    again = ada.post(path)
    assert (again.status_code, again.json["state"]) == (200, "pending") if failed.kind else (409, None)
    assert ada.post(f"/incidents/{over.id}/deliveries/999999/again").status_code == 404
