"""Groups of people that a directory keeps here by SCIM, and who is in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime
from majorops.models.account import User


class DirectoryGroup(Base):
    """A group as the directory pushes it.

    `name` is the displayName, `external_id` what the directory itself calls it; the role map may name either.
    """

    __tablename__ = "directory_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    members: Mapped[list[User]] = relationship(secondary="directory_member", order_by=User.id)


class DirectoryMember(Base):
    """One account in one group."""

    __tablename__ = "directory_member"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("directory_group.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
