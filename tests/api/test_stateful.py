"""Whole courses through the API by the links of its document: what one route made, the next one is asked for.

No crash, no answer that the document does not know, each error a problem (schemathesis, all its checks).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi import stateful
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from majorops.api import ROUTES
from majorops.api.document import document
from majorops.web.budget import Budget

COURSES = int(os.environ.get("FUZZ_ANSWERS", "600")) // 25
STEPS = 8  # of a course


@pytest.fixture
def house(app, cast, program):
    cast.full_house()
    app.extensions["api_budget"] = Budget(1_000_000)
    return app, program("ada").secret


def test_every_link_leads_to_a_route_with_all_that_its_address_needs():
    """Whatever is done at an incident, or at what a program made of it, can be reached."""
    paths = {route.name: route.path for route in ROUTES}
    reached = set()
    for methods in document()["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                for name, link in answer.get("links", {}).items():
                    assert link["operationId"] == name
                    wanted = {part for part in link["parameters"] if f"<int:{part}>" in paths[name]}
                    assert wanted == set(link["parameters"])
                    assert len(wanted) == paths[name].count("<int:")
                    reached.add(name)
    incident = "/incidents/<int:number>"
    of_one = {name for name, path in paths.items() if path.startswith(incident) and path.count("<") == 1}
    assert of_one <= reached
    assert {"extend_track", "answer_ask", "close_timebox", "meet_need", "correct_publication"} <= reached
    assert {"strike_entry", "set_visibility"} <= reached


def only_openings(*_) -> stateful.RootTransitions:
    """A course begins with an incident of its own.

    By itself schemathesis takes every POST for a beginning, with numbers of incidents that there are not, and
    leaves out this one: it takes `alert_id` for the number of something that nothing makes.
    """
    found = stateful.RootTransitions()
    found.reliable.add("POST /api/v1/incidents")
    return found


def test_courses_by_the_links(house, monkeypatch):
    app, secret = house
    monkeypatch.setattr(stateful, "classify_root_transitions", only_openings)
    done = Counter()
    # Without the token, which it would make up, too.
    schema = schemathesis.openapi.from_dict(document() | {"security": []})
    schema.app = app
    schema.config.phases.stateful.inference.algorithms = []  # the links of the document alone

    class Course(schema.as_state_machine()):
        def get_call_kwargs(self, case):
            return {"headers": {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}}

        def validate_response(self, response, case, **given):
            # Who may: test_permissions.py. And rules may refuse what the schema lets through.
            done[response.status_code] += 1
            case.validate_response(response, excluded_checks=[ignored_auth, positive_data_acceptance])
            if response.status_code >= 400:
                assert response.headers["content-type"] == ["application/problem+json"]
                assert response.json()["detail"]

    Course.run(
        settings=settings(
            max_examples=COURSES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )
    assert done[201] + done[200] > COURSES, f"courses go on from what was made: {done}"
