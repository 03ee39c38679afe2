"""What may still be done with an incident that is over, and with one that was merged into another.

The response is over: no phases, no alarms, no roles, no tracks (domain §4). The record may be mended. Each
operation on an incident that is not named here is refused; `operations/__init__.py` asks before each one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Operation → why it is open at a resolved incident.
OPEN: dict[str, str] = {
    "timeline.add_note": "what is found out later belongs into the record",
    "timeline.set_visibility": "a leak must be stoppable",
    "timeline.strike_entry": "a mistake is struck out whenever it is seen",
    "asks.log_decision": "the review decides",
    "updates.correct_publication": "what was said is corrected whenever it is seen to be wrong",
    "edit.edit_field": "by field: those that the registry does not freeze",
    "edit.edit_fields": "by field: those that the registry does not freeze",
    "edit.record_discarded_edit": "belongs to an edit of such a field",
    "summary.confirm_summary": "leadership reads on",
    "summary.clear_summary": "leadership reads on",
    "drafts.take_brief": "leadership reads on",
    "drafts.discard_draft": "what nobody wants any more goes",
    "briefs.make_link": "leadership reads on",
    "briefs.open_link": "leadership reads on",
    "briefs.revoke_link": "a link must be stoppable",
    "command.release_responder": "who still stands by is released",
    "stand_down.stand_down": "who still stands by is released",
    "tracks.close_track": "the outcome of a track that nobody closed",
    "tracks.close_timebox": "the end of a timebox that nobody closed",
    "paging.lapse_page": "nobody is called to what is over",
    "paging.close_pager": "the pager is told that it is over",
    "paging.record_reached": "what became of messages that were on their way",
    "outcome.record_outcome": "what became of messages that were on their way",
    "incident.continue_incident": "a new incident goes on",
    "first_word.publish_held": "what waited at the close goes out",
    "first_word.publish_incident": "what waited at the close goes out; the record is mended",
    "first_word.publish_in_time": "the record is mended",
    "first_word.keep_private": "a leak must be stoppable",
    "first_word.hide_incident": "a leak must be stoppable",
    "curation.set_drill": "the record is mended",
    "updates.post_late_update": "the public is told what is known now",
    "updates.publish_public_review": "the public is told what was learned",
    "updates.withdraw_public_review": "a leak must be stoppable",
    "curation.merge_incident": "a duplicate is often seen afterwards",
    "curation.undo_merge": "a mistake is taken back",
    "redaction.redact": "a leak must be stoppable",
    "reviews.write_text": "the review is written afterwards",
    "reviews.mark_text_read": "the review is written afterwards",
    "reviews.discard_text": "belongs to a text of the review",
    "reviews.mark_entry": "what matters is often seen afterwards",
    "reviews.ask_review": "the review is prepared afterwards",
    "reviews.answer_review": "the review is held afterwards",
    "reviews.send_draft": "the review is held afterwards",
    "reviews.read_draft": "the review is read afterwards",
    "reviews.hold_review": "the review is held afterwards",
    "reviews.publish_review": "the review is published afterwards",
    "reviews.close_review": "the review ends a month later",
    "after_action.set_after_action": "the meeting comes afterwards",
    "after_action.call_off_after_action": "the meeting comes afterwards",
    "after_action.invite": "the meeting comes afterwards",
    "after_action.take_off_guest": "the meeting comes afterwards",
    "after_action.nudge_mim": "the meeting is missing",
    "actions.add_action": "what changes is decided afterwards",
    "actions.change_action": "what changes is decided afterwards",
    "actions.end_action": "actions end afterwards",
    "actions.remind_of_action": "actions end afterwards",
}
# These answer by themselves: in better words, or by doing nothing.
ANSWERS_BY_ITSELF: dict[str, str] = {
    "phase.change_status": "pressed twice it stays resolved; every other status is refused",
    "phase.report_symptoms_returned": "says in which phases they return",
    "validation.set_check": "says in which phases systems are confirmed",
    "handover.accept_handover": "says what became of the offer",
    "handover.decline_handover": "says what became of the offer",
    "handover.withdraw_handover": "says what became of the offer",
    "coaching.remind": "the coach has nothing to say",
}
# Closed too once an incident was merged: they belong to the one that is kept.
NOT_WHEN_MERGED = frozenset(
    {
        "updates.post_late_update",
        "updates.publish_public_review",
        "incident.continue_incident",
        "curation.merge_incident",
        "briefs.make_link",
        "reviews.write_text",
        "reviews.ask_review",
        "reviews.send_draft",
        "reviews.hold_review",
        "reviews.publish_review",
        "reviews.close_review",
        "after_action.set_after_action",
        "after_action.invite",
        "actions.add_action",
    }
)


def is_open_after_close(operation: str) -> bool:
    """Whether an operation (`module.function`) is asked at all at a resolved incident."""
    return operation in OPEN or operation in ANSWERS_BY_ITSELF


def closed_sentence(reference: str) -> str:
    """Why nothing changes at a resolved incident."""
    return f"{reference} is resolved. Continue it as a new incident."


def merged_sentence(reference: str, kept: str) -> str:
    """Why a thing is not done at an incident that was merged into another."""
    return f"{reference} was merged into {kept}. Do it there, or undo the merge."


def refusal_after_close(operation: str, reference: str, is_resolved: bool, kept: str) -> str:
    """Why an operation may not be done at this incident; empty when it may.

    `reference`: of the incident, `kept`: of the one that it was merged into, empty for none.
    """
    if kept and operation in NOT_WHEN_MERGED:
        return merged_sentence(reference, kept)
    if is_resolved and not is_open_after_close(operation):
        return closed_sentence(reference)
    return ""


def merge_refusal(
    reference: str, is_merged: bool, kept: str, kept_is_merged: bool, holds_others: bool
) -> str:
    """Why an incident is not merged into `kept`; empty when it may be.

    `is_merged`, `holds_others`: of the one that would go; `kept_is_merged`: of the other. So no merge hangs
    on another one, and each can be undone by itself.
    """
    if reference == kept:
        return f"{reference} is this incident. Name the one that is kept."
    if is_merged:
        return f"{reference} was merged already. Undo that first."
    if kept_is_merged:
        return f"{kept} was itself merged into another one. Name the one that is kept."
    if holds_others:
        return f"Others were merged into {reference}. Keep it, and merge {kept} into it instead."
    return ""


def merge_warning(reference: str, kept: str, is_shown: bool, is_running: bool, kept_is_shown: bool) -> str:
    """What has to be confirmed before a merge: that the duplicate leaves the public page; empty for nothing.

    `is_shown`, `is_running`: of the duplicate. The other one is private, waits, or is a drill.
    """
    if not is_shown or kept_is_shown:
        return ""
    told = " Who was told of it reads that it is no longer shown there, not why." if is_running else ""
    return f"{kept} is not on the public page: merged into it, {reference} leaves that page too.{told}"


def late_refusal(reference: str, is_resolved: bool, is_shown: bool, what: str = "") -> str:
    """Why no late update is posted, nor `what` comes as late; empty when it may be."""
    if not is_resolved:
        return f"{reference} runs. {f'{what.capitalize()} follows the close.' if what else 'Post an update.'}"
    return "" if is_shown else f"{reference} is not on the public page: nobody would read it."


def late_by(at: datetime, resolved_at: datetime | None) -> timedelta | None:
    """How long after the close a late update came; None while the incident runs, or runs again."""
    return at - resolved_at if resolved_at and at >= resolved_at else None
