"""The enumerations of domain §2 with the words that people see."""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum
from typing import Self, TypeVar

Member = TypeVar("Member", bound=Enum)


class Labelled(StrEnum):
    """A value for the database and a label for people."""

    label: str

    def __new__(cls, value: str, label: str | None = None) -> Self:
        """Make a member; `label`: its words for people, else those of its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").capitalize()
        return member


class Severity(Labelled):
    """Business impact, the highest first (domain §2); gives the least alarm level (`domain/alarm.py`)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmLevel(IntEnum):
    """Response posture (domain §2): a number that compares; a higher Box asks for more."""

    BOX_0 = 0
    BOX_1 = 1
    BOX_2 = 2
    BOX_3 = 3

    @property
    def label(self) -> str:
        """`Box 3`."""
        return f"Box {self.value}"


class IncidentStatus(Labelled):
    """Whether an incident runs (domain §2); monitoring: the fix is confirmed and is being watched."""

    ACTIVE = "active"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Phase(IntEnum):
    """The eight phases by number, forward only (domain §4; guide, "Running the 8 Phases")."""

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
        """The name without its number: `Initial`."""
        return self.name.capitalize()

    @property
    def title(self) -> str:
        """Number and name, as said aloud: `4 Initial`."""
        return f"{self.value} {self.label}"


class CardTier(IntEnum):
    """How specific a run card is (domain §9): the higher, the more."""

    AGENCY = 1
    GENERIC = 2
    SPECIFIC = 3

    @property
    def label(self) -> str:
        """The tier in words: `Generic application`."""
        return ("Agency", "Generic application", "Specific application")[self.value - 1]


class ExternalImpact(Labelled):
    """Whether customers are affected; decides what stakeholders are told (guide, phase 3)."""

    YES = "yes", "Yes, customer-facing"
    NO = "no", "No"
    LIKELY = "likely", "Likely"
    UNKNOWN = "unknown", "Unknown"


class RiskLevel(Labelled):
    """Risk as executives read it; internal (domain §7)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class EventType(Labelled):
    """How the timeline shows an entry, each type with an icon of its own (guide, "The Timeline")."""

    ALERT = "alert"
    PHASE = "phase"
    UPDATE = "update"
    COMMAND = "command"
    ACTION = "action"


class Visibility(Labelled):
    """Public: anyone with the address reads it. Internal: no public page has it (guide, "The Timeline")."""

    PUBLIC = "public"
    INTERNAL = "internal"


class TrackOutcome(Labelled):
    """How a recovery track stands (domain §2); all but running end it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"


class AskState(Labelled):
    """How an ask stands; deferred: closed without an answer, with a reason. A parked one is open."""

    OPEN = "open"
    ANSWERED = "answered"
    DEFERRED = "deferred"


class BriefPage(Labelled):
    """The two pages for who is not on the bridge (domain §7)."""

    BRIEF = "brief", "Stakeholder brief"
    EXEC = "exec", "Executive brief"


class CheckState(Labelled):
    """Validation of one affected system (domain §2); without a row it is pending."""

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


class Repeat(Labelled):
    """How scheduled maintenance comes again; how many weeks or months lie between is a number beside it."""

    NEVER = "never"
    WEEKS = "weeks"
    MONTHS = "months"


class CommandRole(Labelled):
    """The five roles of the command team (domain §5; guide, "Command Team Management")."""

    SRE = "sre", "SRE"
    MIM = "mim", "MIM"
    LEADER = "leader"
    SERVICE_MANAGER = "service_manager", "Service Manager"
    CUSTOMER_OPS = "customer_ops", "Customer Ops"


class AccountRole(Labelled):
    """Role of an account (domain §1); `domain/access.py` says what each may do."""

    ADMIN = "admin"
    MIM = "mim", "MIM"
    RESPONDER = "responder"
    EXECUTIVE = "executive"
    STAKEHOLDER = "stakeholder"


class IntakeSource(Labelled):
    """How an incident came in (domain §3)."""

    WEB = "web"
    API = "api", "API"
    WEBHOOK = "webhook"
    CLI = "cli", "Command line"


class PublicationKind(Labelled):
    """What is published (domain §3); a milestone is numbered, an update is not."""

    UPDATE = "update", "Status update"
    MILESTONE = "milestone"


class SignInMethod(Labelled):
    """How a session began; kept with it and in the audit."""

    LOCAL = "local", "E-mail and password"
    SSO = "sso", "Single sign-on"
    PASSKEY = "passkey"


class ChannelKind(Labelled):
    """How a person or a subscriber is reached; `SEND` in `notifications/worker.py` has a sender for each."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook"
    APPRISE = "apprise", "Apprise (Slack, Teams, SMS and others)"
    PUSH = "push", "Device"
    PAGER = "pager", "Pager of a rota"


# Ways that people and subscribers have of their own, each with an address that is typed.
TYPED_CHANNELS = (ChannelKind.EMAIL, ChannelKind.WEBHOOK, ChannelKind.APPRISE)


class PagerKind(Labelled):
    """A service outside that calls people; `domain/pagers.py` has what each is sent."""

    PAGERDUTY = "pagerduty", "PagerDuty"
    OPSGENIE = "opsgenie", "Opsgenie"
    GOALERT = "goalert", "GoAlert"


class SecondFactor(Labelled):
    """A way to prove who one is, beside the password or again while signed in."""

    PASSWORD = "password"  # noqa: S105 (no password)
    PASSKEY = "passkey"
    APP = "app", "Code of an authenticator app"
    RECOVERY = "recovery", "Recovery code"
    PROVIDER = "provider", "Single sign-on"


class Notice(Labelled):
    """What a message is about."""

    ALARM = "alarm", "Alarm level set or raised"
    ROLE = "role", "A role is asked for"
    PAGE = "page", "A page: somebody is called until they are on it"
    HANDOVER = "handover", "Command is handed over"
    REMINDER = "reminder", "Reminder of the coach"
    ASK = "ask", "Something is asked of a person"
    STAND_DOWN = "stand_down", "Stand-down"
    MILESTONE = "milestone", "Milestone, for stakeholders"
    UPDATE = "update", "Update, for stakeholders"
    RESOLVED = "resolved", "Resolved"
    REVIEW = "review", "After Action and Learning Review"
    ACTION = "action", "Actions of reviews that are due"
    LINK = "link", "Link to a brief"
    CHANNEL = "channel", "A channel of one's own fails"
    PUBLIC = "public", "Subscribers to the public page"
    ACCOUNT = "account", "The own account: sign-ins and passwords"
    DIGEST = "digest", "The own weekly digest"


class Followed(Labelled):
    """What of an incident a person is told whose role gets its milestones, updates and resolution.

    Each member leaves out what the next one leaves out, and less.
    """

    EVERYTHING = "everything", "Everything: milestones, updates, the resolution"
    MILESTONES = "milestones", "Milestones and the resolution"
    RESOLUTION = "resolution", "The resolution only"


class SubscriberState(Labelled):
    """How a subscription stands; only an active one gets messages about incidents."""

    WAITING = "waiting", "Not confirmed"
    ACTIVE = "active"
    LEFT = "left", "Unsubscribed"
    BOUNCED = "bounced"


class Frequency(Labelled):
    """How often a subscriber hears of what it chose; an incident that it follows is told at once always."""

    EACH = "each", "Each update"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"


class HandoverState(Labelled):
    """How an offer of command stands; all but open end it."""

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
    REVIEW = "review", "AI review draft"


class DraftState(Labelled):
    """What became of a draft."""

    RUNNING = "running"
    OFFERED = "offered"  # a person has it before them
    USED = "used"
    DISCARDED = "discarded"
    STOPPED = "stopped"


class DeliveryState(Labelled):
    """How a message of the outbox stands; quiet: a drill's, or nobody needs it any more."""

    PENDING = "pending", "Waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up; an admin may send it again
    NO_CHANNEL = "no_channel", "No channel set"
    QUIET = "quiet", "Kept quiet"


class ReviewState(Labelled):
    """How a Learning Review stands; forward only (domain §10)."""

    COLLECTING = "collecting"
    DRAFT_SENT = "draft_sent"
    HELD = "held"
    PUBLISHED = "published"
    REVIEWED = "reviewed", "Reviewed after 30 days"


class ReviewNeed(Labelled):
    """Whether an incident asks for a Learning Review (domain §10)."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    NOT_NEEDED = "not_needed"


class ActionKind(Labelled):
    """What an action changes about the next incident."""

    PREVENT = "prevent"
    DETECT = "detect"
    RESPOND = "respond"
    COMMUNICATE = "communicate"


class ActionState(Labelled):
    """How an action stands; both ends are final, each with a reason that can be read."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class SourceKind(Labelled):
    """What an alert source speaks; the value stands in its address, `/hooks/<value>/<number>`."""

    ALERTMANAGER = "alertmanager", "Alertmanager"
    GRAFANA = "grafana", "Grafana"
    PAGERDUTY_EVENTS = "pagerduty-events", "PagerDuty Events v2"
    PAGERDUTY = "pagerduty", "PagerDuty webhooks v3"
    DATADOG = "datadog", "Datadog"
    OPSGENIE = "opsgenie", "Opsgenie"
    CLOUDEVENTS = "cloudevents", "CloudEvents"
    GENERIC = "generic", "Generic JSON"


class AlertState(Labelled):
    """How an alert stands, as its source says."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class RuleAction(Labelled):
    """What an alert rule does with a group of alerts that it matches."""

    OPEN = "open", "Open an incident"
    ATTACH = "attach", "Attach to the running incident that has the system"
    WAIT = "wait", "Wait for a person"


class HookVerdict(Labelled):
    """What was found of a delivery when it came; all but the first were refused."""

    ACCEPTED = "accepted"
    WRONG_SECRET = "wrong_secret", "Wrong or missing secret"
    TOO_OLD = "too_old", "More than 5 minutes old"
    NOT_JSON = "not_json", "Not JSON"
    NOT_READ = "not_read", "Not of this kind"


class HookState(Labelled):
    """How far the work on a delivery is."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


def by_value(members: type[Member], value: object) -> Member | None:
    """The member with this value, or None; never raises."""
    try:
        return members(value)
    except ValueError:
        return None
