"""Who reads the briefs of a private incident: accounts that were added, and links for who has none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type
from majorops.domain.enums import BriefPage
from majorops.models.account import User


class BriefReader(Base):
    """Somebody whom the MIM added to the briefs of an incident: they read it while it is private too."""

    __tablename__ = "brief_reader"
    __table_args__ = (UniqueConstraint("incident_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    user: Mapped[User] = relationship()

    def __str__(self) -> str:
        return str(self.user)


class BriefLink(Base):
    """A link to one page of one brief; `name`: whom it is for.

    The token is shown once, to who made the link; here is only its hash. `uses` counts at most one a minute.
    The token of a link that is mailed is made of `seed` and the secret key: whoever has only the database
    opens nothing.
    `is_for_private`: it was made while the incident was private, so it opens the briefs of a private one too.
    """

    __tablename__ = "brief_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    page: Mapped[BriefPage] = mapped_column(enum_type(BriefPage))
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Where its holder is told of milestones, and what the token is made of then (`brief_token`).
    email: Mapped[str | None] = mapped_column(String(254))
    seed: Mapped[str | None] = mapped_column(String(64))
    is_for_private: Mapped[bool] = mapped_column(default=False)
    uses: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def is_open(self, now: datetime) -> bool:
        """Neither revoked nor expired at `now`."""
        return self.revoked_at is None and now < self.expires_at

    def __str__(self) -> str:
        return f"{self.page.label} for {self.name}"
