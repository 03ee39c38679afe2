"""What the server keeps about itself: who works, which backups were made, what was wrong."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime, partial


class Heartbeat(Base):
    """A worker, and when it looked last; `name`: machine and process."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BackupRun(Base):
    """One timed backup.

    `number`: counts them, so that two workers never make the same one. `ended_at` is None while it runs, and
    of one whose process died. `problem`: why there is no file; empty where there is one.
    """

    __tablename__ = "backup_run"
    __table_args__ = (Index("ix_backup_run_started_at", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    path: Mapped[str] = mapped_column(String(1000), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")


class HealthEpisode(Base):
    """A time in which one check of the server's health (`about`) was not well.

    `told_at`: when the admins were told; None while it is too short to speak of. `said`: the sentence then.
    """

    __tablename__ = "health_episode"
    __table_args__ = (
        Index("ix_health_episode_open", "about", unique=True, **partial("ended_at IS NULL")),
        Index("ix_health_episode_began_at", "began_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(120))
    said: Mapped[str] = mapped_column(String(500))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
