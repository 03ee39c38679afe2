"""The enumerations of domain §2 with the words that people see."""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum
from typing import Self, TypeVar

Member = TypeVar("Member", bound=Enum)


class Labelled(StrEnum):
    """A value for the database and a label for people."""

    label: str

    def __new__(cls, value: str, label: str | None = None) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").capitalize()
        return member


class Severity(Labelled):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmLevel(IntEnum):
    BOX_0 = 0
    BOX_1 = 1
    BOX_2 = 2
    BOX_3 = 3

    @property
    def label(self) -> str:
        return f"Box {self.value}"


class IncidentStatus(Labelled):
    ACTIVE = "active"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Phase(IntEnum):
    ALERT = 1
    GATHER = 2
    ASSESS = 3
    INITIAL = 4
    ISOLATION = 5
    MITIGATION = 6
    VALIDATION = 7
    RESOLUTION = 8

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def title(self) -> str:
        """Number and name, as said aloud: `4 Initial`."""
        return f"{self.value} {self.label}"


class CardTier(IntEnum):
    """How specific a run card is."""

    AGENCY = 1
    GENERIC = 2
    SPECIFIC = 3

    @property
    def label(self) -> str:
        return ("Agency", "Generic application", "Specific application")[self.value - 1]


class ExternalImpact(Labelled):
    YES = "yes", "Yes, customer-facing"
    NO = "no", "No"
    LIKELY = "likely", "Likely"
    UNKNOWN = "unknown", "Unknown"


class RiskLevel(Labelled):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class EventType(Labelled):
    ALERT = "alert"
    PHASE = "phase"
    UPDATE = "update"
    COMMAND = "command"
    ACTION = "action"


class Visibility(Labelled):
    PUBLIC = "public"
    INTERNAL = "internal"


class TrackOutcome(Labelled):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"


class AskState(Labelled):
    OPEN = "open"
    ANSWERED = "answered"
    DEFERRED = "deferred"


class BriefPage(Labelled):
    """The two pages for who is not on the bridge (domain §7)."""

    BRIEF = "brief", "Stakeholder brief"
    EXEC = "exec", "Executive brief"


class CheckState(Labelled):
    PENDING = "pending", "Not confirmed"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class SystemStatus(Labelled):
    """How a system is, for the public; the worst last."""

    OPERATIONAL = "operational"
    MAINTENANCE = "under_maintenance"
    UNKNOWN = "unknown"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"


class MaintenanceStatus(Labelled):
    """How far scheduled maintenance is."""

    PLANNED = "planned"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    CANCELLED = "cancelled"


class CommandRole(Labelled):
    SRE = "sre", "SRE"
    MIM = "mim", "MIM"
    LEADER = "leader"
    SERVICE_MANAGER = "service_manager", "Service Manager"
    CUSTOMER_OPS = "customer_ops", "Customer Ops"


class AccountRole(Labelled):
    ADMIN = "admin"
    MIM = "mim", "MIM"
    RESPONDER = "responder"
    EXECUTIVE = "executive"
    STAKEHOLDER = "stakeholder"


class IntakeSource(Labelled):
    WEB = "web"
    API = "api", "API"
    WEBHOOK = "webhook"
    CLI = "cli", "Command line"


class PublicationKind(Labelled):
    UPDATE = "update", "Status update"
    MILESTONE = "milestone"


class SignInMethod(Labelled):
    LOCAL = "local", "E-mail and password"
    SSO = "sso", "Single sign-on"


class ChannelKind(Labelled):
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook"
    APPRISE = "apprise", "Apprise (Slack, Teams, SMS and others)"


class Notice(Labelled):
    """What a message is about."""

    ALARM = "alarm", "Alarm level set or raised"
    ROLE = "role", "A role is asked for"
    HANDOVER = "handover", "Command is handed over"
    REMINDER = "reminder", "Reminder of the coach"
    STAND_DOWN = "stand_down", "Stand-down"
    PUBLIC = "public", "Subscribers to the public page"


class SubscriberState(Labelled):
    WAITING = "waiting", "Not confirmed"
    ACTIVE = "active"
    LEFT = "left", "Unsubscribed"
    BOUNCED = "bounced"


class HandoverState(Labelled):
    OPEN = "open", "Offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class RecoveryConfidence(Labelled):
    """How sure the recovery is; a letter of the exposure line (domain §12)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNSTATED = "unstated", "Not stated"


class RecoveryPath(Labelled):
    """Whether the way to recovery is known; a letter of the exposure line (domain §12)."""

    KNOWN = "known"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    UNSTATED = "unstated", "Not stated"


class Helper(Labelled):
    """Who drafts; never posts (domain §8)."""

    UPDATE = "update", "AI draft"
    BRIEF = "brief", "AI exec brief"
    SUGGESTION = "suggestion", "AI suggestion"


class DraftState(Labelled):
    """What became of a draft."""

    RUNNING = "running"
    OFFERED = "offered"  # a person has it before them
    USED = "used"
    DISCARDED = "discarded"
    STOPPED = "stopped"


class DeliveryState(Labelled):
    PENDING = "pending", "Waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up; an admin may send it again
    NO_CHANNEL = "no_channel", "No channel set"
    QUIET = "quiet", "Kept quiet"


def by_value(members: type[Member], value: object) -> Member | None:
    """The member with this value, or None; never raises."""
    try:
        return members(value)
    except ValueError:
        return None
