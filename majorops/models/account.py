"""People who sign in, their sessions, and the audit of what happens outside an incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole, Followed, SignInMethod


class Reached:
    """What came of the newest messages by one way: when one arrived, when one did not, and why not."""

    reached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unreached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unreached_why: Mapped[str] = mapped_column(String(500), default="", server_default="")

    @property
    def is_failing(self) -> bool:
        """The newest message by this way did not arrive."""
        return self.unreached_at is not None and (
            self.reached_at is None or self.reached_at < self.unreached_at
        )


class User(Reached, Base):
    """An account (domain §1); never deleted, but switched off: `is_active`.

    `email` in lower case. `password_hash` None: only single sign-on lets it in; `oidc_subject`: issuer and
    subject, None until the first single sign-on. `directory_name` and `directory_id`: userName and externalId
    of the directory that keeps this account by SCIM; the first is None for accounts that none does.
    `time_zone`: an IANA name. `quiet_from`, `quiet_until`: minutes since midnight there, both None without
    quiet hours; the night may lie between. What `Reached` says is of the account's own e-mail address.
    `digest_at`: when the weekly digest goes next, None for who does not want it.
    `totp_secret`: of the authenticator app, sealed with the secret key (signing.Sealer), None for no app;
    `totp_step`: the newest half minute whose code was taken.
    """

    __tablename__ = "user_account"  # "user" is reserved in PostgreSQL
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        Index("ix_user_account_digest_at", "digest_at", **partial("digest_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[AccountRole] = mapped_column(enum_type(AccountRole))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    oidc_subject: Mapped[str | None] = mapped_column(String(255), unique=True)
    directory_name: Mapped[str | None] = mapped_column(String(254), index=True, unique=True)
    directory_id: Mapped[str | None] = mapped_column(String(255), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    follows: Mapped[Followed] = mapped_column(
        enum_type(Followed), default=Followed.EVERYTHING, server_default=Followed.EVERYTHING.value
    )
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    digest_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    has_single_keys: Mapped[bool] = mapped_column(default=True, server_default=true())  # on the fireground

    @property
    def actor(self) -> Actor:
        """Who acts when this account does something, with the role that it has now."""
        return Actor(name=self.name, role=self.role, user_id=self.id, email=self.email)

    def __str__(self) -> str:
        return self.name


class UserSession(Base):
    """One sign-in. The browser holds the token, here is only its hash.

    Once `ended_at` is set no copy of the token signs anybody in. How old a session may be is not kept here.
    `seen_at`: the last use, to five minutes; `proven_at`: when the person last proved who they are.
    `sign_out_address`: where the browser ends the provider's session too, with the ID token as a hint in it;
    forgotten with the end of the session.
    """

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    method: Mapped[SignInMethod] = mapped_column(enum_type(SignInMethod))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    proven_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sign_out_address: Mapped[str | None] = mapped_column(Text)

    user: Mapped[User] = relationship()


class Passkey(Base):
    """A passkey of an account (WebAuthn). `credential_id` in base64url; `sign_count`: as last told."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()


class RecoveryCode(Base):
    """A code that stands in for a second factor once; only its hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ApiToken(Base):
    """A token by which a program acts for an account, within `scopes`, until it expires or is revoked.

    Only its hash is kept; `shown`: its beginning, by which a person knows it again. `scopes`: names of
    permissions, with commas; `system`: the one whose incidents it sees, empty for all. `used_at`: the last
    use, to a minute, and from which address.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    shown: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(500))
    system: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_from: Mapped[str | None] = mapped_column(String(45))

    user: Mapped[User] = relationship()

    @property
    def permissions(self) -> frozenset[Permission]:
        """The scopes; one that there is no more is left out."""
        return frozenset(Permission(name) for name in self.scopes.split(",") if name in set(Permission))

    def is_alive(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def __str__(self) -> str:
        return self.name


class SpentChallenge(Base):
    """A challenge that a passkey answered: the same answer is worth nothing a second time."""

    __tablename__ = "spent_challenge"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SignInThrottle(Base):
    """Failed sign-ins of one e-mail or address within a window; shared by all processes."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_started_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AuditEntry(Base):
    """What happened outside an incident: accounts, catalogue, sign-ins. Append-only.

    `about_id`: the account that it concerns, where it belongs to that account's own history.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_about_id_id", "about_id", "id", **partial("about_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str | None] = mapped_column(Text)
    actor_name: Mapped[str] = mapped_column(String(120))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
