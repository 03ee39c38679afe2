"""The tables of events for programs outside: the endpoints, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask import current_app, flash, g, make_response, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin import forms
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.delivery import SentAgain
from majorops.admin.filters import From, Is, Number, Until, YesNo
from majorops.admin.show import by_row, incident_link
from majorops.domain.access import Actor
from majorops.domain.enums import DeliveryState
from majorops.domain.errors import Refused
from majorops.domain.parsing import as_text
from majorops.domain.text import reference
from majorops.models import Endpoint, EventAttempt, OutgoingEvent
from majorops.notifications.outgoing import deliver
from majorops.operations import endpoints, outgoing

FLAGS = ("is_internal", "is_full", "is_active")


class EndpointTable(Table):
    """Where programs take events. A secret is shown once, when it is made."""

    needs_proof = True
    about = (
        "Where programs take events of incidents, signed as Standard Webhooks; the page at /api/ lists the "
        "kinds. Internal content goes to endpoints that are marked internal, and to no other."
    )
    empty = "0 endpoints: programs hear nothing."
    create_label = "Add endpoint"
    can_create = can_edit = True
    form = forms.EndpointForm
    details_template = "admin/endpoint.html"
    presets = (("Not in use", {"flt_in_use": "no"}), ("Has failed", {"flt_has_failed": "yes"}))
    column_list = (
        "name",
        "address",
        "kinds",
        "systems",
        "is_internal",
        "is_full",
        "is_active",
        "reached_at",
        "unreached_at",
        "unreached_why",
    )
    column_details_list = (*column_list, "rests_until", "ended_why", "old_until", "created_at", "id")
    column_labels: ClassVar = {
        "is_internal": "Internal",
        "is_full": "Full payload",
        "is_active": "In use",
        "reached_at": "Last success",
        "unreached_at": "Last failure",
        "unreached_why": "Why",
        "rests_until": "Tried again",
        "ended_why": "Ended by itself",
        "old_until": "Old secret until",
        "created_at": "Made",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "kinds": by_row(lambda row: row.kinds or "All"),
        "systems": by_row(lambda row: row.systems or "All"),
    }
    column_formatters_export = column_formatters
    column_sortable_list = ("name", "is_internal", "is_active", "reached_at", "unreached_at")
    column_searchable_list = ("name", "address")
    column_default_sort = "name"
    column_filters = (
        YesNo(Endpoint.is_active, "In use"),
        YesNo(Endpoint.is_internal, "Internal"),
        YesNo(Endpoint.unreached_at, "Has failed", known=True),
    )

    def heading(self, row: Endpoint) -> str:
        """The endpoint's name."""
        return row.name

    def links(self, row: Endpoint) -> list[tuple[str, str]]:
        """What was sent there."""
        return [("Events", self.get_url("data_events.index_view", flt_endpoint=row.id))]

    def newest(self, row: Endpoint) -> list[OutgoingEvent]:
        """Its newest events."""
        return outgoing.newest_events(row.id)

    def rotation_refusal(self, row: Endpoint) -> str:
        """Why no new secret is made now; empty when one can be."""
        return endpoints.rotation_refusal(row, clock.now())

    def stored(self, row: Endpoint) -> dict[str, str]:
        """The text of each value."""
        return {name: as_text(getattr(row, name)) for name in ("name", "address", "kinds", "systems", *FLAGS)}

    def form_for(self, row: Endpoint):
        """The form of an endpoint that exists: it can be switched off."""
        return forms.EndpointEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> Endpoint:
        """Add an endpoint; its secret is left in `g.new_secret`. Raises Invalid."""
        text = {name: form[name].data or "" for name in ("name", "address", "kinds", "systems")}
        row, secret = endpoints.add_endpoint(
            name=text["name"],
            address=text["address"],
            kinds=text["kinds"],
            systems=text["systems"],
            is_internal=form["is_internal"].data == "yes",
            is_full=form["is_full"].data == "yes",
            actor=actor,
            now=now,
        )
        g.new_secret = secret
        return row

    def change(self, row: Endpoint, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none. Raises Invalid."""
        text = self.stored(row) | {name: typed for name, (typed, was) in changes.items()}
        flags = {name: text.pop(name) == "yes" for name in FLAGS}
        endpoints.save_endpoint(row, **text, **flags, actor=actor, now=now)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Response:
        """The form of a new endpoint; once added, its secret, this once."""
        form = self.create_form()
        if request.method == "POST" and form.validate() and (row := self.create_model(form)):
            return self.show_secret(row, g.new_secret)
        return self.draw(self.create_template, form, model=None)

    @expose("/rotate/", methods=("POST",))
    def rotate(self) -> Response:
        """Make a new secret and show it, this once. Refused: back to the page, which says why."""
        row = self.get_one(request.args.get("id"))
        try:
            return self.show_secret(
                row, endpoints.rotate_secret(row, actor=current_user.actor, now=clock.now())
            )
        except Refused as problem:
            flash(str(problem), "error")
            return self.back_to(row)

    def show_secret(self, row: Endpoint, secret: str) -> Response:
        """The page with a secret that nobody is shown again."""
        answer = make_response(self.render("admin/endpoint_secret.html", model=row, secret=secret))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/end-old/", methods=("POST",))
    def end_old(self) -> Response:
        """The old secret signs no more."""
        row = self.get_one(request.args.get("id"))
        try:
            endpoints.end_old_secret(row, actor=current_user.actor, now=clock.now())
            flash("The old secret signs no more.", "done")
        except Refused as problem:
            flash(str(problem), "error")
        return self.back_to(row)

    @expose("/test/", methods=("POST",))
    def test(self) -> Response:
        """Send a test event at once (half a minute at most), then back to the page, which says what came."""
        row, now = self.get_one(request.args.get("id")), clock.now()
        number, name = row.id, row.name
        try:
            event = endpoints.begin_test(row, now + outgoing.LEASE, actor=current_user.actor, now=now)
        except Refused as problem:
            flash(str(problem), "error")
            return self.back_to(row)
        why = deliver(event, current_app.config)
        if why:
            flash(f"The test to {name} did not arrive. {why}", "error")
        else:
            flash(f"{name} took the test.", "done")
        return self.back_to(self.get_one(str(number)))

    def back_to(self, row: Endpoint) -> Response:
        """To the page of an endpoint."""
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)


class EventTable(SentAgain):
    """Events that were queued, and every attempt to send them; read-only, but one can be sent again."""

    about = (
        "Every event that was queued for an endpoint, and what became of it; kept for 30 days. It holds no "
        "words: they are read from the record as it goes."
    )
    empty = "0 events."
    details_template = "admin/event.html"
    presets = (
        ("Failed", {"flt_state": "failed"}),
        ("Waiting", {"flt_state": "pending"}),
    )
    acts: ClassVar = {"again": Act("Send again", outgoing.send_event_again, "Sent again")}
    again, why_not_again = outgoing.send_event_again, outgoing.again_refusal
    loads = (joinedload(OutgoingEvent.endpoint),)
    column_list = (
        "created_at",
        "endpoint.name",
        "kind",
        "incident_id",
        "state",
        "attempts",
        "last_error",
    )
    column_details_list = (*column_list, "seq", "next_at", "settled_at", "key", "id")
    column_labels: ClassVar = {
        "created_at": "Queued",
        "endpoint.name": "Endpoint",
        "incident_id": "Incident",
        "attempts": "Tries",
        "last_error": "Why not",
        "seq": "Entry",
        "next_at": "Next try",
        "settled_at": "Settled",
        "key": "webhook-id",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and incident_link(row.incident_id))
    }
    column_formatters_export: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and reference(row.incident_id))
    }
    column_sortable_list = ("created_at", "kind", "incident_id", "state", "attempts")
    column_searchable_list = ("key", "kind")
    column_filters = (
        Number(OutgoingEvent.endpoint_id, "Endpoint"),
        Is(OutgoingEvent.state, "State", DeliveryState),
        Number(OutgoingEvent.incident_id, "Incident"),
        From(OutgoingEvent.created_at, "From"),
        Until(OutgoingEvent.created_at, "Until"),
    )

    def heading(self, row: OutgoingEvent) -> str:
        """The kind, and the endpoint."""
        return str(row)

    def links(self, row: OutgoingEvent) -> list[tuple[str, str]]:
        """The endpoint."""
        return [(row.endpoint.name, self.get_url("data_endpoints.details_view", id=row.endpoint_id))]

    def attempts(self, row: OutgoingEvent) -> list[EventAttempt]:
        """Its newest tries."""
        return outgoing.attempts_of(row.id)


TABLES = (
    (EndpointTable, Endpoint, "Endpoints"),
    (EventTable, OutgoingEvent, "Events"),
)
"""As in tables.py."""
