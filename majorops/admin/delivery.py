"""The tables of delivery: what was sent, how people are reached, which role gets which notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from flask import flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin import forms
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import Contains, From, Is, Number, Until, YesNo
from majorops.admin.show import by_row, incident_link, lines
from majorops.domain.access import Actor
from majorops.domain.enums import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.domain.errors import Refused
from majorops.domain.parsing import as_text
from majorops.domain.text import reference
from majorops.models import Channel, Delivery, NoticePolicy
from majorops.operations import delivery as operations
from majorops.web.selftest import try_out


class SentAgain(Table):
    """A table whose rows can be sent once more, from their page (admin/delivery.html)."""

    again: ClassVar[Callable[..., None]]
    why_not_again: ClassVar[Callable[..., str]]

    def again_refusal(self, row) -> str:
        """Why this row cannot be sent again, for the button on its page; empty when it can be."""
        return type(self).why_not_again(row)

    @expose("/again/", methods=("POST",))
    def send_again(self) -> Response:
        """Put one row back into the queue."""
        row = self.get_one(request.args.get("id"))
        try:
            type(self).again(row, actor=current_user.actor, now=clock.now())
            flash("It is sent again.", "done")
        except Refused as problem:
            flash(str(problem), "error")
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)


class DeliveryTable(SentAgain):
    """Messages of the outbox with their texts and addresses; read-only, but one can be sent again."""

    about = "Every message that was queued, and what became of it. What failed can be sent again."
    empty = "0 messages."
    details_template = "admin/delivery.html"
    presets = (
        ("Failed", {"flt_state": "failed"}),
        ("No channel", {"flt_state": "no_channel"}),
        ("Waiting", {"flt_state": "pending"}),
    )
    acts: ClassVar = {"again": Act("Send again", operations.send_again, "Sent again")}
    again, why_not_again = operations.send_again, operations.again_refusal
    column_list = (
        "created_at",
        "incident_id",
        "notice",
        "recipient",
        "kind",
        "state",
        "attempts",
        "last_error",
    )
    column_details_list = (
        "incident_id",
        "notice",
        "subject",
        "body",
        "recipient",
        "kind",
        "address",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "next_at",
        "sent_at",
        "act",
        "key",
        "id",
    )
    column_labels: ClassVar = {
        "created_at": "Queued",
        "incident_id": "Incident",
        "notice": "About",
        "recipient": "To",
        "kind": "By",
        "attempts": "Tries",
        "last_error": "Why not",
        "next_at": "Next try",
        "sent_at": "Sent",
        "key": "Message id",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and incident_link(row.incident_id)),
        "body": by_row(lambda row: lines(row.body)),
    }
    column_formatters_export: ClassVar = {
        "incident_id": by_row(lambda row: row.incident_id and reference(row.incident_id))
    }
    column_sortable_list = ("created_at", "incident_id", "notice", "recipient", "kind", "state", "attempts")
    column_searchable_list = ("recipient", "address", "subject", "last_error")
    column_filters = (
        Is(Delivery.state, "State", DeliveryState),
        Is(Delivery.notice, "About", Notice),
        Number(Delivery.incident_id, "Incident"),
        Contains(Delivery.recipient, "To", "people"),
        From(Delivery.created_at, "From"),
        Until(Delivery.created_at, "Until"),
    )

    def heading(self, row: Delivery) -> str:
        """What the message is about, and to whom it goes."""
        return str(row)


class ChannelTable(Table):
    """How accounts are reached. The signing secret of a webhook stands on the row's own page only."""

    needs_proof = True
    about = (
        "How a person is reached. Who has no channel here gets e-mail at the account's address; what a "
        "channel does not take goes there too. People keep their own under Notices."
    )
    presets = (("Has failed", {"flt_has_failed": "yes"}),)
    details_template = "admin/channel.html"
    can_create = can_edit = True
    empty = "0 channels: everybody gets e-mail."
    create_label = "Add channel"
    form = forms.ChannelForm
    loads = (joinedload(Channel.user),)
    column_list = ("user", "kind", "address", "is_active", "reached_at", "unreached_at", "unreached_why")
    column_details_list = (*column_list, "secret")
    column_labels: ClassVar = {
        "user": "Person",
        "is_active": "In use",
        "reached_at": "Last success",
        "unreached_at": "Last failure",
        "unreached_why": "Why",
        "secret": "Signing secret",
    }
    column_formatters: ClassVar = {"user": by_row(lambda row: row.user.email)}
    column_formatters_export = column_formatters
    column_sortable_list = (("user", "user.email"), "kind", "is_active")
    column_searchable_list = ("user.email", "address")
    column_filters = (
        Is(Channel.kind, "Kind", ChannelKind),
        YesNo(Channel.is_active, "In use"),
        YesNo(Channel.unreached_at, "Has failed", known=True),
    )

    def stored(self, row: Channel) -> dict[str, str]:
        """Only what may change: the address, and whether it is used. Person and kind stay."""
        return {name: as_text(getattr(row, name)) for name in ("address", "is_active")}

    def heading(self, row: Channel) -> str:
        """The kind of the channel and whose it is."""
        return str(row)

    @expose("/test/", methods=("POST",))
    def test(self) -> Response:
        """Send a test by this channel (half a minute at most), then back to its page. Aborts with 404."""
        row = self.get_one(request.args.get("id"))
        try_out(current_user.actor, row)
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)

    def form_for(self, row: Channel):
        """The form without person and kind, which do not change."""
        return forms.ChannelEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> Channel:
        """Add a channel for the account with the typed e-mail; a webhook gets a secret. Raises Invalid."""
        return operations.add_channel(
            email=form.email.data,
            kind=ChannelKind(form.kind.data),
            address=form.address.data or "",
            actor=actor,
            now=now,
        )

    def change(self, channel: Channel, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save what was typed beside the values left alone. Raises Invalid."""
        text = self.stored(channel) | {name: typed for name, (typed, was) in changes.items()}
        operations.save_channel(
            channel, address=text["address"], is_active=text["is_active"] == "yes", actor=actor, now=now
        )


class PolicyTable(Table):
    """Exceptions from the defaults of who gets which notice; a role without a row follows the default."""

    needs_proof = True
    about = (
        "Which role gets which notice, where that differs from the default: alarms go to MIMs, "
        "stakeholders and executives, milestones, updates for them and the resolution to stakeholders and "
        "executives, reminders and hand-overs to MIMs and admins, asked roles to responders, stand-downs to "
        "all who were told. Each person may choose less under Notices."
    )
    can_create = can_edit = True
    empty = "0 policies: the defaults hold."
    create_label = "Add policy"
    form = forms.PolicyForm
    column_list = ("role", "notice", "is_on")
    column_details_list = column_list
    column_labels: ClassVar = {"notice": "About", "is_on": "Sent"}
    column_sortable_list = ("role", "notice", "is_on")
    column_filters = (
        Is(NoticePolicy.role, "Role", AccountRole),
        Is(NoticePolicy.notice, "About", Notice),
        YesNo(NoticePolicy.is_on, "Sent"),
    )

    def stored(self, row: NoticePolicy) -> dict[str, str]:
        """Only whether the notice is sent; the role and the notice of a row stay."""
        return {"is_on": as_text(row.is_on)}

    def heading(self, row: NoticePolicy) -> str:
        """Role, notice, and `on` or `off`."""
        return str(row)

    def form_for(self, row: NoticePolicy):
        """The form without role and notice, which do not change."""
        return forms.PolicyEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> NoticePolicy:
        """Decide whether a role gets a notice. Raises Invalid where that is the case already."""
        role, notice = AccountRole(form.role.data), Notice(form.notice.data)
        return operations.set_policy(role, notice, form.is_on.data == "yes", actor=actor, now=now)

    def change(self, policy: NoticePolicy, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Switch the row's notice on or off for its role. Raises Invalid where that is the case already."""
        is_on = changes.get("is_on", (self.stored(policy)["is_on"],))[0] == "yes"
        operations.set_policy(policy.role, policy.notice, is_on, actor=actor, now=now)


TABLES = (
    (DeliveryTable, Delivery, "Deliveries"),
    (ChannelTable, Channel, "Channels"),
    (PolicyTable, NoticePolicy, "Policies"),
)
"""As in tables.py."""
