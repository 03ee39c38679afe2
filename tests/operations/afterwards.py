"""What each operation of the Learning Review is called with, at an incident that is brought so far."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import ActionKind, ActionState, IncidentStatus
from majorops.models import TimelineEvent, User
from majorops.operations import after_action, phase, reviews
from majorops.operations.actions import Planned, add_action

PLANNED = Planned("Add a retry cap", "rita@example.org", date(2030, 1, 8), ActionKind.PREVENT)
ATTENDED = "Maya Okafor: The alert came late\nRita Moreau"


def planned(now, **given) -> Planned:
    """An action that Rita owns, due in two weeks."""
    due = {"due_on": (now + timedelta(days=14)).date()}
    return Planned(**{**vars(PLANNED), **due, **given})


def resolve(incident, who) -> None:
    phase.change_status(incident, IncidentStatus.RESOLVED, override="test", **who)


def draft_sent(incident, who) -> None:
    resolve(incident, who)
    reviews.send_draft(incident, **who)


def held(incident, who) -> None:
    draft_sent(incident, who)
    reviews.hold_review(incident, ATTENDED, **who)
    for name in ("summary", "root_cause"):
        reviews.write_text(incident, name, "Retries had no cap.", **who)


def published(incident, who) -> None:
    held(incident, who)
    reviews.publish_review(incident, **who)


def _note() -> int:
    return db.session.scalar(select(TimelineEvent.seq).filter_by(kind="note.logged"))


def _asked(incident, who, clock):
    question = reviews.ask_review(incident, "Why so late?", seq=_note(), **who)
    return [question.id, "No alert on the pool."], {}


def _read(incident, who, clock):
    reader = db.session.scalar(select(User).filter_by(email="rita@example.org"))
    after_action.invite(incident, [reader.email], **who)
    draft_sent(incident, who)
    who["actor"] = reader.actor
    return [], {}


def _held(incident, who, clock):
    draft_sent(incident, who)
    return [ATTENDED], {}


def _publish(incident, who, clock):
    held(incident, who)
    return [], {}


def _close(incident, who, clock):
    published(incident, who)
    who["now"] = clock.tick(days=30)
    return [], {}


def _called_off(incident, who, clock):
    after_action.set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    return ["Nobody is there."], {}


def _guest(incident, who, clock):
    after_action.invite(incident, ["vic@partner.example"], **who)
    return [after_action.guests_of(incident)[0].id], {}


def _nudged(incident, who, clock):
    incident.severity = incident.severity.CRITICAL
    db.session.commit()
    resolve(incident, who)
    who["now"] = clock.tick(hours=25)
    return [], {}


def _with_action(incident, who, clock):
    add_action(incident, planned(who["now"]), **who)


def _changed(incident, who, clock):
    _with_action(incident, who, clock)
    return [1, planned(who["now"], text="Add a retry cap of 3")], {}


def _ended(incident, who, clock):
    _with_action(incident, who, clock)
    return [1, ActionState.DONE, "Release 4.19"], {}


def _reminded(incident, who, clock):
    _with_action(incident, who, clock)
    who["now"] = clock.tick(days=8)
    return [1], {}


def _resolved(incident, who, clock):
    resolve(incident, who)
    return [], {}


def _begun_by_rule(incident, who, clock):
    reviews.write_text(incident, "learned", "Payments failed.", by_rule=True, **who)
    return ["learned"], {"was": "Payments failed."}


# Operation → what brings the incident so far, and gives its arguments and keywords.
AFTERWARDS = {
    "reviews.write_text": lambda *_: (["learned", "Payments failed."], {}),
    "reviews.mark_text_read": _begun_by_rule,
    "reviews.discard_text": lambda *_: (["learned", "What the other one wrote"], {}),
    "reviews.mark_entry": lambda *_: ([_note(), True], {}),
    "reviews.ask_review": lambda *_: (["Why so late?"], {}),
    "reviews.answer_review": _asked,
    "reviews.send_draft": _resolved,
    "reviews.read_draft": _read,
    "reviews.hold_review": _held,
    "reviews.publish_review": _publish,
    "reviews.close_review": _close,
    "after_action.set_after_action": lambda _, who, __: ([who["now"] + timedelta(hours=20)], {}),
    "after_action.call_off_after_action": _called_off,
    "after_action.invite": lambda *_: ([["rita@example.org"]], {}),
    "after_action.take_off_guest": _guest,
    "after_action.nudge_mim": _nudged,
    "actions.add_action": lambda _, who, __: ([planned(who["now"])], {}),
    "actions.change_action": _changed,
    "actions.end_action": _ended,
    "actions.remind_of_action": _reminded,
}
