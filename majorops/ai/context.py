"""What a writer sees of an incident: plain bounded text made from projections, secrets masked.

By audience: a public draft is made from what the public reads already, and what the MIM typed; nothing else
of the record reaches it. An exec brief is made from the brief's own values; an internal draft, a
suggestion and a review draft from the whole record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.ai import rules
from majorops.ai.history import summarize_timeline
from majorops.db import db
from majorops.domain.drafting import composed
from majorops.domain.enums import Helper, Visibility
from majorops.domain.errors import Invalid, NotFound
from majorops.domain.measures import passed, words
from majorops.domain.playbook import play_at
from majorops.domain.review_record import (
    Finding,
    StripMark,
    heads,
    kept_findings,
    lost_findings,
    phase_times,
    strip,
)
from majorops.domain.secrets import mask
from majorops.domain.text import count, reference
from majorops.models import Incident
from majorops.operations.review_record import ReviewEntry, ReviewTrack, draft_by_rule, read_record
from majorops.projections import PublicIncident, public_incident
from majorops.projections.brief import brief_incident
from majorops.projections.brief_values import BriefIncident
from majorops.projections.record import WholeRecord, whole_record

FIELD = 2_000  # characters of one value
HISTORY = 14_000  # of the timeline
_FENCE = re.compile(r"<(?=\s*/?\s*record)", re.IGNORECASE)


@dataclass(frozen=True)
class PromptContext:
    """What a writer gets, and what its text is checked against.

    `text`: all that the writer sees. `template`: the same draft by rule. `about`: what is read, for who
    waits. `customers`: the count and whether it is approximate, None where there is no count.
    """

    helper: Helper
    text: str
    template: str
    about: str
    customers: tuple[int, bool] | None = None


def build_context(
    helper: Helper,
    number: int,
    *,
    now: datetime,
    visibility: Visibility = Visibility.INTERNAL,
    typed: str = "",
    promise: str = "",
) -> PromptContext:
    """What the helper sees of incident `number`.

    `typed`: what the MIM wrote into the composer so far; `promise`: the next update as it stands there
    (`in 20 minutes`). Raises NotFound, Invalid (a public draft of what is not public).
    """
    if helper is Helper.BRIEF:
        brief = _found(brief_incident(number, None, with_drills=True))
        return _sight(helper, brief, _brief(brief, now), rules.brief(brief, now), "the brief's values")
    if helper is Helper.UPDATE and visibility is Visibility.PUBLIC:
        shown = public_incident(number)
        if shown is None:
            raise Invalid(
                {
                    "body": (
                        f"{reference(number)} is not public: a public draft would see nothing. "
                        "Choose Internal."
                    )
                }
            )
        text, template = _public(shown, now, typed, promise), rules.public_update(shown, typed, promise)
        return _sight(
            helper,
            shown,
            text,
            template,
            count(len(shown.entries), "public entry").replace("entrys", "entries"),
        )
    record = _found(whole_record(number))
    entries = f"{record.version:,} timeline {'entry' if record.version == 1 else 'entries'}"
    if helper is Helper.UPDATE:
        text, template = _whole(record, now, typed, promise), rules.internal_update(record, typed, promise)
    elif helper is Helper.REVIEW:
        text, template = _review(record, db.session.get_one(Incident, number), now)
    else:
        text, template = _whole(record, now) + _method(record), rules.suggestion(record, now)
    return _sight(helper, record, text, template, entries)


def _found(value):
    if value is None:
        raise NotFound("There is no such incident.")
    return value


def _sight(helper: Helper, of, text: str, template: dict[str, str], entries: str) -> PromptContext:
    customers = None if of.customer_count is None else (of.customer_count, of.customer_count_is_approximate)
    about = f"Reading {entries}, {count(len(of.systems), 'system')}, phase {of.phase.value}."
    return PromptContext(helper, as_data(text), mask(composed(helper, template)), about, customers)


def as_data(text: str) -> str:
    """A text for a model: secrets masked, and nothing in it that would end the `<record>` it is put into."""
    return _FENCE.sub("‹", mask(text))


def _public(of: PublicIncident, now: datetime, typed: str, promise: str) -> str:
    updates = [f"{_at(one.at)} {one.heading}: {one.body}" for one in of.updates[:4] if one.body]
    return _lines(
        ("Audience", "the public"),
        *_head(of, now),
        ("Affected systems", ", ".join(of.systems)),
        ("Who is affected", of.who_affected),
        ("What customers can do", of.what_to_do),
        *_promises(of, promise),
        ("Written by the MIM for this update", typed),
        ("Public updates, newest first", "\n".join(updates)),
        ("Public timeline, newest first", summarize_timeline(of.entries, (), len(of.entries), HISTORY)),
    )


def _whole(of: WholeRecord, now: datetime, typed: str = "", promise: str = "") -> str:
    return _lines(
        ("Audience", "the response team, internal"),
        *_head(of, now),
        ("In this phase since", f"{_at(of.phase_entered_at)}, {words(now - of.phase_entered_at)}"),
        ("Description", of.description),
        ("Alert", of.alert_id or ""),
        ("Bridge", "open" if of.bridge_url else "none"),
        ("Affected systems", ", ".join(f"{name} ({state.label.lower()})" for name, state in of.systems)),
        ("Business impact", of.business_impact),
        ("Customer impact", of.customer_impact_summary),
        ("Risk level", of.risk_level.label if of.risk_level else ""),
        ("Exec summary", of.exec_summary),
        ("Who is affected, public words", of.who_affected),
        ("Command team", ", ".join(f"{role.label}: {name or 'vacant'}" for role, name in of.team)),
        ("Running tracks", "\n".join(rules.track(one) for one in of.tracks)),
        (
            "Open timeboxes",
            "\n".join(f"{what}, {owner}, until {_at(until)}" for what, owner, until in of.timeboxes),
        ),
        ("Last CAN of each team", "\n".join(_can(one) for one in of.cans)),
        ("Open asks", "\n".join(f"{whom}: {what}, until {_at(until)}" for whom, what, until in of.asks)),
        ("Phase notes", "\n".join(f"{phase.title}: {text[:FIELD]}" for phase, text in of.notes)),
        *_promises(of, promise),
        ("Written by the MIM for this update", typed),
        (
            "Updates, newest first",
            "\n".join(f"{_at(at)} {head}: {body[:FIELD]}" for head, body, at in of.updates[:4]),
        ),
        ("Timeline, newest first", summarize_timeline(of.entries, of.turns, of.version, HISTORY)),
    )


def _brief(of: BriefIncident, now: datetime) -> str:
    latest = of.milestones[0] if of.milestones else None
    measured = [f"{name}: {words(value)}" for name, value in of.measures.items()]
    return _lines(
        ("Audience", "executives"),
        *_head(of, now),
        ("Total duration", words(of.duration(now))),
        ("Impact lasted" if of.resolved_at else "Impact so far", words(of.impact(now))),
        ("Affected systems", ", ".join(of.systems)),
        ("Business impact", of.business_impact),
        ("Customer impact", of.customer_impact_summary),
        ("Risk level", of.risk_level.label if of.risk_level else "not set"),
        ("Exec summary so far", f"{of.exec_summary}\n{of.summary_note(now)}".strip()),
        (
            "Latest milestone or update",
            f"{_at(latest.at)} {latest.heading}: {latest.body}" if latest else "none",
        ),
        ("Needed from leadership", "\n".join(rules.need(one) for one in of.needed)),
        ("Next phase", of.next_phase.title if of.next_phase else ""),
        ("Measures", "\n".join(measured)),
        *_promises(of, ""),
    )


def _review(of: WholeRecord, incident: Incident, now: datetime) -> tuple[str, dict[str, str]]:
    """What a review draft is made from: the record, and what the page of the review computes from it."""
    found = read_record(incident, now)
    facts = found.facts
    lasted = words(passed(facts.opened_at, facts.until, facts.until))
    text = _lines(
        ("Total duration", f"{lasted}, from {facts.opened_at:%-d %B %Y, %H:%M} UTC on"),
        ("Numbers", "\n".join(f"{one.label}: {one.value}, {one.note}" for one in heads(facts))),
        ("Time in phase", "\n".join(f"{one.phase.title}: {words(one.lasted)}" for one in phase_times(facts))),
        ("Updates and their promises", "\n".join(_word(one) for one in strip(facts))),
        ("Kept, by the record", "\n".join(_finding(one) for one in kept_findings(facts))),
        ("Lost time, by the record", "\n".join(_finding(one) for one in lost_findings(facts))),
        ("Decisions", "\n".join(map(_told, found.decisions))),
        ("Ruled out", "\n".join(map(_told, found.ruled_out))),
        ("Overridden gates", "\n".join(map(_told, found.overrides))),
        ("Tracks", "\n".join(_run(one) for one in found.tracks)),
        ("Marked for the review", "\n".join(map(_told, found.marked))),
    )
    return f"{_whole(of, now)}\n{text}", rules.review(draft_by_rule(incident, facts))


def _word(one: StripMark) -> str:
    said = f"{_at(one.at)} {one.label}"
    if one.promised_for is None:
        return said
    return f"{said}, promised for {_at(one.promised_for)}, " + (
        f"{words(one.late)} late" if one.late else "in time"
    )


def _finding(one: Finding) -> str:
    return f"{one.text}: {one.value}" if one.value else one.text


def _told(one: ReviewEntry) -> str:
    struck = " (struck out)" if one.is_struck else ""
    return " ".join((_at(one.at), one.title + struck, *one.detail))


def _run(one: ReviewTrack) -> str:
    lost = f", lost {words(one.lost)}" if one.lost else ""
    return f"{one.run.team}: {one.run.goal}, {one.run.outcome.label.lower()}{lost}. {one.run.note}".strip()


def _method(of: WholeRecord) -> str:
    play = play_at(of.phase, of.alarm_level)
    return "\n" + _lines(
        ("The method, for this phase", play.job),
        ("Ready when", play.ready_when),
        ("Usual next step", play.next_step),
        ("Watch for", play.watch_for),
        ("Typical failure", play.failure),
    )


def _head(of: PublicIncident | BriefIncident | WholeRecord, now: datetime) -> Iterable[tuple[str, str]]:
    return (
        ("Incident", of.reference),
        ("Title", of.title),
        ("Severity", f"{of.severity.label}, {of.alarm_level.label}"),
        ("Status", of.status.label),
        ("Phase", f"over, closed in {of.phase.title}" if of.resolved_at else f"{of.phase.title}, of 8"),
        ("Problem began", _at(of.detected_at)),
        ("Alert fired", _at(of.issue_time)),
        ("Alert cleared", _at(of.resolve_time)),
        ("Resolved", _at(of.resolved_at)),
        ("Now", _at(now)),
        ("External impact", of.external_impact.label),
        ("Customers affected", rules.customers(of)),
    )


def _promises(of, promise: str) -> Iterable[tuple[str, str]]:
    return (
        ("Next update was promised for", _at(of.next_update_eta)),
        ("This update promises the next one", promise),
    )


def _can(one) -> str:
    said = f"{one.team} at {_at(one.at)}: conditions {one.conditions[:FIELD]}"
    said += f"; actions {one.actions[:FIELD]}" if one.actions else ""
    return said + (f"; needs {one.needs[:FIELD]}" if one.needs else "")


def _lines(*pairs: tuple[str, str]) -> str:
    """`Name: value`, long values below their name; what is empty is left out, except for the customers."""
    shown = []
    for name, value in pairs:
        text = value.strip() if name.endswith("newest first") else value.strip()[:FIELD]
        if text:
            shown.append(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}")
    return "\n".join(shown)


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def promise_words(minutes: str, until: datetime | None, now: datetime) -> str:
    """How the composer's keys read: `in 20 minutes` for +20, `by 14:56 UTC` for a time that was set."""
    if minutes.isdigit() and until:
        return f"in {int((until - now) / timedelta(minutes=1))} minutes"
    return f"by {until:%H:%M} UTC" if until else ""
