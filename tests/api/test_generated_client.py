"""The client that openapi-python-client makes of our document: it opens an incident and closes it."""

from __future__ import annotations

import importlib
import json
import sys

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

PACKAGE = "generated_majorops_client"


@pytest.fixture
def generated(client, tmp_path, monkeypatch):
    """`generated("api.incidents.open_incident")`: a module of the client."""
    document = tmp_path / "openapi.json"
    document.write_bytes(client.get("/api/v1/openapi.json").data)
    config = Config.from_sources(
        ConfigFile(post_hooks=[], package_name_override=PACKAGE),
        MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=True,
        output_path=tmp_path / PACKAGE,
    )
    assert [error.detail for error in generate(config=config)] == [], "it understands every route"
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    for name in [one for one in sys.modules if one.startswith(PACKAGE)]:
        del sys.modules[name]


def test_it_opens_an_incident_and_closes_it(app, maya, generated):
    models = generated("models")
    line = httpx.Client(
        base_url="http://localhost",
        transport=httpx.WSGITransport(app=app),
        headers={"Authorization": f"Bearer {maya.secret}"},
    )
    program = generated("client").AuthenticatedClient("http://localhost", token=maya.secret)
    program.set_httpx_client(line)

    def call(module: str, *given, **named):
        answer = generated(f"api.{module}").sync_detailed(*given, client=program, **named)
        assert answer.status_code in (200, 201), answer.content
        return answer.parsed

    opening = models.Opening(
        title="payments-api not responding",
        severity=models.Severity.CRITICAL,
        affected_systems=["payments-api"],
    )
    number = call("incidents.open_incident", body=opening, idempotency_key="generated-1").number
    assert call("incidents.open_incident", body=opening, idempotency_key="generated-1").number == number
    call("timeline.add_note", number, body=models.Note(text="Seen."))
    closing = models.Status(to=models.IncidentStatus.RESOLVED, override="A false alarm.")
    assert call("phases_and_command.change_status", number, body=closing).status == "resolved"
    found = call("incidents.list_incidents", status=models.IncidentStatus.RESOLVED)
    assert [(one.number, one.title) for one in found.incidents] == [(number, "payments-api not responding")]
    refused = generated("api.timeline.add_note").sync_detailed(
        999, client=program, body=models.Note(text="x")
    )
    assert (refused.status_code, json.loads(refused.content)["title"]) == (404, "Not found")
    line.close()
