"""Each act on a review and on an action as a person sends it: endpoint → address and form."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Helper, IncidentStatus
from majorops.models import Incident, TimelineEvent
from majorops.operations import after_action, phase, reviews, updates
from majorops.operations.actions import add_action
from majorops.operations.drafts import Asked, begin_draft, end_draft
from tests.operations.afterwards import ATTENDED, draft_sent, held, planned, published

REVIEW = "/admin/incidents/1/review"


def one(cast, bring=None) -> Incident:
    """Incident 1, brought so far."""
    incident = db.session.get(Incident, 1)
    if bring:
        bring(incident, who(cast))
    return incident


def who(cast) -> dict:
    return {"actor": cast.maya, "now": cast.clock()}


def entry() -> int:
    db.session.rollback()
    return db.session.scalar(select(TimelineEvent.seq).filter_by(incident_id=1, kind="note.logged"))


def typed(cast, **given) -> dict[str, str]:
    """An action as its form sends it."""
    due = (cast.clock() + timedelta(days=14)).date()
    form = {"text": "Add a retry cap", "owner": "Rita Moreau", "due_on": f"{due}", "kind": "prevent"}
    return {**form, "tracker_url": "", **given}


def action(cast) -> int:
    return add_action(one(cast), planned(cast.clock()), **who(cast)).id


def question(cast) -> int:
    return reviews.ask_review(one(cast), "Why so late?", **who(cast)).id


def at(cast, hours: int) -> str:
    return f"{cast.clock() + timedelta(hours=hours):%Y-%m-%d %H:%M}"


def _step(bring, path: str, **form):
    def act(cast) -> tuple[str, dict]:
        one(cast, bring)
        return f"{REVIEW}/{path}", form

    return act


def resolved(incident: Incident, who: dict) -> None:
    phase.change_status(incident, IncidentStatus.RESOLVED, override="test", **who)


def said(incident: Incident, who: dict) -> None:
    resolved(incident, who)
    updates.publish_public_review(incident, "It backs off.", **who)


def _called_off(cast) -> tuple[str, dict]:
    later = cast.clock() + timedelta(hours=9)
    after_action.set_after_action(one(cast), later, **who(cast))
    return f"{REVIEW}/after-action/off", {"reason": "Nobody is there."}


def _unmark(cast) -> tuple[str, dict]:
    seq = entry()
    reviews.mark_entry(one(cast), seq, True, **who(cast))
    return f"{REVIEW}/entries/{seq}/unmark", {}


def _ask_draft(cast) -> tuple[str, dict]:
    resolved(one(cast), who(cast))
    return f"{REVIEW}/ai-draft", {}


def _discard_draft(cast) -> tuple[str, dict]:
    incident = one(cast)
    asked = Asked(Helper.REVIEW, incident.phase, "review 1", "seen", 0)
    number = begin_draft(1, asked, **who(cast))
    end_draft(number, text="Summary: a", **who(cast))
    return f"{REVIEW}/ai-draft/{number}/discarded", {}


def _unread(cast) -> tuple[str, dict]:
    reviews.write_text(one(cast), "summary", "As it came.", by_rule=True, **who(cast))
    return f"{REVIEW}/texts/summary/read", {"was": "As it came."}


def _guest(cast) -> tuple[str, dict]:
    after_action.invite(one(cast), ["vic@partner.example"], **who(cast))
    return f"{REVIEW}/guests/{after_action.guests_of(one(cast))[0].id}/off", {}


ACTS = {
    "review.ask_draft": _ask_draft,
    "review.discard_ai": _discard_draft,
    "review.mark_read": _unread,
    "fireground.mark": lambda cast: (f"entries/{entry()}/mark", {"marked": "y"}),
    "review.save": lambda cast: (f"{REVIEW}/texts/learned", {"value": "One cap.", "was": ""}),
    "review.send": lambda cast: (f"{REVIEW}/draft", one(cast, lambda i, w: cast.resolve(i)) and {}),
    "review.hold": _step(draft_sent, "meeting", attended=ATTENDED),
    "review.publish": _step(held, "publication"),
    "review.close": _step(published, "end"),
    "review.schedule": lambda cast: (f"{REVIEW}/after-action", {"after_action": at(cast, 9), "was": ""}),
    "review.call_off": _called_off,
    "review.add_people": lambda cast: (f"{REVIEW}/people", {"people": "rita@example.org, Xin Zhao"}),
    "review.remove_guest": _guest,
    "review.ask": lambda cast: (f"{REVIEW}/questions", {"question": "Why?", "seq": f"{entry()}"}),
    "review.answer": lambda cast: (f"{REVIEW}/questions/{question(cast)}/answer", {"answer": "No alert."}),
    "review.unmark": _unmark,
    "review.publish_to_public": _step(resolved, "public", body="It backs off."),
    "review.withdraw": _step(said, "public/withdraw"),
    "review.add": lambda cast: (f"{REVIEW}/actions", typed(cast)),
    "actions.change": lambda cast: (f"/admin/actions/{action(cast)}", typed(cast, text="Cap retries at 3")),
    "actions.end": lambda cast: (
        f"/admin/actions/{action(cast)}/end",
        {"state": "done", "outcome": "Release 4.19"},
    ),
}
