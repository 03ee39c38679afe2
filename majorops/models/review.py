"""The Learning Review: what people write of an incident beside its record, and how far they are.

What the record holds is never copied here: the page reads it afresh at every look.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import ReviewState

if TYPE_CHECKING:
    from majorops.models.account import User
    from majorops.models.incident import Incident
    from majorops.models.timeline import TimelineEvent


class Review(Base):
    """The review of one incident, and its After Action.

    `version` numbers the texts that were written; `published_version`: the newest of them when it was
    published. `after_action_at`: None for not scheduled; `after_action_sequence` rises with each change of
    the appointment (RFC 5545), and `after_action_off_at` says that the last one was calling it off.
    `nudge_at`: when whoever was MIM is nudged next, None for never.
    """

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_nudge_at", "nudge_at", **partial("nudge_at IS NOT NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), unique=True)
    state: Mapped[ReviewState] = mapped_column(enum_type(ReviewState), default=ReviewState.COLLECTING)
    version: Mapped[int] = mapped_column(default=0)
    published_version: Mapped[int | None]
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by: Mapped[str] = mapped_column(String(120), default="")
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_by: Mapped[str] = mapped_column(String(120), default="")
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by: Mapped[str] = mapped_column(String(120), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[str] = mapped_column(String(120), default="")
    after_action_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    after_action_sequence: Mapped[int] = mapped_column(default=0)
    after_action_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    after_action_off_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    nudge_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    nudges: Mapped[int] = mapped_column(default=0)

    incident: Mapped[Incident] = relationship()


class ReviewText(Base):
    """One text as it was written; append-only. The newest of a field stands.

    `drafted_by`: who wrote the draft that it is as it came (`by rule`, or a model), empty for a person's own
    words; `reviewed_by`: who read it since.
    """

    __tablename__ = "review_text"
    __table_args__ = (
        UniqueConstraint("incident_id", "version"),
        Index("ix_review_text_incident_id_name", "incident_id", "name", "version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(120))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    drafted_by: Mapped[str] = mapped_column(String(120), default="", server_default="")
    reviewed_by: Mapped[str] = mapped_column(String(120), default="", server_default="")
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_unread_draft(self) -> bool:
        """It stands as a draft wrote it, and nobody said that they read it."""
        return bool(self.text and self.drafted_by and not self.reviewed_by)


class ReviewPerson(Base):
    """Who is invited to the After Action and gets the draft: the command team, and whom the MIM added."""

    __tablename__ = "review_person"
    __table_args__ = (UniqueConstraint("incident_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    is_added: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()


class ReviewGuest(Base):
    """Somebody without an account who gets the After Action by mail; `off_at`: taken off the list again.

    `times` counts how often they were added, so that each time is a mail of its own.
    """

    __tablename__ = "review_guest"
    __table_args__ = (UniqueConstraint("incident_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    address: Mapped[str] = mapped_column(String(254))
    added_by: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    off_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    times: Mapped[int] = mapped_column(default=1)


class ReviewAttendee(Base):
    """Who was at the meeting, and the one line that they left, if any."""

    __tablename__ = "review_attendee"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    line: Mapped[str] = mapped_column(String(300), default="")


class ReviewQuestion(Base):
    """A question before the meeting, about one entry or about all of it; answered there."""

    __tablename__ = "review_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("timeline_event.id"))
    text: Mapped[str] = mapped_column(String(1000))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str] = mapped_column(String(120), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    entry: Mapped[TimelineEvent | None] = relationship()


class ReviewMark(Base):
    """An entry of the timeline that somebody marked for the review."""

    __tablename__ = "review_mark"
    __table_args__ = (UniqueConstraint("entry_id", "incident_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_event.id"))
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    entry: Mapped[TimelineEvent] = relationship()
