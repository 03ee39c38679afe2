"""Commands that put the record in order, most of them after the close."""

from __future__ import annotations

from collections.abc import Iterator

from majorops.domain.after_close import late_refusal
from majorops.fireground.palette.command import Command, to_place
from majorops.fireground.palette.keys import COMMAND
from majorops.fireground.view import View

NOT_MERGED = "This incident was not merged into another one."


def curation(view: View) -> Iterator[Command]:
    """Late update, hide, redact, drill, duplicates; what cannot be done now is locked with why."""
    incident, may = view.incident, view.why_not(COMMAND, always=True)
    late = may or late_refusal(incident.reference, incident.is_resolved, incident.is_shown)
    yield to_place("Post late update", late, "late-body", "late_update")
    yield to_place("Redact words", may, "redact-key", "redact_words", press=True)
    if incident.is_drill:
        yield Command("No drill any more", may, endpoint="fireground.drill", values={"is_drill": "no"})
    else:
        yield to_place("Mark as drill", may, "drill-key", "drill")
    merged = may or (incident.merged_into and f"Merged into {incident.merged_into.reference} already.") or ""
    yield to_place("Merge into another incident", merged, "merge-into", "merge")
    undo = may or ("" if incident.merged_into_id else NOT_MERGED)
    yield Command("Undo merge", undo, endpoint="fireground.unmerge")
