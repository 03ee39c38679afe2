"""Who subscribed to the public page, and what was announced to all of them."""

from __future__ import annotations

from typing import ClassVar

from flask import flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import From, Is, Number, Until, YesNo
from majorops.admin.show import by_row, incident_link
from majorops.domain.enums import ChannelKind, Frequency, SubscriberState
from majorops.domain.errors import Refused
from majorops.domain.text import reference
from majorops.models import Announcement, Subscriber
from majorops.operations import subscriptions

ACTS = {
    "again": (subscriptions.ask_again, "Asked to confirm once more."),
    "leave": (subscriptions.leave, "Nothing more is sent there."),
    "erase": (subscriptions.erase_subscriber, "Forgotten, with every message."),
}


class SubscriberTable(Table):
    """Who subscribed to the public page, in every state; only an erased address is gone."""

    about = "Addresses that asked for public updates. People subscribe, confirm and leave by themselves."
    empty = "0 subscribers."
    details_template = "admin/subscriber.html"
    presets = (
        ("Bounced", {"flt_state": "bounced"}),
        ("Not confirmed", {"flt_state": "waiting"}),
        ("Unsubscribed", {"flt_state": "left"}),
    )
    acts: ClassVar = {
        "again": Act("Ask to confirm again", subscriptions.ask_again, "Asked again"),
        "leave": Act("Unsubscribe", subscriptions.leave, "Unsubscribed"),
    }
    loads = (selectinload(Subscriber.systems), selectinload(Subscriber.incidents))
    column_list = ("address", "kind", "state", "systems", "frequency", "language", "failures", "created_at")
    column_details_list = (*column_list, "changed_at", "id")
    column_labels: ClassVar = {
        "systems": "Hears of",
        "frequency": "How often",
        "failures": "Bounces in a row",
        "created_at": "Asked",
        "changed_at": "Changed",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "systems": by_row(
            lambda row: ", ".join(
                ["everything"] * row.wants_all + row.system_names + list(map(reference, row.incident_numbers))
            )
        )
    }
    column_formatters_export = column_formatters
    column_sortable_list = ("address", "kind", "state", "language", "failures", "created_at")
    column_searchable_list = ("address",)
    column_filters = (
        Is(Subscriber.state, "State", SubscriberState),
        Is(Subscriber.kind, "Kind", ChannelKind),
        Is(Subscriber.frequency, "How often", Frequency),
        YesNo(Subscriber.wants_all, "Hears of everything"),
        From(Subscriber.created_at, "From"),
        Until(Subscriber.created_at, "Until"),
    )

    def heading(self, row: Subscriber) -> str:
        """The e-mail or web address."""
        return row.address

    @expose("/act/", methods=("POST",))
    def act(self) -> Response:
        """Ask to confirm again, end it, or forget the address. An unknown act leads to the list."""
        row, name = self.get_one(request.args.get("id")), request.form.get("act", "")
        if row is None or name not in ACTS:
            return redirect(self.get_url(".index_view"), 303)
        operation, sentence = ACTS[name]
        try:
            operation(row, actor=current_user.actor, now=clock.now())
            flash(sentence, "done")
        except Refused as problem:
            flash(str(problem), "error")
        if name == "erase":
            return redirect(self.get_url(".index_view"), 303)
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)


class AnnouncementTable(Table):
    """What subscribers were told of; `reached` and `failed` count messages."""

    about = "Public acts that subscribers were told of, each once, and how many messages that made."
    empty = "0 announcements."
    loads = (selectinload(Announcement.incident),)
    column_list = ("at", "incident_id", "act", "reached", "failed", "done_at")
    column_details_list = (*column_list, "text", "id")
    column_labels: ClassVar = {
        "at": "At",
        "incident_id": "Incident",
        "reached": "Messages",
        "done_at": "All made",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and incident_link(row.incident_id))
    }
    column_formatters_export: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and reference(row.incident_id))
    }
    column_sortable_list = ("at", "incident_id", "reached", "failed")
    column_filters = (
        Number(Announcement.incident_id, "Incident"),
        From(Announcement.at, "From"),
        Until(Announcement.at, "Until"),
    )

    def heading(self, row: Announcement) -> str:
        """The key of the public act, such as `said:12` for the publication with this number."""
        return row.act


TABLES = (
    (SubscriberTable, Subscriber, "Subscribers"),
    (AnnouncementTable, Announcement, "Announcements"),
)
"""As in tables.py."""
