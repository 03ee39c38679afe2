"""What an incident leaves to be changed: an action with one owner, a date and an end (domain §10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import ActionKind, ActionState

if TYPE_CHECKING:
    from majorops.models.account import User
    from majorops.models.incident import Incident

IS_OPEN = "state = 'open'"


class ActionItem(Base):
    """An action of a Learning Review. `number` counts within its incident: A1, A2.

    `owner_id`: None for an owner without an account. `moves` counts how often the date was moved from
    `first_due_on`. `outcome`: the evidence of what is done, or why it was dropped. `remind_at`: when owner
    and leader are reminded next. `is_practice`: of a drill. `changes` counts what was saved, so that two
    people who edit it see each other.
    """

    __tablename__ = "action_item"
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        Index("ix_action_item_open", "is_practice", "due_on", "id", **partial(IS_OPEN)),
        Index("ix_action_item_open_incident", "is_practice", "incident_id", "due_on", **partial(IS_OPEN)),
        Index("ix_action_item_owner", "owner_id", "due_on", **partial(IS_OPEN)),
        Index("ix_action_item_first_due_on", "first_due_on"),
        Index("ix_action_item_ended_at", "ended_at", **partial("ended_at IS NOT NULL")),
        Index("ix_action_item_remind_at", "remind_at", **partial("remind_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(300))
    kind: Mapped[ActionKind] = mapped_column(enum_type(ActionKind))
    owner_name: Mapped[str] = mapped_column(String(120))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date] = mapped_column(Date)
    first_due_on: Mapped[date] = mapped_column(Date)
    moves: Mapped[int] = mapped_column(default=0)
    tracker_url: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[ActionState] = mapped_column(enum_type(ActionState), default=ActionState.OPEN)
    outcome: Mapped[str] = mapped_column(Text, default="")
    added_by: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_by: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changes: Mapped[int] = mapped_column(default=0)
    is_practice: Mapped[bool] = mapped_column(default=False)

    incident: Mapped[Incident] = relationship()
    owner: Mapped[User | None] = relationship()

    @property
    def reference(self) -> str:
        """`A1`, as people say it within its incident."""
        return f"A{self.number}"

    def __str__(self) -> str:
        return f"{self.reference} {self.text}"
