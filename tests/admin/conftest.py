"""Browsers of the cast, and one row or more in every table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.db import db
from majorops.domain.enums import SignInMethod, Visibility
from majorops.models import User
from majorops.operations import accounts, catalogue, timeline, updates


@pytest.fixture
def app(app):
    """Forms without their token; one test switches it on again."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def sign_in(cast):
    """`sign_in("ada")`: a browser where she is signed in."""

    def browser(nick: str):
        user = db.session.get(User, getattr(cast, nick).user_id)
        given = {"method": SignInMethod.LOCAL, "actor": user.actor, "now": cast.clock()}
        client = cast.app.test_client()
        # Not at "/": the public pages keep no session.
        with client.session_transaction("/admin/") as cookie:
            cookie["_user_id"], cookie["_fresh"] = accounts.start_session(user, **given), True
        return client

    return browser


@pytest.fixture
def ada(sign_in):
    """The admin's browser."""
    return sign_in("ada")


@pytest.fixture
def fill(cast, clock):
    """`fill(3)`: three incidents with all that belongs to them, and three systems with owners."""

    def work(rows: int, start: int = 0):
        who = {"actor": cast.ada, "now": clock()}
        for n in range(start, start + rows):
            incident = cast.open(
                title=f"prod-payments-{n} not responding", systems=[f"payments-{n}", "ledger-db"]
            )
            eta = clock() + timedelta(minutes=20)
            updates.publish_update(incident, f"Update {n}", **who)
            milestone = {"visibility": Visibility.PUBLIC, "next_update_eta": eta}
            updates.publish_milestone(incident, f"Milestone {n}", **milestone, **who)
            timeline.add_note(incident, f"Note {n}", **who)
            user = accounts.add_user(
                email=f"owner{n}@example.org", name=f"Owner {n}", role=cast.rita.role, **who
            )
            catalogue.add_system(name=f"payments-{n}", description="takes cards", owner=user.email, **who)
        return incident

    return work
