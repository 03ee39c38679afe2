"""The mapped classes of the data dictionary (domain §3).

Read-only properties call the rules; nothing commits.
"""

from majorops.models.account import (
    ApiToken,
    AuditEntry,
    Passkey,
    RecoveryCode,
    SignInThrottle,
    SpentChallenge,
    User,
    UserSession,
)
from majorops.models.action import ActionItem
from majorops.models.alerts import (
    IS_OPEN_ALERT,
    Alert,
    AlertDelivery,
    AlertGroup,
    AlertRule,
    AlertSilence,
    AlertSource,
)
from majorops.models.api import KeptAnswer
from majorops.models.brief import BriefLink, BriefReader
from majorops.models.chat import ChatBoard
from majorops.models.coach import NudgeMark
from majorops.models.delivery import Channel, Delivery, NoticePolicy
from majorops.models.directory import DirectoryGroup, DirectoryMember
from majorops.models.draft import Draft
from majorops.models.handover import Handover
from majorops.models.incident import (
    IS_RUNNING,
    AffectedSystem,
    CommandAssignment,
    Incident,
    System,
    SystemState,
    ValidationCheck,
)
from majorops.models.maintenance import Maintenance, MaintenanceUpdate
from majorops.models.measures import DownTime, MeasuredIncident
from majorops.models.outgoing import Endpoint, EventAttempt, OutgoingEvent
from majorops.models.paging import Page, Rota
from majorops.models.response import Ask, CanReport, ChecklistTick, PhaseNote, RecoveryTrack, Timebox
from majorops.models.review import (
    Review,
    ReviewAttendee,
    ReviewGuest,
    ReviewMark,
    ReviewPerson,
    ReviewQuestion,
    ReviewText,
)
from majorops.models.runcards import RunCard, RunCardTick, RunCardUse, RunCardVersion
from majorops.models.server import BackupRun, HealthEpisode, Heartbeat
from majorops.models.subscriber import Announcement, Subscriber, SubscriberIncident, SubscriberSystem
from majorops.models.template import UpdateTemplate
from majorops.models.timeline import (
    IS_NO_CORRECTION,
    PHASES_ENTERED,
    Milestone,
    Publication,
    StatusUpdate,
    TimelineEvent,
)

__all__ = [
    "IS_NO_CORRECTION",
    "IS_OPEN_ALERT",
    "IS_RUNNING",
    "PHASES_ENTERED",
    "ActionItem",
    "AffectedSystem",
    "Alert",
    "AlertDelivery",
    "AlertGroup",
    "AlertRule",
    "AlertSilence",
    "AlertSource",
    "Announcement",
    "ApiToken",
    "Ask",
    "AuditEntry",
    "BackupRun",
    "BriefLink",
    "BriefReader",
    "CanReport",
    "Channel",
    "ChatBoard",
    "ChecklistTick",
    "CommandAssignment",
    "Delivery",
    "DirectoryGroup",
    "DirectoryMember",
    "DownTime",
    "Draft",
    "Endpoint",
    "EventAttempt",
    "Handover",
    "HealthEpisode",
    "Heartbeat",
    "Incident",
    "KeptAnswer",
    "Maintenance",
    "MaintenanceUpdate",
    "MeasuredIncident",
    "Milestone",
    "NoticePolicy",
    "NudgeMark",
    "OutgoingEvent",
    "Page",
    "Passkey",
    "PhaseNote",
    "Publication",
    "RecoveryCode",
    "RecoveryTrack",
    "Review",
    "ReviewAttendee",
    "ReviewGuest",
    "ReviewMark",
    "ReviewPerson",
    "ReviewQuestion",
    "ReviewText",
    "Rota",
    "RunCard",
    "RunCardTick",
    "RunCardUse",
    "RunCardVersion",
    "SignInThrottle",
    "SpentChallenge",
    "StatusUpdate",
    "Subscriber",
    "SubscriberIncident",
    "SubscriberSystem",
    "System",
    "SystemState",
    "Timebox",
    "TimelineEvent",
    "UpdateTemplate",
    "User",
    "UserSession",
    "ValidationCheck",
]
