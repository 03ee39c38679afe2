"""What /new says that the public will see and when, and whether an incident opens for it at all."""

import re

import pytest

from majorops.db import db
from majorops.domain.visibility import PublicState
from majorops.models import Incident
from majorops.operations.catalogue import add_system
from tests.operations.test_first_word import DEFAULTS
from tests.web.page import check

GOOD = {"title": "Customer ACME data breach", "affected_systems": "payments-api", "began": "0"}


@pytest.fixture
def settings(settings):
    return settings | DEFAULTS | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def opened(maya, **given) -> Incident:
    answer = maya.post("/new", data=GOOD | given)
    assert answer.status_code == 303
    db.session.rollback()
    return db.session.get(Incident, int(answer.location.rpartition("/")[2]))


def switch(page: str, severity: str) -> tuple[str, str]:
    """What is chosen beside this severity, and what stands there."""
    part = page.split(f'class="intake__public" data-severity="{severity}"')[1].split(
        "</fieldset>", maxsplit=1
    )[0]
    chosen = re.search(r'value="(yes|no)" checked', " ".join(part.split()))[1]
    return chosen, " ".join(re.sub(r"<[^>]+>", "", part).split())


def test_the_line_and_the_default_stand_by_each_severity(maya):
    page = maya.get("/new")
    check(page)
    for severity, chosen in (("critical", "yes"), ("high", "yes"), ("medium", "no"), ("low", "no")):
        found, words = switch(page.text, severity)
        assert found == chosen
        assert (
            "In 60 s the public sees Problems with …, severity and public systems, not your title." in words
        )
        assert "Nothing outside until it is published." in words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PUBLIC_HOLD": 0}, "At once the public sees Problems with …"),
        ({"PUBLIC_REVIEW": True}, "Once an MIM has read it, the public sees Problems with …"),
        ({"PUBLIC_TITLE": "{title}"}, "In 60 s the public sees your title, severity and public systems."),
    ],
)
def test_the_line_says_what_the_settings_do(app, maya, given, words):
    app.config.update(given)
    assert words in switch(maya.get("/new").text, "critical")[1]


def test_it_opens_as_chosen_and_else_as_the_setting_says(maya):
    for given, state in (
        ({"severity": "critical"}, PublicState.WAITING),
        ({"severity": "low", "second": "y"}, PublicState.PRIVATE),
        ({"severity": "critical", "public_critical": "no", "second": "y"}, PublicState.PRIVATE),
        ({"severity": "low", "public_low": "yes", "second": "y"}, PublicState.WAITING),
        # what stands by another severity was not chosen
        ({"severity": "high", "public_low": "no", "public_high": "yes", "second": "y"}, PublicState.WAITING),
        ({"severity": "high", "public": "no", "second": "y"}, PublicState.PRIVATE),
    ):
        assert opened(maya, **given).public_state is state


def test_a_refusal_keeps_the_choice_and_names_the_title(maya, cast, clock):
    given = {"name": "payments-api", "is_public": True, "public_title": "Problems paying by card"}
    add_system(**given, actor=cast.ada, now=clock())
    form = GOOD | {"title": "", "severity": "critical", "public_critical": "no"}
    page = maya.post("/new", data=form)
    assert page.status_code == 422
    chosen, words = switch(page.text, "critical")
    assert chosen == "no"
    assert "the public sees Problems paying by card, severity" in words


def test_a_deep_link_may_choose_and_keeps_the_choice_through_the_sign_in(maya, client, cast):
    assert switch(maya.get("/new?public=no").text, "critical")[0] == "no"
    app = cast.app
    app.extensions["has_accounts"] = True
    answer = client.post("/new", data=GOOD | {"severity": "critical", "public_critical": "no"})
    assert "public%3Dno" in answer.location or "public=no" in answer.location


def test_nonsense_is_told(maya):
    page = maya.post("/new", data=GOOD | {"severity": "high", "public_high": "perhaps"})
    assert page.status_code == 422
    assert "Choose Public or Private." in page.text
