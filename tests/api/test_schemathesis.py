"""Whatever is sent to the API: no crash, no answer that the document does not know, each error a problem."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from majorops.api import ROUTES
from majorops.api.document import document
from majorops.web.budget import Budget

EXAMPLES = int(os.environ.get("FUZZ_ANSWERS", "600")) // 120  # of each route


@pytest.fixture
def house(app, cast, program):
    cast.full_house()
    app.extensions["api_budget"] = Budget(1_000_000)
    return app, program("ada").secret


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_by_the_document(house, route, mode):
    app, secret = house
    schema = schemathesis.openapi.from_dict(document())
    schema.app = app
    path = "/api/v1" + route.path.replace("<int:", "{").replace(">", "}")
    operation = schema[path][route.method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case):
        answer = case.call(headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"})
        # Who may: tests/api/test_incidents.py. And rules may refuse what the schema lets through.
        case.validate_response(answer, excluded_checks=[ignored_auth, positive_data_acceptance])
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert answer.json()["detail"]

    run()
