"""The same four texts without a model: from the record, by rule, part by part (domain §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from majorops.domain.briefs import Need
from majorops.domain.causes import stated_cause
from majorops.domain.drafting import UNKNOWN, sentence
from majorops.domain.enums import AlarmLevel, CheckState, CommandRole, ExternalImpact, IncidentStatus, Phase
from majorops.domain.measures import words
from majorops.domain.playbook import play_at
from majorops.domain.review_draft import REVIEW_PARTS
from majorops.projections import PublicIncident
from majorops.projections.brief_values import BriefIncident
from majorops.projections.record import RecordTrack, WholeRecord

# What the public may be told of a phase: what the phase is, no more.
DOING: dict[Phase, str] = {
    Phase.ALERT: "The alert is being looked into.",
    Phase.GATHER: "The response team is collecting conditions from the affected systems.",
    Phase.ASSESS: "The response team is establishing the scope.",
    Phase.INITIAL: "The response team is at work.",
    Phase.ISOLATION: "The response team is narrowing down where the fault is.",
    Phase.MITIGATION: "Remediation is running.",
    Phase.VALIDATION: "Recovery is being confirmed on every affected system.",
    Phase.RESOLUTION: "The incident is being closed.",
}


def public_update(of: PublicIncident, typed: str, promise: str) -> dict[str, str]:
    """The parts of a public update by rule (`PARTS`), from what the public reads and `typed` alone.

    `promise`: as `promise_words` gives it, empty for none. In Monitoring the fix is confirmed: what was wrong
    is told as past.
    """
    is_past = of.status is IncidentStatus.MONITORING
    doing = "The fix is confirmed and the systems are being watched." if is_past else DOING[of.phase]
    is_felt = of.external_impact is ExternalImpact.YES and not (of.who_affected or of.customer_count)
    impact = (
        ("Customers were affected" if is_past else "Customers are affected") if is_felt else _affected(of)
    )
    was = "Until the fix: " if is_past else ""
    told = ("" if typed else of.title, of.who_affected, impact, _systems(of.systems))
    conditions = [typed, *(f"{was}{text}" for text in told[:2] if text), *told[2:]]
    return {
        "Conditions": _sentences(*conditions),
        "Actions": _sentences(doing, of.what_to_do),
        "Next update": _next(promise),
    }


def internal_update(of: WholeRecord, typed: str, promise: str) -> dict[str, str]:
    """The parts of an internal update by rule, from the newest CAN of six teams and six running tracks.

    Without a CAN the description stands for the conditions, or the title. `typed`: what the MIM wrote so far,
    first; `promise`: as `promise_words` gives it, empty for none.
    """
    reported = [f"{can.team}, {can.at:%H:%M} UTC: {can.conditions}" for can in of.cans[:6]]
    conditions = [typed, *(reported or [of.description or of.title]), _affected(of)]
    done = [f"{can.team}: {can.actions}" for can in of.cans[:6] if can.actions]
    needs = [f"{can.team} needs {can.needs}" for can in of.cans[:6] if can.needs]
    doing = [*(track(one) for one in of.tracks[:6]), *done, *needs]
    return {
        "Conditions": _sentences(*conditions),
        "Actions": _sentences(*(doing or [DOING[of.phase]])),
        "Next update": _next(promise),
    }


def brief(of: BriefIncident, now: datetime) -> dict[str, str]:
    """The parts of an exec brief by rule, as executives read it (guide, "AI Exec Brief").

    Neither a duration that grows nor the promised time: the text stands while both move, and the brief's
    tiles show them.
    """
    state = f"{of.severity.label}, {of.alarm_level.label}, {of.status.label.lower()}"
    headline = f"{of.title}: {state}, phase {of.phase.title}"
    if of.resolved_at:
        lasted = f"after {words(of.duration(now))}, at {of.resolved_at:%H:%M} UTC"
        headline = f"{of.title}: it was {of.severity.label}, {of.alarm_level.label}, and is resolved {lasted}"
    impact = _sentences(
        of.business_impact,
        of.customer_impact_summary,
        of.who_affected and f"Affected: {of.who_affected}",
        _affected(of),
    )
    latest = of.milestones[0] if of.milestones else None
    is_over = of.resolved_at is not None
    posture = [
        f"Risk {'was' if is_over else 'is'} {of.risk_level.label.lower()}" if of.risk_level else "",
        f'{latest.heading}, {latest.at:%H:%M} UTC: "{" ".join(latest.body.split())}"'
        if latest
        else f"No milestone {'was cut' if is_over else 'yet'}",
    ]
    ahead = [*(f"Needed: {need(one)}" for one in of.needed[:3])]
    if of.next_phase:
        ahead.append(f"Next phase: {of.next_phase.title}")
    return {
        "Headline": sentence(headline),
        "Impact": impact or f"Impact: {UNKNOWN}.",
        "Posture": _sentences(*posture),
        "Next": _sentences(*ahead),
    }


def suggestion(of: WholeRecord, now: datetime) -> dict[str, str]:
    """The parts of a phase suggestion by rule: what to do next, what to watch for, the typical failure.

    What is overdue comes before the usual next step of the phase (domain §8).
    """
    play = play_at(of.phase, of.alarm_level)
    needs = next((f"{can.team} needs {can.needs}" for can in of.cans if can.needs), "")
    return {
        "Next": sentence(_most_urgent(of, now) or play.next_step),
        "Watch": _sentences(needs, play.watch_for),
        "Failure": sentence(play.failure),
    }


def review(texts: Mapping[str, str]) -> dict[str, str]:
    """The parts of a review draft by rule; `texts`: as `domain/review_draft.py` writes them, by field.

    A root cause only where the record states one: what is suspected is not known.
    """
    parts = {part: texts.get(name, "") for part, name in REVIEW_PARTS.items()}
    return parts | {"Root cause": stated_cause(parts["Root cause"])}


def _most_urgent(of: WholeRecord, now: datetime) -> str:
    """The one thing that comes before the phase's usual step, in the order of the coach; empty for none."""
    return "" if of.status is IncidentStatus.RESOLVED else next(_urgent(of, now), "")


def _urgent(of: WholeRecord, now: datetime) -> Iterator[str]:
    if not dict(of.team).get(CommandRole.MIM):
        yield "Nobody has command: assign the MIM"
    if of.next_update_eta and of.next_update_eta <= now:
        yield f"Post the update that was due {of.next_update_eta:%H:%M} UTC; a holding text is enough"
    yield from (text for until, text in _clocks(of) if until and until <= now)
    systems = {wanted: ", ".join(n for n, state in of.systems if state is wanted) for wanted in CheckState}
    if systems[CheckState.FAILED]:
        yield f"Open a track for what failed its check: {systems[CheckState.FAILED]}"
    if not of.bridge_url and of.phase <= Phase.GATHER and of.alarm_level > AlarmLevel.BOX_0:
        yield "Open the bridge and paste its link"
    if of.phase is Phase.ASSESS and of.customer_count is None:
        yield "Set the customer count; a guess is kept as approximate"
    if of.phase is Phase.VALIDATION and systems[CheckState.PENDING]:
        yield f"Ask the team of each system to confirm by name: {systems[CheckState.PENDING]}"


def _clocks(of: WholeRecord) -> Iterator[tuple[datetime | None, str]]:
    """What runs against a clock: until when, and what to do once it ran out."""
    for one in of.tracks:
        expired = f", expired {one.expires_at:%H:%M} UTC" if one.expires_at else ""
        yield one.expires_at, f"Extend or escalate the track of {one.team}: {one.goal}{expired}"
    for what, owner, until in of.timeboxes:
        yield until, f"Ask {owner} for the result of: {what}, expired {until:%H:%M} UTC"
    for whom, what, until in of.asks:
        yield until, f"Ask {whom} again: {what}, due {until:%H:%M} UTC"


def customers(of: PublicIncident | BriefIncident | WholeRecord) -> str:
    """`approximately 1,240`; `not known` where nobody knows."""
    if of.customer_count is None:
        return UNKNOWN
    return f"{'approximately ' if of.customer_count_is_approximate else ''}{of.customer_count:,}"


def track(one: RecordTrack) -> str:
    """`App, Lena: roll back, timebox until 14:56 UTC`; without a timebox nothing is said of one."""
    until = f", timebox until {one.expires_at:%H:%M} UTC" if one.expires_at else ""
    return f"{one.team}, {one.owner}: {one.goal}{until}"


def need(one: Need) -> str:
    """`Leader: approve the failover`; without whom the need alone."""
    return f"{one.whom}: {one.what}" if one.whom else one.what


def _affected(of: PublicIncident | BriefIncident | WholeRecord) -> str:
    return f"Customers affected: {customers(of)}" if of.customer_count else ""


def _systems(names: tuple[str, ...]) -> str:
    return f"Affected systems: {', '.join(names)}" if names else ""


def _next(promise: str) -> str:
    return f"Next update {promise}." if promise else ""


def _sentences(*texts: str) -> str:
    return " ".join(sentence(" ".join(text.split())) for text in texts if text and text.strip())
