"""The OpenAPI document: every route is in it, from the same models that check what is sent."""

from __future__ import annotations

import re

from jsonschema.validators import Draft202012Validator

from majorops.api import ROUTES
from majorops.api.problems import TITLES
from majorops.domain.access import SCOPES
from majorops.domain.outgoing import KINDS
from majorops.operations.fields import FIELDS

DOCUMENT = "/api/v1/openapi.json"


def test_every_route_is_in_it(client):
    said = client.get(DOCUMENT).json
    assert said["openapi"] == "3.1.0"
    found = {
        (method.upper(), path, operation["operationId"])
        for path, methods in said["paths"].items()
        for method, operation in methods.items()
    }
    wanted = {
        (route.method, "/api/v1" + re.sub(r"<int:(\w+)>", r"{\1}", route.path), route.name)
        for route in ROUTES
    }
    assert found == wanted
    assert len({name for _, _, name in found}) == len(ROUTES)


def test_every_reference_leads_somewhere_and_every_schema_is_one(client):
    answer = client.get(DOCUMENT)
    schemas = answer.json["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', answer.text)) == set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_the_fields_are_those_of_the_registry(client):
    schemas = client.get(DOCUMENT).json["components"]["schemas"]
    assert list(schemas["FieldsGiven"]["properties"]) == list(FIELDS)
    assert schemas["FieldsGiven"]["additionalProperties"] is False
    assert set(schemas["Fields"]["required"]) == set(FIELDS)
    assert schemas["FieldsGiven"]["properties"]["severity"]["enum"] == ["critical", "high", "medium", "low"]


def test_it_is_the_same_for_everybody_and_may_be_kept(client):
    answer = client.get(DOCUMENT)
    assert "public" in answer.headers["Cache-Control"]
    again = client.get(DOCUMENT, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_page_names_every_route_scope_and_problem(client):
    page = client.get("/api/").text
    for route in ROUTES:
        assert f'id="{route.name}"' in page
    for scope in SCOPES:
        assert f">{scope}<" in page
    for status in TITLES:
        assert f'id="problem-{status}"' in page


def test_the_events_have_schemas_and_the_page_names_every_kind(client):
    answer = client.get("/api/v1/events.json")
    assert "public" in answer.headers["Cache-Control"]
    Draft202012Validator.check_schema(answer.json)
    assert [one["type"] for one in answer.json["events"]] == list(KINDS)
    assert set(re.findall(r'"#/\$defs/(\w+)"', answer.text)) <= set(answer.json["$defs"])
    assert {"title": "CAN reported", "is_internal": True, "type": "can.reported"} in answer.json["events"]
    page = client.get("/api/").text
    for name in KINDS:
        assert f'<dt class="mono">{name}</dt>' in page
