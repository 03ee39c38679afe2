"""The tables of run cards: written in Markdown with fixed headings, every saved text a version."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin import forms
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import Contains, Is, YesNo
from majorops.admin.show import by_row, incident_link, lines
from majorops.domain.access import Actor
from majorops.domain.enums import CardTier
from majorops.domain.parsing import as_text
from majorops.domain.runcards import is_stale
from majorops.models import RunCard, RunCardVersion
from majorops.operations import runcards as operations


def condition(card: RunCard) -> str:
    """`Retired`, `Review` or `Stale 97 days`; empty for a card that still holds (domain §9)."""
    if not card.is_active:
        return "Retired"
    if card.review_wanted_at:
        return "Review"
    return (
        f"Stale {(clock.now() - card.reviewed_at).days} days"
        if is_stale(card.reviewed_at, clock.now())
        else ""
    )


class RunCardTable(Table):
    """Run cards of the three tiers (domain §9). Reviewed means: read, and it still holds."""

    about = (
        "What to do for which system: at Box 3 the most specific card lies on the fireground. "
        "A card is retired, never deleted."
    )
    can_create = can_edit = True
    empty = "0 run cards."
    create_label = "Add run card"
    form = forms.RunCardForm
    details_template = "admin/run_card.html"
    presets = (("To review", {"flt_to_review": "yes"}), ("Retired", {"flt_in_use": "no"}))
    acts: ClassVar = {"reviewed": Act("Reviewed, they still hold", operations.mark_reviewed, "Reviewed")}
    loads = (selectinload(RunCard.versions),)
    column_list = ("tier", "name", "systems", "version", "reviewed_at", "condition")
    column_details_list = (
        "tier",
        "name",
        "systems",
        "is_active",
        "version",
        "reviewed_at",
        "condition",
        "review_incident_id",
        "body",
    )
    column_labels: ClassVar = {
        "systems": "Answers",
        "is_active": "In use",
        "reviewed_at": "Reviewed",
        "review_incident_id": "Review because of",
        "body": "Text",
    }
    column_formatters: ClassVar = {
        "version": by_row(lambda row: f"v{row.versions[0].number}"),
        "condition": by_row(condition),
        "review_incident_id": by_row(
            lambda row: row.review_incident_id and incident_link(row.review_incident_id)
        ),
        "body": by_row(lambda row: lines(row.versions[0].body)),
    }
    column_formatters_export: ClassVar = {
        "version": by_row(lambda row: f"v{row.versions[0].number}"),
        "condition": by_row(condition),
    }
    column_sortable_list = ("tier", "name", "reviewed_at")
    column_searchable_list = ("name", "systems")
    column_default_sort = "name"
    column_filters = (
        Is(RunCard.tier, "Tier", CardTier),
        YesNo(RunCard.is_active, "In use"),
        YesNo(RunCard.review_wanted_at, "To review", known=True),
        Contains(RunCard.systems, "Answers"),
    )

    def heading(self, row: RunCard) -> str:
        """The card's name."""
        return row.name

    def links(self, row: RunCard) -> list[tuple[str, str]]:
        """Its versions, found by name: another card whose name holds this one is listed among them."""
        return [("Versions", url_for("data_run_card_versions.index_view", flt_card=row.name))]

    def stored(self, row: RunCard) -> dict[str, str]:
        """Name, systems, whether it is in use, and the newest version's text. The tier stays."""
        text = {name: as_text(getattr(row, name)) for name in ("name", "systems", "is_active")}
        return text | {"body": operations.newest_version(row).body}

    def form_for(self, row: RunCard):
        """The form without the tier, which does not change."""
        return forms.RunCardEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> RunCard:
        """Add a card with its first version. Raises Invalid."""
        return operations.add_card(
            tier=CardTier(int(form.tier.data)),
            name=form["name"].data or "",
            systems=form.systems.data or "",
            body=form.body.data or "",
            actor=actor,
            now=now,
        )

    def change(self, card: RunCard, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save the card; another text is another version, which counts as reviewed. Raises Invalid."""
        text = self.stored(card) | {name: typed for name, (typed, was) in changes.items()}
        operations.save_card(
            card,
            name=text["name"],
            systems=text["systems"],
            body=text["body"],
            is_active=text["is_active"] == "yes",
            actor=actor,
            now=now,
        )

    @expose("/reviewed/", methods=("POST",))
    def reviewed(self) -> Response:
        """Mark a card as reviewed: somebody read it and it still holds. Aborts with 404."""
        card = self.get_one(request.args.get("id"))
        operations.mark_reviewed(card, actor=current_user.actor, now=clock.now())
        flash("Marked as reviewed.", "done")
        return redirect(self.get_url(".details_view", id=card.id, url=self.way_back()), 303)


class RunCardVersionTable(Table):
    """Every saved text of every run card, read-only."""

    about = "Every text that a run card ever had, as it was saved."
    empty = "0 versions."
    loads = (joinedload(RunCardVersion.card),)
    column_list = ("card", "number", "by", "at")
    column_details_list = ("card", "number", "by", "at", "body")
    column_labels: ClassVar = {"card": "Run card", "number": "Version", "body": "Text", "at": "Saved"}
    column_formatters: ClassVar = {"body": by_row(lambda row: lines(row.body))}
    column_formatters_export: ClassVar[dict] = {}
    column_sortable_list = ("number", "by", "at")
    column_searchable_list = ("card.name", "body", "by")
    column_filters = (Contains(RunCard.name, "Card"),)

    def heading(self, row: RunCardVersion) -> str:
        """The card's name and the version: `ledger-db, v3`."""
        return str(row)

    def links(self, row: RunCardVersion) -> list[tuple[str, str]]:
        """The card itself, whose text may be a newer one."""
        return [("Run card", url_for("data_run_cards.details_view", id=row.card_id))]


TABLES = (
    (RunCardTable, RunCard, "Run cards"),
    (RunCardVersionTable, RunCardVersion, "Run card versions"),
)
"""As in tables.py."""
