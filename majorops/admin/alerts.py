"""The tables of alerts: sources with their secrets, what they sent, rules in their order, silences.

A dry run shows what would be read, or done, and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flask import flash, g, make_response, redirect, request
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin import forms
from majorops.admin.base import Table, one_ending
from majorops.admin.filters import Contains, From, Is, OfSource, Until, YesNo
from majorops.admin.show import by_row, lines
from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.alert_rules import Outcome, Rule, decide, outcome
from majorops.domain.alerts import Heard
from majorops.domain.enums import HookState, HookVerdict, RuleAction, Severity, SourceKind, by_value
from majorops.domain.errors import Refused
from majorops.domain.parsing import as_text
from majorops.domain.text import count
from majorops.integrations import INTEGRATIONS
from majorops.integrations.base import Sent
from majorops.models import AlertDelivery, AlertGroup, AlertRule, AlertSilence, AlertSource
from majorops.notifications.alerts import read_alerts
from majorops.operations import alert_rules, alert_sources
from majorops.operations.alert_incidents import (
    fired_at,
    labels_for_rules,
    newest_of,
    open_alerts,
    running_for,
)
from majorops.web.context import current_actor

SENT_SHOWN = 3  # bodies that came last
BODY_SHOWN = 20_000  # characters
LISTED = 50  # alerts, or groups, that a dry run shows


@dataclass(frozen=True)
class Tried:
    """What is read in a body: its alerts, up to LISTED of `total`, or why none; `what`: which body it is."""

    what: str
    alerts: tuple[Heard, ...]
    total: int
    problem: str


class SourceTable(Table):
    """Monitoring systems that may send alerts; a secret is shown once, when it is made."""

    about = "Monitoring systems that send alerts here, each with an address and a secret of its own."
    needs_proof = True
    can_create = can_edit = True
    empty = "0 sources. Add one, and paste its address and secret into the monitoring system."
    create_label = "Add source"
    form = forms.SourceForm
    details_template = "admin/alert_source.html"
    column_list = ("name", "kind", "system", "heard_at", "every", "is_active")
    column_details_list = (
        *("name", "kind", "path", "system", "heard_at", "every", "silent_at", "is_active"),
        *("header", "mapping", "created_at", "old_until"),
    )
    column_labels: ClassVar = {
        "path": "Address",
        "system": "About, unless it says",
        "heard_at": "Heard last",
        "every": "Speaks every, min",
        "silent_at": "Silent since",
        "is_active": "In use",
        "header": "Header",
        "created_at": "Added",
        "old_until": "Old secret taken until",
    }
    column_formatters: ClassVar = {"mapping": by_row(lambda row: lines(row.mapping))}
    column_sortable_list = ("name", "kind", "heard_at", "is_active")
    column_searchable_list = ("name", "system")
    column_default_sort = "name"
    column_filters = (Is(AlertSource.kind, "Kind", SourceKind), YesNo(AlertSource.is_active, "In use"))

    def heading(self, row: AlertSource) -> str:
        """The source's name."""
        return row.name

    def links(self, row: AlertSource) -> list[tuple[str, str]]:
        """Where its bodies are read on trial, and what it sent."""
        sent = self.get_url("data_alert_deliveries.index_view", flt_source=row.name)
        return [("Dry run", self.get_url(".dry_run", id=row.id)), ("Deliveries", sent)]

    def template_of(self, row: AlertSource) -> str:
        """What is pasted into the source as the body that it sends; empty where it has one of its own."""
        found = INTEGRATIONS.get(row.kind)
        return found.template if found else ""

    def stored(self, row: AlertSource) -> dict[str, str]:
        """The text of each value."""
        return {name: as_text(getattr(row, name)) for name in (*forms.SOURCE, "is_active")}

    def form_for(self, row: AlertSource):
        """The form of a source that exists: its kind stays, it can be switched off."""
        return forms.SourceEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> AlertSource:
        """Add a source; its secret is shown by `create_view`. Raises Invalid."""
        given = {name: form[name].data or "" for name in forms.SOURCE}
        kind = SourceKind(form["kind"].data)
        row, g.alert_secret = alert_sources.add_source(kind=kind, **given, actor=actor, now=now)
        return row

    def change(self, row: AlertSource, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none. Raises Invalid."""
        text = self.stored(row) | {name: typed for name, (typed, was) in changes.items()}
        is_active = text.pop("is_active") == "yes"
        alert_sources.save_source(row, is_active=is_active, **text, actor=actor, now=now)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Response:
        """The form of a new source; once added, its address and its secret, this once."""
        form = self.create_form()
        if request.method == "POST" and form.validate() and (row := self.create_model(form)):
            return self.show_secret(row, g.alert_secret)
        return self.draw(self.create_template, form, model=None)

    @expose("/rotate/", methods=("POST",))
    def rotate(self) -> Response:
        """Another secret for a source, shown this once. Aborts with 404."""
        row = self.get_one(request.args.get("id"))
        return self.show_secret(row, alert_sources.rotate_secret(row, actor=current_actor(), now=clock.now()))

    @expose("/secret/", methods=("POST",))
    def take_secret(self) -> Response:
        """Keep the secret that the other side made. Aborts with 404."""
        row, secret = self.get_one(request.args.get("id")), request.form.get("secret", "")
        try:
            alert_sources.take_secret(row, secret, actor=current_actor(), now=clock.now())
            flash("The secret is kept.", "done")
        except Refused as problem:
            flash(str(problem), "error")
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)

    def show_secret(self, row: AlertSource, secret: str) -> Response:
        """The page with a secret that nobody is shown again: it is never on its way by a redirect."""
        return make_response(self.render("admin/alert_secret.html", model=row, secret=secret))

    @expose("/dry-run/", methods=("GET", "POST"))
    def dry_run(self) -> Response:
        """What is read in the stored sample, in one that is typed, and in what came last.

        With `save` the typed mapping and sample are kept. Aborts with 404.
        """
        row = self.get_one(request.args.get("id"))
        stored = self.stored(row)
        typed = {name: one_ending(request.form.get(name, stored[name])) for name in ("mapping", "sample")}
        form = forms.DryRunForm(data=typed)
        if request.method == "POST" and (work := self._dry_work(row, stored | typed)):
            self.ask(form, work)
        given = {"form": form, "tried": list(self._tried(row, typed)), "count": count}
        page = self.render("admin/alert_dry_run.html", model=row, **given)
        return make_response(page, 422 if form.errors or form.form_errors else 200)

    def _dry_work(self, row: AlertSource, text: dict[str, str]):
        if "save" not in request.form:
            return None
        is_active = text.pop("is_active") == "yes"
        return lambda actor, now: alert_sources.save_source(
            row, is_active=is_active, **text, actor=actor, now=now
        )

    @staticmethod
    def _tried(row: AlertSource, typed: dict[str, str]) -> Iterable[Tried]:
        def read(what: str, headers: Mapping[str, str], body: bytes) -> Tried:
            sent = Sent(headers, body, header=row.header, mapping=typed["mapping"])
            alerts, problem = read_alerts(row.kind, sent)
            return Tried(what, alerts[:LISTED], len(alerts), problem)

        if typed["sample"]:
            yield read("The sample", {}, typed["sample"].encode())
        came = select(AlertDelivery).filter_by(source_id=row.id, verdict=HookVerdict.ACCEPTED)
        for one in db.session.scalars(came.order_by(AlertDelivery.id.desc()).limit(SENT_SHOWN)):
            yield read(f"What came at {as_text(one.received_at)} UTC", one.kept_headers, one.body)


class DeliveryTable(Table):
    """What sources sent, as it came, with the verdict; kept for a week."""

    about = "What sources sent, as it came, and what was found of it. Forgotten after a week."
    empty = "0 deliveries. Alerts come in at the address of a source."
    presets = (("Refused", {"flt_state": "refused"}), ("Failed", {"flt_state": "failed"}))
    loads = (joinedload(AlertDelivery.source),)
    column_list = ("received_at", "source.name", "verdict", "state", "taken", "problem", "address")
    column_details_list = (*column_list, "done_at", "attempts", "headers", "text", "id")
    column_labels: ClassVar = {
        "received_at": "Came",
        "source.name": "Source",
        "taken": "Alerts",
        "address": "From address",
        "done_at": "Taken in",
        "attempts": "Failed tries",
        "text": "Body",
        "id": "Row",
    }
    column_formatters: ClassVar = {"text": by_row(lambda row: lines(row.text[:BODY_SHOWN]))}
    column_export_list = ("received_at", "source.name", "verdict", "state", "taken", "problem", "address")
    column_sortable_list = ("received_at", "verdict", "state", "taken")
    column_filters = (
        OfSource(AlertDelivery.source_id, "Source"),
        Is(AlertDelivery.verdict, "Verdict", HookVerdict),
        Is(AlertDelivery.state, "State", HookState),
        From(AlertDelivery.received_at, "From"),
        Until(AlertDelivery.received_at, "Until"),
    )

    def get_query(self):
        """Without the bodies: a list of fifty could be a hundred megabytes."""
        return super().get_query().options(defer(AlertDelivery.body))

    def heading(self, row: AlertDelivery) -> str:
        """Its number and its source."""
        return f"Delivery {row.id} of {row.source.name}"


@dataclass(frozen=True)
class Would:
    """What the rules would do now with a group of alerts: the rule's name, empty for none, and its words."""

    group: AlertGroup
    rule: str
    does: str


class RuleTable(Table):
    """What happens by itself with alerts, asked in the order of their places."""

    about = (
        "What happens by itself with alerts: the first rule that matches acts. Without one they wait for a "
        "person. A rule never advances, publishes, lowers or closes an incident."
    )
    can_create = can_edit = True
    empty = "0 rules: every alert waits for a person at Alerts."
    create_label = "Add rule"
    form = forms.RuleForm
    list_template = "admin/alert_rules.html"
    loads = (joinedload(AlertRule.source),)
    column_list = ("place", "name", "source.name", "matches", "action", "severity", "at_count", "is_active")
    column_details_list = (*column_list, "minutes", "id")
    column_labels: ClassVar = {
        "place": "Order",
        "source.name": "Source",
        "at_count": "From the n-th",
        "minutes": "Within, min",
        "is_active": "In use",
        "id": "Row",
    }
    column_formatters: ClassVar = {"matches": by_row(lambda row: lines(row.matches or "every alert"))}
    column_sortable_list = ("place", "name", "action", "severity", "is_active")
    column_searchable_list = ("name", "matches")
    column_default_sort = "place"
    column_filters = (Is(AlertRule.action, "Does", RuleAction), YesNo(AlertRule.is_active, "In use"))

    def heading(self, row: AlertRule) -> str:
        """The rule's name."""
        return row.name

    def stored(self, row: AlertRule) -> dict[str, str]:
        """The text of each value; the source by its name."""
        text = {name: as_text(getattr(row, name)) for name in forms.RULE if name != "source"}
        return text | {"source": row.source.name if row.source else "", "is_active": as_text(row.is_active)}

    def form_for(self, row: AlertRule):
        """The form of a rule that exists: it can be switched off."""
        return forms.RuleEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> AlertRule:
        """Add a rule. Raises Invalid."""
        text = {name: form[name].data or "" for name in forms.RULE} | {"is_active": "yes"}
        return alert_rules.add_rule(planned(text), actor=actor, now=now)

    def change(self, row: AlertRule, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none. Raises Invalid."""
        text = self.stored(row) | {name: typed for name, (typed, was) in changes.items()}
        alert_rules.save_rule(row, planned(text), actor=actor, now=now)

    @expose("/dry-run/")
    def dry_run(self) -> str:
        """What the rules would do now with the groups that were heard of last. Changes nothing."""
        newest = select(AlertGroup).options(joinedload(AlertGroup.source), joinedload(AlertGroup.incident))
        groups = db.session.scalars(newest.order_by(AlertGroup.last_at.desc()).limit(LISTED)).all()
        rules, now = alert_rules.active_rules(), clock.now()
        return self.render("admin/alert_rules_dry_run.html", would=[would(one, rules, now) for one in groups])


def planned(text: Mapping[str, str]) -> alert_rules.Planned:
    """A rule as the form has it."""
    return alert_rules.Planned(
        name=text["name"],
        matches=text["matches"],
        source=text["source"],
        action=by_value(RuleAction, text["action"]),
        severity=by_value(Severity, text["severity"]),
        at_count=text["at_count"],
        minutes=text["minutes"],
        place=text["place"],
        is_active=text["is_active"] == "yes",
    )


def would(group: AlertGroup, rules: list[Rule], now: datetime) -> Would:
    """What the rules would do with the group if its open alerts were heard at this moment."""
    names, source = group.system_names, group.source
    found = [
        labels_for_rules(one.label_texts, one.title, one.severity, source.name, names)
        for one in open_alerts(group, most=LISTED)
    ]
    rule = decide(rules, source.id, found, fired_at(group), now)
    if not found:
        return Would(group, "", "Nothing: all of it has cleared.")
    if rule is None:
        return Would(group, "", "Waits for a person: no rule matches.")
    running = running_for(source, group, now)
    over = newest_of(group.incident) if group.incident else None
    resolved_at = over.resolved_at if over else None
    does = {
        Outcome.OPEN: f"Opens an incident, {rule.severity.label}.",
        Outcome.ATTACH: f"Attaches to {running.reference}." if running else "",
        Outcome.CONTINUE: f"Opens the continuation of {over.reference}." if over else "",
        Outcome.WAIT: "Waits for a person.",
    }
    found_outcome = outcome(rule.action, has_running=running is not None, resolved_at=resolved_at, now=now)
    return Would(group, rule.name, does[found_outcome])


class SilenceTable(Table):
    """What people called noise, until when, and how many alerts came meanwhile."""

    about = "Alerts that somebody called noise, with an end. They are made and ended at Alerts."
    empty = "0 silences."
    loads = (joinedload(AlertSilence.group),)
    column_list = ("group.title", "reason", "by_name", "made_at", "until", "ended_at", "hushed")
    column_details_list = (*column_list, "id")
    column_labels: ClassVar = {
        "group.title": "Alerts",
        "by_name": "By",
        "made_at": "Since",
        "ended_at": "Ended before",
        "hushed": "Heard meanwhile",
        "id": "Row",
    }
    column_sortable_list = ("made_at", "until", "hushed")
    column_searchable_list = ("reason", "by_name")
    column_filters = (Contains(AlertSilence.by_name, "By", "people"), From(AlertSilence.made_at, "From"))


TABLES = (
    (SourceTable, AlertSource, "Alert sources"),
    (RuleTable, AlertRule, "Alert rules"),
    (DeliveryTable, AlertDelivery, "Alert deliveries"),
    (SilenceTable, AlertSilence, "Silences"),
)
"""As in tables.py."""
