"""The people of the tests, and shorthand for what they do through the operations."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import (
    AccountRole,
    CardTier,
    CheckState,
    IncidentStatus,
    Phase,
    Severity,
    SignInMethod,
)
from majorops.fireground.view import View
from majorops.models import Incident, User
from majorops.operations import (
    asks,
    catalogue,
    phase,
    runcards,
    templates,
    timeline,
    tracks,
    updates,
    validation,
)
from majorops.operations import incident as incidents
from tests.states import begin_with

PASSWORD = "correct horse battery staple"
PEOPLE = {
    "maya": ("Maya Okafor", AccountRole.MIM),
    "omar": ("Omar Haddad", AccountRole.MIM),
    "ada": ("Ada Lindqvist", AccountRole.ADMIN),
    "rita": ("Rita Moreau", AccountRole.RESPONDER),
    "xin": ("Xin Zhao", AccountRole.EXECUTIVE),
}


class Cast:
    """`cast.maya` is an Actor with an account; `cast.browser("maya")` a browser where she is signed in."""

    maya: Actor
    omar: Actor
    ada: Actor
    rita: Actor
    xin: Actor

    def __init__(self, app: Flask, clock):
        self.app, self.clock = app, clock
        users = {
            nick: User(email=f"{nick}@example.org", name=name, role=role, created_at=clock())
            for nick, (name, role) in PEOPLE.items()
        }
        db.session.add_all(users.values())
        db.session.commit()
        for nick, user in users.items():
            setattr(self, nick, user.actor)

    def browser(self, nick: str) -> FlaskClient:
        """A client signed in as this person, without going through the form."""
        from majorops.operations.accounts import start_session
        from majorops.web.session import sign_in_client

        client = self.app.test_client()
        user = db.session.get(User, getattr(self, nick).user_id)
        token = start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=self.clock())
        sign_in_client(client, token)
        return client

    def list_systems(self, *names: str, **given) -> None:
        """Put systems into the catalogue, public: the public is given no other name."""
        for name in names:
            catalogue.add_system(name=name, is_public=True, **given, actor=self.ada, now=self.clock())

    def open(self, **given) -> Incident:
        """An incident that Maya opened, Critical unless told."""
        given = {"title": "prod-payments-api not responding", "severity": Severity.CRITICAL, **given}
        given.setdefault("systems", ["payments-api", "ledger-db"])
        return incidents.open_incident(**given, actor=self.maya, now=self.clock())

    def bring_to(self, incident: Incident, to: Phase) -> None:
        """Advance step by step, a minute each, as Maya."""
        for _ in range(to - incident.phase):
            self.clock.tick(minutes=1)
            phase.advance_phase(incident, actor=self.maya, now=self.clock())

    def full_house(self) -> Incident:
        """Incident 1 in phase 7 with something of everything: track, timebox, update, note;
        and incident 2, resolved.
        """
        return begin_with(Cast._full_house, self, self.clock)

    def _full_house(self, clock) -> Incident:
        incident = self.open(bridge_url="https://bridge.example/1")
        who = {"actor": self.maya, "now": clock()}
        self.bring_to(incident, Phase.VALIDATION)
        tracks.open_track(incident, team="App", owner="Rita Moreau", goal="roll back", minutes=10, **who)
        tracks.open_timebox(incident, purpose="conditions", owner="Maya Okafor", minutes=5, **who)
        tracks.report_can(incident, team="App", conditions="5xx", needs="deploy freeze", **who)
        asks.ask(incident, whom="Rita Moreau", what="pool size", minutes=5, **who)
        body = "# Steps\n- one\n- two\n# Contacts\nx\n# Systems\nx\n# Default Box\n2\n"
        for name in ("first", "second"):
            given = {"tier": CardTier.AGENCY, "name": name, "systems": "*", "body": body}
            card = runcards.add_card(**given, actor=self.ada, now=self.clock())
        runcards.choose_card(incident, card.id, **who)
        template = {"name": "We are looking", "body": "We know. Next update by {next_update}."}
        cleared = {"cleared_by": "Legal", "cleared_on": f"{self.clock():%Y-%m-%d}"}
        templates.add_template(**template, **cleared, actor=self.ada, now=self.clock())
        updates.publish_update(incident, "First words.", **who)
        timeline.add_note(incident, "heard on the bridge", **who)
        self.resolve(self.open(title="search-index lag", severity=Severity.LOW))
        return incident

    def fireground(self, number: int, nick: str = "maya") -> View:
        """What this person sees of the incident now."""
        incident = db.session.get(Incident, number)
        given = {"address": f"/admin/incidents/{number}", "thresholds": {True: (30, 60), False: (30, 60)}}
        return View(incident, getattr(self, nick), self.clock(), **given)

    def firegrounds(self) -> list[View]:
        """Every incident as Maya sees it."""
        return [self.fireground(number) for number in db.session.scalars(select(Incident.id)).all()]

    def resolve(self, incident: Incident) -> None:
        """Closed with a written reason, wherever it stands."""
        status = IncidentStatus.RESOLVED
        phase.change_status(incident, status, override="false alarm", actor=self.maya, now=self.clock())

    def validate(self, incident: Incident) -> None:
        """Phase 7 with every system confirmed and ten clean minutes over."""
        self.bring_to(incident, Phase.VALIDATION)
        for name in incident.system_names:
            validation.set_check(incident, name, CheckState.CONFIRMED, actor=self.maya, now=self.clock())
        self.clock.now += timedelta(minutes=10)
