"""The public's own search: over what the public reads, from an index that holds nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import Severity, Visibility
from majorops.operations import search_index, timeline, updates
from majorops.operations.edit import edit_field
from majorops.projections import history
from tests.operations.test_search_index import HOSTILE


@pytest.fixture
def settings(settings):
    return settings | {"PUBLIC_HOLD": 0}


@pytest.fixture
def incident(cast, clock):
    """A public one, with a public and an internal update, a note and an internal title."""
    cast.list_systems("payments-api", "ledger-db")
    found = cast.open(title="zebrafalter inside", is_public=True, public_title="Card payments fail")
    who = {"actor": cast.maya, "now": clock()}
    updates.publish_update(found, "Wallets work for everybody.", visibility=Visibility.PUBLIC, **who)
    updates.publish_update(found, "zebrafalter on the bridge", visibility=Visibility.INTERNAL, **who)
    timeline.add_note(found, "zebrafalter heard", **who)
    return found


def page(app, typed: str) -> str:
    answer = app.test_client().get("/history", query_string={"q": typed})
    assert answer.status_code == 200
    return answer.text


def indexed() -> int:
    return db.session.scalar(text("SELECT count(*) FROM search_public"))


def test_what_the_public_reads_is_found(app, incident):
    for typed in ("card pay", "wallets", '"work for everybody"', "payments -invoices"):
        assert "Card payments fail" in page(app, typed), typed
    for typed in ("zebrafalter", "payments -wallets", '"everybody work"', "ledger"):
        assert "Card payments fail" not in page(app, typed), typed
    assert 'value="wallets"' in page(app, "wallets")


def test_the_index_holds_nothing_else(app, cast, incident):
    cast.open(title="hidden", is_public=False, public_title="Secret plans", severity=Severity.LOW)
    cast.open(title="practice", is_public=True, is_drill=True, public_title="Practice", systems=["x"])
    assert indexed() == 1
    if db.engine.dialect.name == "sqlite":
        words = db.session.scalar(text("SELECT words FROM search_public"))
        assert words.split() == ["Card", "payments", "fail", "Wallets", "work", "for", "everybody."]
    for typed in ("secret", "plans", "practice", "hidden"):
        assert "0 incidents." in page(app, typed)


def test_what_is_taken_back_is_gone_from_it(app, cast, clock, incident):
    who = {"actor": cast.maya, "now": clock()}
    edit_field(incident, "is_public", "no", **who)
    assert indexed() == 0
    assert "0 incidents." in page(app, "wallets")
    edit_field(incident, "is_public", "yes", **who)
    assert "Card payments fail" in page(app, "wallets")
    edit_field(incident, "public_title", "Problems with cards", **who)
    assert "0 incidents." in page(app, "fail")
    entry = db.session.scalar(
        text("SELECT seq FROM timeline_event WHERE publication_id IS NOT NULL ORDER BY seq LIMIT 1")
    )
    timeline.set_visibility(incident, entry, Visibility.INTERNAL, **who)
    assert "0 incidents." in page(app, "wallets")
    assert "Problems with cards" in page(app, "cards")


def test_it_is_rebuilt_and_mended(app, incident, clock):
    key = "rowid" if db.engine.dialect.name == "sqlite" else "id"
    for again in (search_index.mend, search_index.rebuild):
        db.session.execute(text(f"DELETE FROM search_public WHERE {key} = {incident.id}"))
        db.session.commit()
        assert indexed() == 0
        again(actor=SYSTEM, now=clock())
        assert "Card payments fail" in page(app, "wallets")


def test_any_text_gets_an_answer(app, incident):
    for typed in [*HOSTILE, "before:x", "-wallets", "severity:huge", "x" * 10_000]:
        page(app, typed)


def test_newest_first_by_the_day_it_was_opened_and_what_is_left_out_is_said(app, cast, incident, monkeypatch):
    older = cast.open(is_public=True, public_title="Card payments late")
    db.session.execute(
        text("UPDATE incident SET opened_at = :at WHERE id = :id"),
        {"at": incident.opened_at - timedelta(days=400), "id": older.id},
    )
    db.session.commit()
    shown = page(app, "card")
    assert shown.index("Card payments fail") < shown.index("Card payments late")
    for at in (incident.opened_at, incident.opened_at - timedelta(days=400)):
        assert f"{at:%-d %b %Y}" in shown
    assert "are shown" not in shown
    monkeypatch.setattr(history, "SEARCH_LIMIT", 1)
    shown = page(app, "card")
    assert "Card payments late" not in shown
    assert "The newest 50 are shown." in shown
    assert "Say a word to look for." in page(app, "-card")
