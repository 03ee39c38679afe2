"""Templates of updates: cleared in advance, offered where they fit, never at odds with the promise."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Phase
from majorops.domain.errors import Invalid
from majorops.domain.templates import body_problem, filled, put_in
from majorops.models import AuditEntry, Publication, UpdateTemplate
from majorops.operations import templates, updates
from tests.admin.browsing import form_of, save

HERE = "/admin/incidents/1"
CLEARED = {"cleared_by": "Paula Legal", "cleared_on": "2026-11-01"}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


def add(cast, name: str, body: str = "We know. Next update by {next_update}.", **more) -> UpdateTemplate:
    return templates.add_template(name=name, body=body, **CLEARED | more, actor=cast.ada, now=cast.clock())


def offered(cast) -> list[str]:
    page = cast.browser("maya").get(HERE).text
    return re.findall(r'id="template-\d+"[^>]*>([^<]+)</button>', page)


def test_the_composer_offers_what_fits_the_systems_and_the_phase(cast, clock):
    incident = cast.open(systems=["payments-api"])
    add(cast, "any")
    add(cast, "payments", system="payments-api")
    add(cast, "payments, isolation", system="payments-api", phase=Phase.ISOLATION)
    add(cast, "search", system="search-index")
    assert offered(cast) == ["payments", "any"]
    cast.bring_to(incident, Phase.ISOLATION)
    assert offered(cast) == ["payments, isolation", "payments", "any"]
    label = "Put in template payments, isolation"
    assert label in cast.browser("maya").get(f"{HERE}/commands").text


def test_one_press_puts_it_in_with_its_gaps_filled_and_who_cleared_it(cast, clock):
    cast.open(systems=["payments-api"])
    row = add(cast, "we know", "{systems}: we know. Next update by {next_update}.")
    maya = cast.browser("maya")
    typed = {"kind": "milestone", "visibility": "public", "body": "", "next_update": "20"}
    page = maya.post(f"{HERE}/updates/templates/{row.id}", data=typed)
    assert page.status_code == 200
    assert "payments-api: we know. Next update by 14:20 UTC.</textarea>" in re.sub(r"\s+<", "<", page.text)
    assert "we know: cleared by Paula Legal" in page.text
    assert "promise-ask" not in page.text
    assert db.session.scalar(select(Publication.id)) is None


def test_a_text_at_odds_with_the_promise_asks_at_once_and_at_posting(cast, clock):
    cast.open()
    row = add(cast, "half an hour", "We know. Next update in 30 minutes.")
    maya = cast.browser("maya")
    typed = {"kind": "update", "visibility": "public", "body": "", "next_update": "20"}
    page = maya.post(f"{HERE}/updates/templates/{row.id}", data=typed)
    assert "The text says 30 minutes, the promise says 20." in page.text
    filled_in = typed | {"body": "We know. Next update by 14:20 UTC.", "next_update": "30"}
    assert (
        "The text says 14:20 UTC, the promise says 14:30 UTC."
        in maya.post(f"{HERE}/updates", data=filled_in).text
    )


def test_what_was_typed_stays(cast):
    cast.open()
    row = add(cast, "one", "One.")
    page = cast.browser("maya").post(f"{HERE}/updates/templates/{row.id}", data={"body": "My own words."})
    assert "My own words.\n\nOne." in page.text.replace("\r", "")
    assert put_in(" ", [], "One.") == "One."
    assert put_in("One.", ["One.", "Two."], "Two.") == "Two."
    assert put_in("Mine. One.", ["One."], "One.") == "Mine. One."


def test_a_gap_that_nobody_filled_does_not_go_out(cast, clock):
    incident = cast.open()
    assert filled("By {next_update}.", ["a"], None) == "By {next_update}."
    with pytest.raises(Invalid, match=r"Fill in \{next_update\} first"):
        updates.publish_update(incident, "By {next_update}.", actor=cast.maya, now=clock())


def test_one_that_does_not_fit_any_more_is_said(cast):
    cast.open()
    row = add(cast, "search", system="search-index")
    answer = cast.browser("maya").post(f"{HERE}/updates/templates/{row.id}", data={"body": "Mine."})
    assert answer.status_code == 422
    assert "does not fit any more" in answer.text
    assert "Mine." in answer.text


def test_a_time_of_the_clock_is_no_template(cast, clock):
    assert "Write {next_update} in its place" in body_problem("Next update by 14:30 UTC.", clock())
    assert "not {nobody}" in body_problem("Dear {nobody}", clock())
    with pytest.raises(Invalid, match="14:30 UTC"):
        add(cast, "late", "Next update by 14:30 UTC.")


def test_admins_keep_them_and_other_words_are_cleared_anew(cast, clock):
    ada = cast.browser("ada")
    given = {"name": "We know", "system": "Payments-API", "phase": "4", "body": "We know.", **CLEARED}
    assert save(ada, "/admin/data/update-templates/new/", **given).status_code == 303
    row = db.session.scalar(select(UpdateTemplate))
    assert (row.system, row.phase, str(row.cleared_on)) == ("payments-api", Phase.INITIAL, "2026-11-01")
    edit = f"/admin/data/update-templates/edit/?id={row.id}"
    refused = save(ada, edit, body="We know more.")
    assert refused.status_code == 422
    assert "Other words are cleared anew" in refused.text
    assert form_of(refused)["body"].strip() == "We know more."
    assert save(ada, edit, body="We know more.", cleared_on="2026-11-22").status_code == 303
    assert save(ada, edit, is_active="no").status_code == 303
    db.session.expire_all()
    assert (row.body, row.is_active) == ("We know more.", False)
    kinds = select(AuditEntry.kind).where(AuditEntry.kind.startswith("template."))
    assert list(db.session.scalars(kinds)) == ["template.added", "template.changed", "template.changed"]
    page = ada.get("/admin/data/update-templates/").text
    assert "Paula Legal" in page
    assert "2026-11-22" in page


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cleared_on": "2027-01-01"}, "cleared_on"),
        ({"cleared_by": " "}, "cleared_by"),
        ({"body": ""}, "body"),
    ],
)
def test_what_is_not_cleared_is_no_template(cast, clock, given, field):
    values = {"name": "n", "body": "b", **CLEARED} | given
    with pytest.raises(Invalid) as problem:
        templates.add_template(**values, actor=cast.ada, now=clock() + timedelta(seconds=1))
    assert set(problem.value.errors) == {field}
