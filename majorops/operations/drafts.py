"""Operations on what the helpers write: begin, end, discard, use, forget (domain §8).

None of them publishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.briefs import Basis
from majorops.domain.cadence import HOLDING_TEXTS
from majorops.domain.drafting import LONGEST, UNUSED, changed, sentence_of
from majorops.domain.enums import DraftState, Helper, Phase, Visibility
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.review_draft import drafted_texts
from majorops.domain.text import reference
from majorops.models import Draft, Incident, Publication, User
from majorops.operations import audit, demand_open, operation, record
from majorops.operations.edit import edit_field
from majorops.operations.summary import basis_now, stamp

BY_RULE = "by rule"
STAYS = timedelta(hours=1)  # how long a draft lies before the person who asked for it
LIES_THERE = {DraftState.OFFERED, DraftState.USED}  # of a review: its texts are used one by one
COUNTS = timedelta(hours=24)  # how long a text that was posted is compared with it
COMPARED = 5
AFTERWARDS = {Helper.BRIEF, Helper.REVIEW}  # leadership reads on after the close, the review is written then
FORGOTTEN_AT_ONCE = 500
PUBLISHED_COMPARED = 20
RUNS_AT_MOST = timedelta(minutes=5)  # a draft that is running longer was left behind by a process that died
PROPOSED = {Helper.UPDATE: "an update", Helper.BRIEF: "an exec brief", Helper.SUGGESTION: "a next step"}
STREAMING = "The AI draft is still being written. Wait for it or stop it, then read it."
UNREVIEWED = (
    "from the AI draft of {:%H:%M} UTC, not reviewed. Read it, then mark it reviewed or write it anew."
)
REVIEW = "This is the AI draft as it came. Read it, then edit it or mark it reviewed."


@dataclass(frozen=True)
class Asked:
    """What a draft is asked for with. `seconds`: how long its writer may take."""

    helper: Helper
    phase: Phase
    prompt: str
    seen: str
    seconds: float
    visibility: Visibility = Visibility.INTERNAL
    typed: str = ""


@operation(needs=Permission.INCIDENT_COMMAND)
def begin_draft(number: int, asked: Asked, *, actor: Actor, now: datetime) -> int:
    """Keep what a writer is about to see of incident `number`; returns the draft's id.

    One at a time for each person. Raises Conflict.
    """
    incident = db.session.get_one(Incident, number)
    if asked.helper not in AFTERWARDS:
        demand_open(incident)
    db.session.get(User, actor.user_id, with_for_update=True)  # two tabs of one person come one after another
    running = select(Draft.id).where(
        Draft.user_id == actor.user_id,
        Draft.state == DraftState.RUNNING,
        Draft.made_at > now - timedelta(seconds=asked.seconds),
    )
    if db.session.scalar(running.limit(1)):
        raise Conflict("A draft of yours is being written already. Stop it, or wait for it.")
    draft = Draft(
        incident_id=number,
        user_id=actor.user_id,
        by_name=actor.name,
        helper=asked.helper,
        visibility=asked.visibility,
        phase=asked.phase,
        prompt=asked.prompt,
        seen=asked.seen,
        typed=asked.typed,
        made_at=now,
        made_from=basis_now(incident, now).stored if asked.helper is Helper.BRIEF else None,
    )
    db.session.add(draft)
    db.session.flush()
    audit(AuditKind.DRAFT_ASKED, _name(draft), actor=actor, now=now)
    return draft.id


@operation(needs=Permission.INCIDENT_COMMAND)
def end_draft(
    draft_id: int,
    *,
    text: str,
    model: str = "",
    note: str = "",
    answer: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what was written, and offer it in place of an earlier one.

    Without a text it was stopped, and what the person was shown until then stays known. A draft that ended
    already is left alone. `model` empty: a text by rule, `note` says why; `answer`: what the model said.
    """
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.state is not DraftState.RUNNING:
        return
    for old in _offered(draft.incident_id, actor, draft.helper) if text else ():
        if not old.is_proposal:
            old.state = DraftState.DISCARDED
    draft.state = DraftState.OFFERED if text else DraftState.STOPPED
    draft.text, draft.model, draft.note = text or draft.text, model[:120], note[:300]
    draft.answer = answer.replace("\x00", "")
    draft.ended_at = now
    audit(
        AuditKind.DRAFT_OFFERED if text else AuditKind.DRAFT_STOPPED,
        _name(draft),
        actor=actor,
        now=now,
        detail=draft.writer,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def keep_shown(draft_id: int, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep what the person is about to be shown of a draft that is still being written, without an entry.

    What they can copy out of it, `check_review` knows.
    """
    mine = (Draft.id == draft_id, Draft.user_id == actor.user_id, Draft.state == DraftState.RUNNING)
    db.session.execute(update(Draft).where(*mine).values(text=text))


@operation(needs=Permission.TIMELINE_NOTE)
def propose_draft(
    incident: Incident,
    helper: Helper,
    text: str,
    *,
    seen: str,
    visibility: Visibility = Visibility.INTERNAL,
    actor: Actor,
    now: datetime,
) -> Draft:
    """Lay the text of a program before everybody who may command; it goes nowhere without one of them.

    `seen`: what a writer of ours would have seen, for the check of its facts. In place of what the same
    program proposed of that kind before. Raises Invalid (no text, a longer one than a draft has, a kind that
    nobody proposes), Forbidden (a person writes what they have to say themselves).
    """
    if not actor.token or actor.user_id is None:
        raise Forbidden("A program proposes, by a token; a person writes it.")
    if helper not in PROPOSED:
        raise Invalid({"helper": f"{helper.label}: nobody proposes that."})
    if not text.strip() or len(text) > LONGEST:
        raise Invalid({"text": f"Write the draft, in at most {LONGEST:,} characters."})
    earlier = (Draft.incident_id == incident.id, Draft.user_id == actor.user_id, Draft.is_proposal)
    same = (Draft.helper == helper, Draft.model == actor.signed, Draft.state == DraftState.OFFERED)
    db.session.execute(update(Draft).where(*earlier, *same).values(state=DraftState.DISCARDED))
    draft = Draft(
        incident_id=incident.id,
        user_id=actor.user_id,
        by_name=actor.signed,
        helper=helper,
        visibility=visibility,
        phase=incident.phase,
        state=DraftState.OFFERED,
        prompt="proposed",
        model=actor.signed,
        seen=seen,
        text=text,
        note="A program proposed it.",
        made_at=now,
        ended_at=now,
        made_from=basis_now(incident, now).stored if helper is Helper.BRIEF else None,
        is_proposal=True,
    )
    db.session.add(draft)
    db.session.flush()
    # Without its text: what helpers draft later is checked against the timeline, and this is no fact.
    title = f"Draft of {PROPOSED[helper]} proposed, for a person to read"
    record(incident, EventKind.DRAFT_PROPOSED, title, actor=actor, now=now)
    return draft


@operation(needs=Permission.INCIDENT_COMMAND)
def discard_draft(incident: Incident, draft_id: int, *, actor: Actor, now: datetime) -> str:
    """Take a draft away from before the person who asked for it, or what was proposed from before everybody.

    Returns what they had written before it came. Raises Conflict (it is not there any more).
    """
    draft = _own(incident, draft_id, actor)
    draft.state = DraftState.DISCARDED
    if draft.is_proposal:
        title = f"Draft of {PROPOSED[draft.helper]} by {draft.model} discarded"
        record(incident, EventKind.PROPOSAL_DISCARDED, title, actor=actor, now=now)
    audit(AuditKind.DRAFT_DISCARDED, _name(draft), actor=actor, now=now)
    return draft.typed


@operation(needs=Permission.INCIDENT_COMMAND)
def take_brief(
    incident: Incident, draft_id: int, typed: str, *, was: str, actor: Actor, now: datetime
) -> None:
    """Put an exec brief into the exec summary, as the MIM left it; `was`: the summary that the MIM saw.

    Raises Conflict (taken or discarded already; the summary changed meanwhile), Invalid.
    """
    draft = _own(incident, draft_id, actor)
    if not typed.strip():
        raise Invalid({"value": "Write the summary, or discard the draft."})
    if draft.helper is not Helper.BRIEF:
        raise Conflict("Only an exec brief goes into the exec summary.")
    edit_field(incident, "exec_summary", typed, was=was, actor=actor, now=now)
    if basis := Basis.of(draft.made_from):  # what moved on while it lay there, it does not know
        stamp(incident, basis)
    _use(incident, draft, changed(draft.text, typed), "Exec summary", actor=actor, now=now)


@dataclass(frozen=True)
class Review:
    """What a person who publishes says of drafts.

    `draft_id`: the draft in the form that they sent, None for none; `is_reviewed`: they say that they read
    what came from a draft.
    """

    draft_id: int | None = None
    is_reviewed: bool = False


AS_IT_IS = Review()


def check_review(
    incident: Incident, body: str, review: Review, *, actor: Actor, now: datetime
) -> list[tuple[Draft, float]]:
    """The draft that a text came from, with the share that was changed; none for a person's own.

    Part of an operation that publishes.

    The draft in the form counts as reviewed once its text was edited. Of every other draft that this
    person did not use no sentence may stand in the text, wherever it was pasted: a page that was
    reloaded or another tab changes nothing. Raises Invalid: at `body` while the draft is still being
    written, at `reviewed` for a draft as it came and for a sentence of one, unless the person says that
    they read it (guide, "Do not publish AI output without review").
    """
    if actor.user_id is None:
        return []
    drafts = _compared(incident, review, actor, now)
    here = next((draft for draft in drafts if draft.id == review.draft_id), None)
    if here and _is_running(here, now):
        raise Invalid({"body": STREAMING})
    written = [draft for draft in drafts if draft.text]
    shares = {draft.id: changed(draft.text, body) for draft in written}
    is_edited = here is not None and shares.get(here.id) != 0.0
    own = [incident.title, *HOLDING_TEXTS.values(), *(draft.typed for draft in drafts), *_published(incident)]
    taken = {}
    for draft in written:
        known = [*own, here.text] if here and is_edited and draft is not here else own
        sentence = sentence_of(draft.text, body, known)
        if shares[draft.id] < UNUSED or sentence:
            taken[draft.id] = sentence
        if _is_running(draft, now) and sentence:
            raise Invalid({"body": f"{_quote(sentence)} {STREAMING[0].lower()}{STREAMING[1:]}"})
        if review.is_reviewed or draft.state is DraftState.USED or (draft is here and is_edited):
            continue
        if shares[draft.id] == 0.0:
            raise Invalid({"reviewed": REVIEW})
        if sentence:
            raise Invalid({"reviewed": f"{_quote(sentence)} {UNREVIEWED.format(draft.made_at)}"})
    used = [(draft, shares[draft.id]) for draft in written if draft.id in taken]
    return [min(used, key=lambda pair: pair[1])] if used else []


def _compared(incident: Incident, review: Review, actor: Actor, now: datetime) -> list[Draft]:
    """The newest that this person asked for, and as many proposals, with the one in the form."""
    made = select(Draft).where(
        Draft.incident_id == incident.id, Draft.helper == Helper.UPDATE, Draft.made_at > now - COUNTS
    )
    own = made.where(Draft.user_id == actor.user_id, Draft.is_proposal.is_(False))
    rows = db.session.scalars(own.order_by(Draft.id.desc()).limit(COMPARED)).all()
    in_form = (Draft.id == (review.draft_id or 0)).desc()
    proposed = made.where(Draft.is_proposal.is_(True)).order_by(in_form, Draft.id.desc())
    return [*rows, *db.session.scalars(proposed.limit(COMPARED))]


def _is_running(draft: Draft, now: datetime) -> bool:
    return draft.state is DraftState.RUNNING and now - draft.made_at < RUNS_AT_MOST


def _published(incident: Incident) -> list[str]:
    rows = select(Publication.body).filter_by(incident_id=incident.id).order_by(Publication.id.desc())
    return list(db.session.scalars(rows.limit(PUBLISHED_COMPARED)))


def _quote(sentence: str) -> str:
    return f"“{sentence if len(sentence) <= 80 else sentence[:79] + '…'}”:"


def settle(
    incident: Incident, used: list[tuple[Draft, float]], what: str, *, actor: Actor, now: datetime
) -> None:
    """After something was published: say which draft it came from. Part of an operation.

    Those still offered for the composer are discarded.
    """
    for draft, share in used:
        _use(incident, draft, share, what, actor=actor, now=now)
    for draft in _offered(incident.id, actor, Helper.UPDATE) if actor.user_id else ():
        draft.state = DraftState.DISCARDED


def _use(incident: Incident, draft: Draft, share: float, what: str, *, actor: Actor, now: datetime) -> None:
    """An entry of its own, internal: the one that says what was posted may be public."""
    draft.state, draft.changed_percent = DraftState.USED, round(share * 100)
    how = f"{draft.changed_percent} % changed" if share else "unchanged, marked reviewed"
    if draft.helper in AFTERWARDS and not share:
        how = "unchanged"
    record(
        incident,
        EventKind.DRAFT_USED,
        f"{what}: {draft.helper.label} used, {how}",
        detail=f"Written by {draft.model}" if draft.model else "Written by rule, from the record",
        actor=actor,
        now=now,
    )


@operation(needs=Permission.DATA_MANAGE)
def forget_drafts(*, before: datetime, actor: Actor, now: datetime) -> int:
    """Delete what was written before a time, at most 500; returns how many.

    Called again while there are more (setting AI_KEEP_DAYS).
    """
    old = db.session.scalars(select(Draft.id).where(Draft.made_at < before).limit(FORGOTTEN_AT_ONCE)).all()
    if old:
        db.session.execute(delete(Draft).where(Draft.id.in_(old)))
        audit(
            AuditKind.DRAFT_FORGOTTEN,
            f"{len(old)} drafts from before {before:%Y-%m-%d}",
            actor=actor,
            now=now,
        )
    return len(old)


def offered_drafts(incident: Incident, actor: Actor, now: datetime) -> dict[Helper, Draft]:
    """The drafts of the last hour that this person has before them, by helper.

    A suggestion only in its phase.
    """
    rows = [draft for draft in _offered(incident.id, actor) if draft.made_at > now - STAYS]
    return {
        draft.helper: draft
        for draft in rows
        if draft.helper is not Helper.SUGGESTION or draft.phase is incident.phase
    }


def review_draft_of(incident: Incident, actor: Actor, now: datetime) -> Draft | None:
    """The draft of a review that this person has before them; None for none. One query.

    It lies there as long as any draft does; texts that were begun with it are used one by one.
    """
    rows = select(Draft).filter_by(incident_id=incident.id, user_id=actor.user_id, helper=Helper.REVIEW)
    draft = db.session.scalar(rows.order_by(Draft.id.desc()).limit(1)) if actor.user_id else None
    is_here = draft and draft.state in LIES_THERE and draft.made_at > now - STAYS
    return draft if is_here else None


def review_drafts(incident: Incident) -> list[Draft]:
    """The newest drafts of a review, whoever asked for them. One query."""
    rows = select(Draft).filter_by(incident_id=incident.id, helper=Helper.REVIEW)
    return list(db.session.scalars(rows.order_by(Draft.id.desc()).limit(COMPARED)))


def drafted_part(incident: Incident, text: str) -> tuple[Draft, float] | None:
    """The draft of a review that one of its texts came from, with the share that was changed.

    None for a person's own words, whoever had the draft written. Part of an operation. One query.
    """
    drafts = review_drafts(incident)
    parts = ((draft, part) for draft in drafts for part in drafted_texts(draft.text).values())
    found = [(draft, changed(part, text)) for draft, part in parts]
    nearest = min(found, key=lambda pair: pair[1], default=None)
    return nearest if nearest and nearest[1] < UNUSED else None


def use_drafted(
    incident: Incident, draft: Draft, share: float, what: str, *, actor: Actor, now: datetime
) -> None:
    """Say that a text came from a draft. Part of an operation."""
    _use(incident, draft, share, what, actor=actor, now=now)


def own_words(incident: Incident, body: str, actor: Actor) -> str:
    """What a person wrote into the composer; empty where it is the draft that was put there."""
    return "" if any(draft.text.split() == body.split() for draft in _offered(incident.id, actor)) else body


def _offered(number: int, actor: Actor, helper: Helper | None = None) -> list[Draft]:
    """The newest last, and what was asked for after what was proposed: it is not taken from under anybody."""
    lies_there = or_(Draft.user_id == actor.user_id, Draft.is_proposal.is_(True))
    query = select(Draft).filter_by(incident_id=number, state=DraftState.OFFERED).where(lies_there)
    if helper:
        query = query.filter_by(helper=helper)
    newest = db.session.scalars(query.order_by(Draft.is_proposal, Draft.id.desc()).limit(20))
    return sorted(newest, key=lambda draft: (not draft.is_proposal, draft.id))


def _own(incident: Incident, draft_id: int, actor: Actor) -> Draft:
    draft = db.session.get(Draft, draft_id)
    is_mine = draft is not None and (draft.user_id == actor.user_id or draft.is_proposal)
    if draft is None or draft.incident_id != incident.id or not is_mine:
        raise Conflict("There is no such draft of yours.")
    if draft.state not in (LIES_THERE if draft.helper is Helper.REVIEW else {DraftState.OFFERED}):
        raise Conflict("This draft is done with already.")
    return draft


def _name(draft: Draft) -> str:
    return f"{reference(draft.incident_id)} {draft.helper.label}"
