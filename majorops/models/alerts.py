"""Alerts from outside: who may send them, what came, the alerts themselves by group, rules and silences."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import AlertState, HookState, HookVerdict, RuleAction, Severity, SourceKind
from majorops.models.incident import Incident

OPEN = "state <> 'cleared'"


class AlertSource(Base):
    """A monitoring system that may send alerts to `/hooks/<kind>/<id>`.

    `secret`: sealed with the secret key (signing.Sealer), as is `old_secret`, which is taken until
    `old_until`. `system`: what its alerts are about where they name none of the catalogue; empty for nothing.
    `header`: of the signature or secret, where kinds differ; empty for the usual. `mapping`: where things
    stand in what it sends (integrations/mapping.py), read with `sample`. `every`: minutes within which it
    speaks, None for whenever; `silent_at`: since when it is silent, None while it is not.
    """

    __tablename__ = "alert_source"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[SourceKind] = mapped_column(enum_type(SourceKind))
    secret: Mapped[str] = mapped_column(String(400))
    old_secret: Mapped[str] = mapped_column(String(400), default="")
    old_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    system: Mapped[str] = mapped_column(String(80), default="")
    header: Mapped[str] = mapped_column(String(80), default="")
    mapping: Mapped[str] = mapped_column(Text, default="")
    sample: Mapped[str] = mapped_column(Text, default="")
    every: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    silent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def path(self) -> str:
        """Where it sends to, below the address of the installation."""
        return f"/hooks/{self.kind.value}/{self.id}"

    def __str__(self) -> str:
        return self.name


class AlertDelivery(Base):
    """One request of a source, kept as it came before anything is done with it.

    `headers`: those that say what the body is, as JSON; never the secret. `taken`: how many of its alerts
    were dealt with; `problem`: why it was refused or failed.
    """

    __tablename__ = "alert_delivery"
    __table_args__ = (
        Index("ix_alert_delivery_pending", "source_id", "id", **partial("state = 'pending'")),
        Index("ix_alert_delivery_source_id", "source_id", "state", "id"),
        Index("ix_alert_delivery_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("alert_source.id"))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    address: Mapped[str] = mapped_column(String(45), default="")
    headers: Mapped[str] = mapped_column(Text, default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    verdict: Mapped[HookVerdict] = mapped_column(enum_type(HookVerdict))
    state: Mapped[HookState] = mapped_column(enum_type(HookState))
    taken: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    source: Mapped[AlertSource] = relationship()

    @property
    def kept_headers(self) -> dict[str, str]:
        """The headers that say what the body is."""
        return dict(json.loads(self.headers))

    @property
    def text(self) -> str:
        """The body as text, for people."""
        return self.body.decode("utf-8", "replace")


class AlertGroup(Base):
    """Alerts of one source that belong together: one line of the page, however many they are.

    `key`: a hash of the source's own group key, or of what `domain/alerts.py` makes of an alert. `firing` and
    `acknowledged` count its open alerts, `heard` every time that one was said to fire. `since`: when its
    present time of firing began. `incident_id`: what it is attached to; `decided`: what a rule or a person
    did with it, in words. `flaps`: how often it fired again after its incident's alerts had cleared.
    """

    __tablename__ = "alert_group"
    __table_args__ = (
        Index("uq_alert_group_source_id_key", "source_id", "key", unique=True),
        Index("ix_alert_group_state", "state", "since", "id"),
        Index("ix_alert_group_silenced_until", "silenced_until", **partial("silenced_until IS NOT NULL")),
        Index("ix_alert_group_incident_id", "incident_id", **partial("incident_id IS NOT NULL")),
        Index("ix_alert_group_source_id_since", "source_id", "since"),
        Index("ix_alert_group_last_at", "last_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("alert_source.id"))
    key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(40), default="")
    systems: Mapped[str] = mapped_column(Text, default="[]")
    state: Mapped[AlertState] = mapped_column(enum_type(AlertState))
    firing: Mapped[int] = mapped_column(default=0)
    acknowledged: Mapped[int] = mapped_column(default=0)
    heard: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    decided: Mapped[str] = mapped_column(String(300), default="")
    flaps: Mapped[int] = mapped_column(default=0)
    silenced_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    source: Mapped[AlertSource] = relationship()
    incident: Mapped[Incident | None] = relationship()

    @property
    def system_names(self) -> list[str]:
        """The systems of the catalogue that its alerts named, or the one of its source."""
        return list(json.loads(self.systems))


class Alert(Base):
    """One time that an alert fired; fired anew after it cleared, it is another row.

    `key`: a hash of the source's own key, `dedup_key` that key to read. `labels`: name and text of each, as
    JSON. `started_at`: when it fired, as its source says, or when we heard of it; `heard_at`: when we were
    told first; `told_start`, `said_at`: what the source said itself of its start, and when it spoke last.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_open", "source_id", "key", unique=True, **partial(OPEN)),
        Index("ix_alert_source_id_key", "source_id", "key", "id"),
        Index("ix_alert_group_id_heard_at", "group_id", "heard_at"),
        Index("ix_alert_group_open", "group_id", "state", **partial(OPEN)),
        Index("ix_alert_incident_id", "incident_id", "state", **partial("incident_id IS NOT NULL")),
        Index(
            "ix_alert_cleared_at", "cleared_at", **partial("incident_id IS NULL AND cleared_at IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("alert_source.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("alert_group.id"))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    key: Mapped[str] = mapped_column(String(64))
    dedup_key: Mapped[str] = mapped_column(String(255))
    state: Mapped[AlertState] = mapped_column(enum_type(AlertState))
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text, default="")
    severity: Mapped[str] = mapped_column(String(40), default="")
    labels: Mapped[str] = mapped_column(Text, default="{}")
    link: Mapped[str] = mapped_column(String(2000), default="")
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_start: Mapped[datetime | None] = mapped_column(UTCDateTime)
    said_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    source: Mapped[AlertSource] = relationship()
    group: Mapped[AlertGroup] = relationship()
    incident: Mapped[Incident | None] = relationship()

    @property
    def label_texts(self) -> dict[str, str]:
        """Name and text of each label."""
        return dict(json.loads(self.labels))


class AlertRule(Base):
    """What happens by itself with alerts whose labels match; asked in the order of `place`.

    `matches`: one condition a line (domain/alerts.py), empty for all. `source_id`: None for every source.
    It acts only from the `at_count`-th alert within `minutes` on.
    """

    __tablename__ = "alert_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    place: Mapped[int]
    source_id: Mapped[int | None] = mapped_column(ForeignKey("alert_source.id"))
    matches: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[RuleAction] = mapped_column(enum_type(RuleAction))
    severity: Mapped[Severity] = mapped_column(enum_type(Severity))
    at_count: Mapped[int] = mapped_column(default=1)
    minutes: Mapped[int] = mapped_column(default=10)
    is_active: Mapped[bool] = mapped_column(default=True)

    source: Mapped[AlertSource | None] = relationship()

    def __str__(self) -> str:
        return self.name


class AlertSilence(Base):
    """A group that somebody called noise until a time: no rule acts on it. `hushed` counts what came."""

    __tablename__ = "alert_silence"
    __table_args__ = (
        Index("ix_alert_silence_group_id", "group_id", "id"),
        Index("ix_alert_silence_open", "until", **partial("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("alert_group.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_name: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hushed: Mapped[int] = mapped_column(default=0)

    group: Mapped[AlertGroup] = relationship()


# As their indexes have them.
IS_OPEN_ALERT = Alert.state != AlertState.CLEARED
