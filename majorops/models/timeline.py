"""The timeline and what was said to people: status updates and milestones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, IntEnum, UTCDateTime, enum_type, partial
from majorops.domain import text as words
from majorops.domain.briefs import Spoken
from majorops.domain.enums import EventType, IncidentStatus, Phase, PublicationKind, Visibility
from majorops.domain.events import EventKind

if TYPE_CHECKING:
    from majorops.models.incident import Incident


class TimelineEvent(Base):
    """One entry of the record; append-only. `seq` numbers the entries of an incident without a gap.

    `kind` says what happened (`phase.advanced`), `type` how the timeline shows it. A mistake is struck out
    by a later entry that names it in `corrects_id`. Only `visibility` may change, and that is logged.

    `public_key`: what the public calls the entry (operations/public_names.py); None: never public, or older
    than that, and then it is called by `seq`. `system`: the one affected system that it is about.
    """

    __tablename__ = "timeline_event"
    __table_args__ = (
        UniqueConstraint("incident_id", "seq"),
        CheckConstraint("phase BETWEEN 1 AND 8", name="phase_range"),
        Index("ix_timeline_event_incident_id_visibility_seq", "incident_id", "visibility", "seq"),
        # Almost no entry has one: see migration 0013.
        Index("ix_timeline_event_corrects_id", "corrects_id", **partial("corrects_id IS NOT NULL")),
        Index("ix_timeline_event_publication_id", "publication_id", **partial("publication_id IS NOT NULL")),
        Index("uq_timeline_event_request_key", "request_key", unique=True),
        Index(
            "uq_timeline_event_public_key",
            "incident_id",
            "public_key",
            unique=True,
            **partial("public_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    seq: Mapped[int]
    type: Mapped[EventType] = mapped_column(enum_type(EventType))
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[Visibility] = mapped_column(enum_type(Visibility), default=Visibility.INTERNAL)
    actor_name: Mapped[str] = mapped_column(String(120))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    phase: Mapped[Phase | None] = mapped_column(IntEnum(Phase))
    field: Mapped[str | None] = mapped_column(String(60))
    system: Mapped[str | None] = mapped_column(String(80))
    public_key: Mapped[str | None] = mapped_column(String(16))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publication.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("timeline_event.id"), unique=True)
    # An act that waited in a browser for the line: when it was made. `at` is when it arrived.
    made_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    request_key: Mapped[str | None] = mapped_column(
        String(64)
    )  # one act, one entry, however often it is sent

    incident: Mapped[Incident] = relationship()


class Publication(Base):
    """A status update or a milestone.

    Its text never changes: a correction is a new one that names the old. `public_number` and `public_key`:
    what the public calls it, for ever; None: it was never public (operations/public_names.py).
    """

    __tablename__ = "publication"
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        CheckConstraint("(kind = 'milestone') = (number IS NOT NULL)", name="milestone_has_number"),
        CheckConstraint("kind = 'milestone' OR NOT is_resolution", name="resolution_is_milestone"),
        Index("ix_publication_incident_id_visibility", "incident_id", "visibility"),
        Index("ix_publication_review", "incident_id", "id", **partial("is_review")),
        Index("ix_publication_updates", "id", **partial("number IS NULL")),
        Index("uq_publication_public_number", "incident_id", "public_number", unique=True),
    )
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    kind: Mapped[PublicationKind] = mapped_column(enum_type(PublicationKind))
    number: Mapped[int | None]
    public_number: Mapped[int | None]
    public_key: Mapped[str | None] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)
    visibility: Mapped[Visibility] = mapped_column(enum_type(Visibility), default=Visibility.INTERNAL)
    by_name: Mapped[str] = mapped_column(String(120))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(String(20), default="web")
    status_at_cut: Mapped[IncidentStatus] = mapped_column(enum_type(IncidentStatus))
    next_update_eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_resolution: Mapped[bool] = mapped_column(default=False)
    is_late: Mapped[bool] = mapped_column(default=False)  # posted after the close
    is_review: Mapped[bool] = mapped_column(default=False)  # the public review, or a newer text of it
    after_action_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("publication.id"), unique=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_quiet: Mapped[bool] = mapped_column(default=False)  # public, and no subscriber is told

    incident: Mapped[Incident] = relationship()

    @property
    def heading(self) -> str:
        """`Milestone 2`, `Update`, `Late update`, `Review`; the number is the one inside."""
        return words.posted(self.number, is_late=self.is_late, is_review=self.is_review)

    @property
    def public_heading(self) -> str:
        """What the public calls it, where that is another number than inside; empty where it is not."""
        is_other = self.public_number not in (None, self.number)
        return words.posted(self.public_number) if is_other else ""


class StatusUpdate(Publication):
    """A publication without a number (domain §3)."""

    __mapper_args__ = {"polymorphic_identity": PublicationKind.UPDATE}


class Milestone(Publication):
    """A publication with its number within the incident (domain §3; guide, "Cut your first milestone")."""

    __mapper_args__ = {"polymorphic_identity": PublicationKind.MILESTONE}


PHASES_ENTERED = select(TimelineEvent.phase).where(TimelineEvent.kind == EventKind.PHASE_ADVANCED).distinct()
"""The phases that were entered, for the caller to say of which incident.

Phase 1 and what was skipped are not there.
"""

# Not `corrects_id IS NULL`: after ANALYZE SQLite takes the index of that column, where nearly
# all rows are alike.
IS_NO_CORRECTION = func.coalesce(Publication.corrects_id, 0) == 0

SPOKEN = (
    Publication.id,
    Publication.kind,
    Publication.visibility,
    Publication.withdrawn_at,
    Publication.corrects_id,
)
"""The columns of which `spoken` is made."""


def spoken(row: Row[*tuple[Any, ...]]) -> Spoken:
    """What a brief has to know of a publication, from a row with the columns SPOKEN."""
    return Spoken(
        id=row.id,
        is_milestone=row.kind is PublicationKind.MILESTONE,
        is_public=row.visibility is Visibility.PUBLIC,
        is_withdrawn=row.withdrawn_at is not None,
        corrects_id=row.corrects_id,
    )
