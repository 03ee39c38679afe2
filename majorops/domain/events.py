"""What can happen, one member each (domain §6).

Entries of the timeline (EventKind) and of the audit (AuditKind), and what changes without an entry (Signal).
To add a kind: a member here, and the operation that records it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from majorops.domain.enums import EventType, Visibility

ALERT, PHASE, UPDATE = EventType.ALERT, EventType.PHASE, EventType.UPDATE
COMMAND, ACTION = EventType.COMMAND, EventType.ACTION
PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL


class Region(StrEnum):
    """The parts of the fireground that are drawn by themselves, in the order of the page."""

    TOPBAR = "topbar"
    PRESENCE = "presence"
    SINCE = "since"
    NOTICES = "notices"
    HANDOVER = "handover"
    PHASES = "phases"
    NUDGE = "nudge"
    HEADER = "header"
    EXECBRIEF = "execbrief"
    INFO = "info"
    TEAM = "team"
    TRACKS = "tracks"
    ASKS = "asks"
    SIMILAR = "similar"
    TIMELINE = "timeline"
    UPDATES = "updates"
    PANEL = "panel"
    RUNCARD = "runcard"
    COMPOSER = "composer"
    LEDGER = "ledger"
    CURATE = "curate"
    TILES = "tiles"
    DOCK = "dock"


ALL_REGIONS = tuple(region for region in Region if region is not Region.SINCE)  # that one is asked for


class EventKind(StrEnum):
    """A kind of entry in the timeline.

    `label`: its words for people. `type`: how the timeline shows it. `visibility`: what it has unless the
    operation that records it says otherwise. `stale`: the regions that an entry of it makes stale.
    """

    label: str
    type: EventType
    visibility: Visibility
    stale: frozenset[Region]

    def __new__(cls, value: str, label: str, type: EventType, visibility: Visibility, *stale: Region) -> Self:
        """Make a member; beside `stale` each entry makes timeline and panel stale."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.type = type
        member.visibility = visibility
        member.stale = frozenset({Region.TIMELINE, Region.PANEL, *stale})
        return member

    INCIDENT_OPENED = "incident.opened", "Incident opened", ALERT, PUBLIC
    PUBLIC_WAITS = (
        "public.waits",
        "Kept from the public",
        ACTION,
        INTERNAL,
        Region.NOTICES,
        Region.HEADER,
        Region.NUDGE,
        Region.INFO,
        Region.COMPOSER,
    )
    PUBLIC_UNDONE = (
        "public.undone",
        "Publication undone",
        ACTION,
        INTERNAL,
        Region.NOTICES,
        Region.HEADER,
        Region.NUDGE,
        Region.INFO,
        Region.COMPOSER,
    )
    INCIDENT_PUBLISHED = (
        "public.published",
        "Published",
        ACTION,
        INTERNAL,
        Region.NOTICES,
        Region.HEADER,
        Region.NUDGE,
        Region.INFO,
        Region.COMPOSER,
    )
    INCIDENT_IMPORTED = "incident.imported", "Incident imported", ALERT, INTERNAL
    INCIDENT_CONTINUES = "incident.continues", "Continues an earlier incident", ALERT, PUBLIC
    INCIDENT_CONTINUED = "incident.continued", "Continued by a new incident", ALERT, PUBLIC, Region.NOTICES
    ALERT_FIRED = "alert.fired", "Alert fired", ALERT, PUBLIC
    ALERT_CLEARED = "alert.cleared", "Alert cleared", ALERT, PUBLIC
    ALERT_ATTACHED = "alert.attached", "Alerts attached", ALERT, INTERNAL, Region.INFO
    ALERT_REFIRED = "alert.refired", "Alert fired again", ALERT, INTERNAL, Region.INFO, Region.TILES
    SEVERITY_CHANGED = (
        "severity.changed",
        "Severity changed",
        COMMAND,
        PUBLIC,
        Region.HANDOVER,
        Region.PHASES,
        Region.NUDGE,
        Region.HEADER,
        Region.INFO,
        Region.TEAM,
        Region.RUNCARD,
        Region.TILES,
    )
    ALARM_CHANGED = (
        "alarm.changed",
        "Alarm level changed",
        ACTION,
        PUBLIC,
        Region.NUDGE,
        Region.HEADER,
        Region.INFO,
        Region.TEAM,
        Region.RUNCARD,
    )
    ALARM_RAISED = "alarm.raised", "Alarm raised", ACTION, INTERNAL, Region.NUDGE, Region.LEDGER
    NOTICE_SETTLED = "notice.settled", "Outcome of a notice", ACTION, INTERNAL, Region.NUDGE, Region.LEDGER
    PEOPLE_CALLED = "people.called", "People called", ACTION, INTERNAL, Region.NUDGE
    STATUS_CHANGED = (
        "status.changed",
        "Status changed",
        COMMAND,
        PUBLIC,
        Region.TOPBAR,
        Region.NOTICES,
        Region.HANDOVER,
        Region.PHASES,
        Region.NUDGE,
        Region.HEADER,
        Region.EXECBRIEF,
        Region.INFO,
        Region.TEAM,
        Region.TRACKS,
        Region.ASKS,
        Region.UPDATES,
        Region.RUNCARD,
        Region.COMPOSER,
        Region.LEDGER,
        Region.CURATE,
        Region.TILES,
        Region.DOCK,
    )
    PHASE_ADVANCED = (
        "phase.advanced",
        "Phase entered",
        PHASE,
        PUBLIC,
        Region.HANDOVER,
        Region.PHASES,
        Region.NUDGE,
        Region.INFO,
        Region.TEAM,
        Region.COMPOSER,
        Region.TILES,
        Region.DOCK,
    )
    GATE_OVERRIDDEN = "gate.overridden", "Gate overridden", COMMAND, INTERNAL
    REASON_GIVEN = "reason.given", "Reason given", ACTION, INTERNAL
    NOTE_WRITTEN = "note.written", "Phase note written", ACTION, INTERNAL
    CHECKLIST_TICKED = "checklist.ticked", "Checklist item ticked", ACTION, INTERNAL
    FIELD_CHANGED = "field.changed", "Field changed", ACTION, INTERNAL
    EDIT_DISCARDED = "edit.discarded", "Edit discarded", ACTION, INTERNAL
    MILESTONE_PUBLISHED = (
        "milestone.published",
        "Milestone published",
        UPDATE,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.UPDATES,
        Region.TILES,
    )
    UPDATE_PUBLISHED = (
        "update.published",
        "Update published",
        UPDATE,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.UPDATES,
        Region.TILES,
    )
    LATE_UPDATE_PUBLISHED = (
        "update.late",
        "Late update published",
        UPDATE,
        PUBLIC,
        Region.UPDATES,
        Region.TILES,
    )
    PUBLIC_REVIEW_PUBLISHED = (
        "update.review",
        "Public review published",
        UPDATE,
        PUBLIC,
        Region.UPDATES,
        Region.TILES,
    )
    VISIBILITY_CHANGED = (
        "visibility.changed",
        "Visibility changed",
        ACTION,
        INTERNAL,
        Region.NUDGE,
        Region.UPDATES,
        Region.TILES,
    )
    SUMMARY_CONFIRMED = "summary.confirmed", "Summary confirmed", ACTION, INTERNAL
    DRAFT_USED = "draft.used", "Draft used", ACTION, INTERNAL, Region.EXECBRIEF, Region.COMPOSER
    DRAFT_PROPOSED = (
        "draft.proposed",
        "Draft proposed",
        ACTION,
        INTERNAL,
        Region.EXECBRIEF,
        Region.COMPOSER,
    )
    PROPOSAL_DISCARDED = (
        "draft.declined",
        "Proposed draft discarded",
        ACTION,
        INTERNAL,
        Region.EXECBRIEF,
        Region.COMPOSER,
    )
    COMMAND_CHANGED = (
        "command.changed",
        "Command team changed",
        COMMAND,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TEAM,
    )
    PAGED = "page.called", "Paged", COMMAND, INTERNAL, Region.HANDOVER, Region.TEAM
    PAGE_REACHED = "page.reached", "What became of a page", COMMAND, INTERNAL, Region.HANDOVER
    PAGE_ANSWERED = "page.answered", "Page answered", COMMAND, INTERNAL, Region.HANDOVER, Region.TEAM
    PAGE_UNANSWERED = "page.unanswered", "Page unanswered", COMMAND, INTERNAL, Region.HANDOVER, Region.TEAM
    PAGE_ENDED = "page.ended", "Page ended", COMMAND, INTERNAL, Region.HANDOVER, Region.TEAM
    HANDOVER_OFFERED = (
        "handover.offered",
        "Command offered",
        COMMAND,
        INTERNAL,
        Region.HANDOVER,
        Region.TEAM,
        Region.LEDGER,
    )
    HANDOVER_DECLINED = (
        "handover.declined",
        "Command declined",
        COMMAND,
        INTERNAL,
        Region.HANDOVER,
        Region.TEAM,
    )
    HANDOVER_WITHDRAWN = (
        "handover.withdrawn",
        "Offer withdrawn",
        COMMAND,
        INTERNAL,
        Region.HANDOVER,
        Region.TEAM,
    )
    HANDOVER_LAPSED = "handover.lapsed", "Offer expired", COMMAND, INTERNAL, Region.HANDOVER, Region.TEAM
    RESPONDER_RELEASED = "responder.released", "Responder released", ACTION, INTERNAL
    RESPONSE_STOOD_DOWN = (
        "response.stood_down",
        "Response stood down",
        COMMAND,
        INTERNAL,
        Region.NOTICES,
        Region.TEAM,
        Region.LEDGER,
    )
    EXPOSURE_PUBLISHED = "exposure.published", "Exposure line published", ACTION, INTERNAL, Region.TEAM
    TRACK_OPENED = (
        "track.opened",
        "Track opened",
        ACTION,
        INTERNAL,
        Region.NOTICES,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TEAM,
        Region.TRACKS,
    )
    TRACK_EXTENDED = (
        "track.extended",
        "Track extended",
        ACTION,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TRACKS,
    )
    TRACK_ESCALATED = (
        "track.escalated",
        "Track escalated",
        ACTION,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TRACKS,
    )
    TRACK_CLOSED = (
        "track.closed",
        "Track closed",
        ACTION,
        INTERNAL,
        Region.NOTICES,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TRACKS,
    )
    TIMEBOX_OPENED = "timebox.opened", "Timebox opened", ACTION, INTERNAL, Region.NUDGE, Region.TRACKS
    TIMEBOX_CLOSED = "timebox.closed", "Timebox closed", ACTION, INTERNAL, Region.NUDGE, Region.TRACKS
    TIMEBOX_EXPIRED = (
        "timebox.expired",
        "Timebox expired",
        ACTION,
        INTERNAL,
        Region.NUDGE,
        Region.TRACKS,
        Region.LEDGER,
    )
    CAN_REPORTED = (
        "can.reported",
        "CAN reported",
        ACTION,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.TEAM,
        Region.TRACKS,
    )
    NEED_MET = "need.met", "Need met", ACTION, INTERNAL, Region.HANDOVER, Region.TRACKS
    ASK_OPENED = "ask.opened", "Ask opened", ACTION, INTERNAL, Region.HANDOVER, Region.NUDGE, Region.ASKS
    ASK_ANSWERED = (
        "ask.answered",
        "Ask answered",
        ACTION,
        INTERNAL,
        Region.HANDOVER,
        Region.NUDGE,
        Region.ASKS,
    )
    ASK_PARKED = "ask.parked", "Ask parked", ACTION, INTERNAL, Region.NUDGE, Region.ASKS
    ASK_DEFERRED = "ask.deferred", "Ask deferred", ACTION, INTERNAL, Region.NUDGE, Region.ASKS
    DECISION_MADE = "decision.made", "Decision made", ACTION, INTERNAL
    CAUSE_RULED_OUT = "cause.ruled_out", "Cause ruled out", ACTION, INTERNAL, Region.ASKS
    NOTE_LOGGED = "note.logged", "Note logged", ACTION, INTERNAL
    NOTE_CORRECTED = "note.corrected", "Note corrected", ACTION, INTERNAL, Region.ASKS
    CHECK_SET = "check.set", "Check set", ACTION, INTERNAL, Region.INFO, Region.COMPOSER
    WINDOW_RESTARTED = (
        "window.restarted",
        "Clean window restarted",
        ACTION,
        INTERNAL,
        Region.NUDGE,
        Region.UPDATES,
        Region.COMPOSER,
        Region.TILES,
    )
    NUDGE_RESTED = "nudge.rested", "Nudge set aside", ACTION, INTERNAL, Region.HANDOVER, Region.NUDGE
    OPENED_LATE = "opened.late", "Opened late", ACTION, INTERNAL, Region.NUDGE
    RUNCARD_PUT = "runcard.put", "Run card put up", ACTION, INTERNAL, Region.RUNCARD
    RUNCARD_TICKED = "runcard.ticked", "Run card step ticked", ACTION, INTERNAL, Region.RUNCARD
    RUNCARD_FLAGGED = "runcard.flagged", "Run card flagged", ACTION, INTERNAL
    SYSTEM_STATUS = "system.status", "System status set", ACTION, PUBLIC, Region.INFO
    DRILL_CHANGED = "drill.changed", "Marked as drill, or not", ACTION, INTERNAL, *ALL_REGIONS
    INCIDENT_MERGED = "incident.merged", "Merged with a duplicate", ALERT, INTERNAL, *ALL_REGIONS
    MERGE_UNDONE = "merge.undone", "Merge undone", ALERT, INTERNAL, *ALL_REGIONS
    WORDS_REDACTED = "words.redacted", "Words redacted", ACTION, INTERNAL, *ALL_REGIONS
    ENTRY_MARKED = "entry.marked", "Marked for the review", ACTION, INTERNAL
    ENTRY_UNMARKED = "entry.unmarked", "Mark for the review taken off", ACTION, INTERNAL
    AFTER_ACTION_SET = "after_action.set", "After Action scheduled", ACTION, INTERNAL, Region.NOTICES
    AFTER_ACTION_MOVED = "after_action.moved", "After Action moved", ACTION, INTERNAL, Region.NOTICES
    AFTER_ACTION_OFF = "after_action.off", "After Action called off", ACTION, INTERNAL, Region.NOTICES
    AFTER_ACTION_PEOPLE = "after_action.people", "Added to the After Action", ACTION, INTERNAL
    REVIEW_WRITTEN = "review.written", "Learning Review written", ACTION, INTERNAL, Region.SIMILAR
    REVIEW_ASKED = "review.asked", "Question for the review", ACTION, INTERNAL
    REVIEW_ANSWERED = "review.answered", "Question of the review answered", ACTION, INTERNAL
    REVIEW_SENT = "review.sent", "Draft of the review sent", ACTION, INTERNAL, Region.NOTICES
    REVIEW_READ = "review.read", "Draft of the review read", ACTION, INTERNAL
    REVIEW_HELD = "review.held", "Learning Review held", ACTION, INTERNAL, Region.NOTICES
    REVIEW_PUBLISHED = "review.published", "Learning Review published", ACTION, INTERNAL, Region.NOTICES
    REVIEW_CLOSED = "review.closed", "Learning Review reviewed", ACTION, INTERNAL, Region.NOTICES
    ACTION_ITEM_ADDED = "action_item.added", "Action added", ACTION, INTERNAL, Region.NOTICES
    ACTION_ITEM_CHANGED = "action_item.changed", "Action changed", ACTION, INTERNAL, Region.NOTICES
    ACTION_ITEM_DONE = "action_item.done", "Action done", ACTION, INTERNAL, Region.NOTICES
    ACTION_ITEM_DROPPED = "action_item.dropped", "Action dropped", ACTION, INTERNAL, Region.NOTICES
    LINK_MADE = "link.made", "Brief link made", ACTION, INTERNAL
    LINK_OPENED = "link.opened", "Brief link opened", ACTION, INTERNAL
    LINK_REVOKED = "link.revoked", "Brief link revoked", ACTION, INTERNAL


NOTES = frozenset(
    {EventKind.NOTE_LOGGED, EventKind.NOTE_CORRECTED, EventKind.DECISION_MADE, EventKind.CAUSE_RULED_OUT}
)


class AuditKind(StrEnum):
    """A kind of entry in the audit: what happened outside incidents."""

    ALERT_RULE_ADDED = "alert_rule.added"
    ALERT_RULE_CHANGED = "alert_rule.changed"
    ALERT_SILENCED = "alert.silenced"
    ALERT_SILENCE_ENDED = "alert.silence_ended"
    ALERT_SOURCE_ADDED = "alert_source.added"
    ALERT_SOURCE_CHANGED = "alert_source.changed"
    ALERT_SOURCE_ROTATED = "alert_source.rotated"
    BACKUP_FAILED = "backup.failed"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    CHANNEL_ADDED = "channel.added"
    CHANNEL_CHANGED = "channel.changed"
    CHANNEL_REMOVED = "channel.removed"
    DELIVERY_AGAIN = "delivery.again"
    DELIVERY_TESTED = "delivery.tested"
    DIGEST_BEGUN = "digest.begun"
    DRAFT_ASKED = "draft.asked"
    DRAFT_DISCARDED = "draft.discarded"
    DRAFT_FORGOTTEN = "draft.forgotten"
    DRAFT_OFFERED = "draft.offered"
    DRAFT_STOPPED = "draft.stopped"
    ACTION_ITEM_REMINDED = "action_item.reminded"
    ENDPOINT_ADDED = "endpoint.added"
    ENDPOINT_CHANGED = "endpoint.changed"
    ENDPOINT_ENDED = "endpoint.ended"
    ENDPOINT_FAILING = "endpoint.failing"
    ENDPOINT_ROTATED = "endpoint.rotated"
    ENDPOINT_TESTED = "endpoint.tested"
    EVENT_AGAIN = "event.again"
    GROUP_ADDED = "group.added"
    GROUP_CHANGED = "group.changed"
    GROUP_REMOVED = "group.removed"
    HEALTH_ILL = "health.ill"
    HEALTH_WELL = "health.well"
    HISTORY_ADDED = "history.added"
    HISTORY_IMPORTED = "history.imported"
    MAINTENANCE_PLANNED = "maintenance.planned"
    MAINTENANCE_CHANGED = "maintenance.changed"
    MAINTENANCE_UPDATED = "maintenance.updated"
    MAINTENANCE_RUNNING = "maintenance.running"
    MAINTENANCE_VERIFYING = "maintenance.verifying"
    MAINTENANCE_DONE = "maintenance.done"
    MAINTENANCE_CANCELLED = "maintenance.cancelled"
    NUDGE_TOLD = "nudge.told"
    NOTICES_CHANGED = "notices.changed"
    KEYS_SWITCHED = "account.keys_switched"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REFUSED = "passkey.refused"
    PASSKEY_REMOVED = "passkey.removed"
    POLICY_CHANGED = "policy.changed"
    PROOF_FAILED = "proof.failed"
    PROOF_GIVEN = "proof.given"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_codes.used"
    RESET_ASKED = "reset.asked"
    REVIEW_NUDGED = "review.nudged"
    RUNCARD_ADDED = "runcard.added"
    RUNCARD_CHANGED = "runcard.changed"
    RUNCARD_REVIEWED = "runcard.reviewed"
    SEARCH_MENDED = "search.mended"
    SEARCH_REBUILT = "search.rebuilt"
    SECOND_FACTOR_ASKED = "second_factor.asked"
    SECOND_FACTOR_FAILED = "second_factor.failed"
    SECRETS_SEALED = "secrets.sealed"
    SESSION_ENDED = "session.ended"
    SESSION_STARTED = "session.started"
    SETUP_FAILED = "setup.failed"
    SIGN_IN_FAILED = "sign_in.failed"
    SUBSCRIBER_AGAIN = "subscriber.again"
    SUBSCRIBER_ASKED = "subscriber.asked"
    SUBSCRIBER_BOUNCED = "subscriber.bounced"
    SUBSCRIBER_CHANGED = "subscriber.changed"
    SUBSCRIBER_CONFIRMED = "subscriber.confirmed"
    SUBSCRIBER_ENDED = "subscriber.ended"
    SUBSCRIBER_ERASED = "subscriber.erased"
    SUBSCRIBER_LEFT = "subscriber.left"
    SUBSCRIBER_RESUMED = "subscriber.resumed"
    ROTA_ADDED = "rota.added"
    ROTA_CHANGED = "rota.changed"
    SYSTEM_ADDED = "system.added"
    SYSTEM_CHANGED = "system.changed"
    SYSTEM_RESTORED = "system.restored"
    SYSTEM_RETIRED = "system.retired"
    TEMPLATE_ADDED = "template.added"
    TEMPLATE_CHANGED = "template.changed"
    TOKEN_ADDED = "token.added"  # noqa: S105 (no password)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 (no password)
    TOTP_ADDED = "totp.added"
    TOTP_REMOVED = "totp.removed"
    USER_ADDED = "user.added"
    USER_CHANGED = "user.changed"
    USER_FACTORS_RESET = "user.factors_reset"
    USER_LINKED = "user.linked"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 (no password)
    USER_PASSWORD_RESET = "user.password_reset"  # noqa: S105 (no password)
    USER_PASSWORD_SET = "user.password_set"  # noqa: S105 (no password)
    USER_REFUSED = "user.refused"
    USER_ROLE_CHANGED = "user.role_changed"
    USER_SWITCHED_OFF = "user.switched_off"
    USER_SWITCHED_ON = "user.switched_on"
    USER_UNLOCKED = "user.unlocked"
    WEEK_TOLD = "week.told"

    @property
    def is_public(self) -> bool:
        """The public pages may read differently afterwards."""
        return self.startswith(("system.", "maintenance.", "history.imported"))

    @property
    def ends_sessions(self) -> bool:
        """Some session may have ended with it."""
        return self is AuditKind.SESSION_ENDED or self.startswith("user.")


class Signal(StrEnum):
    """What changes on open screens without an entry; pushes carry its name, as there is no version.

    `stale`: the regions that it makes stale.
    """

    stale: frozenset[Region]

    def __new__(cls, value: str, *stale: Region) -> Self:
        """Make a member with the regions that it makes stale."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.stale = frozenset(stale)
        return member

    PEOPLE = "people", Region.PRESENCE
    MESSAGES = "messages", Region.NUDGE, Region.LEDGER
    ALERTS = "alerts", Region.INFO
    SERVER = "server", Region.NOTICES
    POSTURE = "posture", Region.TOPBAR
    ACTIONS = "actions", Region.SIMILAR  # of any incident: a later one says what an earlier one left
