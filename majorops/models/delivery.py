"""How people are reached, and what was sent to them: the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, and_, case, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.domain.notices import Reach
from majorops.logs import REQUEST_ID
from majorops.models.account import Reached, User
from majorops.models.brief import BriefLink
from majorops.models.incident import Incident
from majorops.models.review import ReviewGuest
from majorops.models.subscriber import Announcement, Subscriber
from majorops.models.timeline import Publication


class Channel(Reached, Base):
    """One way to reach a person. Who has none at all is reached by the e-mail of the account."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("user_id", "kind", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[ChannelKind] = mapped_column(enum_type(ChannelKind))
    # An e-mail address, a web address, an Apprise URL; of a device the address of its push service.
    address: Mapped[str] = mapped_column(String(1000))
    # Signs what a webhook gets; encrypts what a device gets (`domain.push.joined`).
    secret: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(80), default="", server_default="")  # of a device
    is_active: Mapped[bool] = mapped_column(default=True)

    user: Mapped[User] = relationship()

    @property
    def label(self) -> str:
        """What its owner calls it: `Chrome on Android`, `Webhook`."""
        return self.name or self.kind.label

    def __str__(self) -> str:
        return f"{self.label} of {self.user}"


class NoticePolicy(Base):
    """Whether accounts of a role get a kind of notice; a row is a deviation from `domain/notices.py`."""

    __tablename__ = "notice_policy"
    __table_args__ = (UniqueConstraint("role", "notice"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[AccountRole] = mapped_column(enum_type(AccountRole))
    notice: Mapped[Notice] = mapped_column(enum_type(Notice))
    is_on: Mapped[bool]

    def __str__(self) -> str:
        return f"{self.role.label}: {self.notice.label}, {'on' if self.is_on else 'off'}"


class Delivery(Base):
    """One message to one address for one act.

    `key` is made of these three, so that an act is never sent twice; it is also the id by which the
    receiver can tell that a message came again.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_next_at", "state", "next_at"),
        Index("ix_delivery_people", "state", "next_at", **partial("subscriber_id IS NULL")),
        Index("ix_delivery_incident_id_act", "incident_id", "act"),
        Index("ix_delivery_act", "act"),
        Index("ix_delivery_subscriber_id", "subscriber_id", **partial("subscriber_id IS NOT NULL")),
        Index("ix_delivery_channel_id", "channel_id", **partial("channel_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    # A newer version beside this one may write values that this one does not know.
    notice: Mapped[Notice] = mapped_column(enum_type(Notice, is_tolerant=True))
    act: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="SET NULL"))
    # To somebody outside: the text stands on the announcement, once for all of them.
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscriber.id"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"))
    # What it says, as long as that stands: what was withdrawn or corrected meanwhile is not sent.
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publication.id"))
    # To somebody without an account, by the link that they have.
    brief_link_id: Mapped[int | None] = mapped_column(ForeignKey("brief_link.id"))
    guest_id: Mapped[int | None] = mapped_column(ForeignKey("review_guest.id"))  # of an After Action
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the end of its person's quiet hours
    kind: Mapped[ChannelKind | None] = mapped_column(enum_type(ChannelKind, is_tolerant=True))
    address: Mapped[str] = mapped_column(String(1000), default="")
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[DeliveryState] = mapped_column(enum_type(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Of the request that queued it, for logs; none for what the clock does.
    request_id: Mapped[str | None] = mapped_column(String(36), default=lambda: REQUEST_ID.get() or None)

    incident: Mapped[Incident | None] = relationship()
    channel: Mapped[Channel | None] = relationship()
    user: Mapped[User | None] = relationship()
    subscriber: Mapped[Subscriber | None] = relationship()
    announcement: Mapped[Announcement | None] = relationship()
    publication: Mapped[Publication | None] = relationship()
    brief_link: Mapped[BriefLink | None] = relationship()
    guest: Mapped[ReviewGuest | None] = relationship()

    def __str__(self) -> str:
        return f"{self.notice.label} to {self.recipient}"


_WAITS = Delivery.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
_TRIED = case((Delivery.state == DeliveryState.SENDING, Delivery.attempts - 1), else_=Delivery.attempts)
# What became of one message, as a column of a query.
REACH = case(
    (Delivery.state == DeliveryState.SENT, Reach.TOLD.value),
    (and_(_WAITS, _TRIED < 1), Reach.QUEUED.value),
    (_WAITS, Reach.RETRYING.value),
    (Delivery.state == DeliveryState.FAILED, Reach.FAILED.value),
    (Delivery.state == DeliveryState.NO_CHANNEL, Reach.NO_CHANNEL.value),
    else_=Reach.QUIET.value,
)

# Whom a message is for: an account, the holder of a link, or a guest of an After Action.
READER = (Delivery.user_id, Delivery.brief_link_id, Delivery.guest_id)


def called(incident_id: int) -> Select[int | None, str, int]:
    """A query for everybody whom the alarms of an incident call, also of a drill: one row a person.

    (account, name, the best that became of it as a number of `Reach`).
    """
    return (
        select(Delivery.user_id, func.max(Delivery.recipient).label("name"), func.min(REACH).label("reach"))
        .where(Delivery.incident_id == incident_id, Delivery.notice.in_([Notice.ALARM, Notice.ROLE]))
        .group_by(Delivery.user_id)
    )
