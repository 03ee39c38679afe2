"""Which tables grow with the past, and which stay as large as the organisation."""

from __future__ import annotations

# Nothing that a page asks may cost more when these are longer:
# tests/operations/test_plans.py asks the planner.
GROWS = frozenset(
    {
        "action_item",
        "affected_system",
        "alert",
        "alert_delivery",
        "alert_group",
        "alert_silence",
        "announcement",
        "ask",
        "audit_entry",
        "brief_link",
        "brief_reader",
        "can_report",
        "chat_board",
        "checklist_tick",
        "command_assignment",
        "delivery",
        "down_time",
        "draft",
        "event_attempt",
        "handover",
        "incident",
        "maintenance",
        "maintenance_update",
        "kept_answer",
        "measured_incident",
        "nudge_mark",
        "outgoing_event",
        "phase_note",
        "publication",
        "recovery_track",
        "review",
        "review_attendee",
        "review_guest",
        "review_mark",
        "review_person",
        "review_question",
        "review_text",
        "run_card_tick",
        "run_card_use",
        "spent_challenge",
        "subscriber",
        "subscriber_incident",
        "subscriber_system",
        "system_state",
        "timebox",
        "timeline_event",
        "user_session",
        "validation_check",
    }
)
# People, systems, channels, cards: a few hundred, whatever happens.
STAYS = frozenset(
    {
        "alert_rule",
        "alert_source",
        "api_token",
        "channel",
        "directory_group",
        "directory_member",
        "event_endpoint",
        "notice_policy",
        "passkey",
        "recovery_code",
        "run_card",
        "run_card_version",
        "sign_in_throttle",
        "system",
        "update_template",
        "user_account",
    }
)
