"""Everything that can be done on the fireground, as a list.

For the command palette, the page without script, the key list. A command leads to a place on the fireground
(`place`: it is opened and gets the focus), to another page (`link`), or is sent at once (`endpoint` with
`values`). One that this person may not use now is listed too, with the rule's own sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Row, select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.alarm import LEVELS, level_refusal
from majorops.domain.enums import AlarmLevel, CheckState, Helper, IncidentStatus, Phase, Severity
from majorops.domain.events import NOTES
from majorops.domain.gates import LAST_PHASE, status_blockers, symptoms_refusal
from majorops.domain.measured import MEASURES
from majorops.fireground import reads
from majorops.fireground.fields import text_of
from majorops.fireground.palette.command import Command, at, edit, short, to_place
from majorops.fireground.palette.curation import curation
from majorops.fireground.palette.keys import COMMAND, KEYS, NOTE
from majorops.fireground.palette.response import card, coach, response, systems
from majorops.fireground.palette.team import team
from majorops.fireground.view import View
from majorops.models import IS_RUNNING, Incident, TimelineEvent
from majorops.operations.fields import FIELDS, field_id
from majorops.operations.incident import continue_refusal
from majorops.operations.timeline import strike_refusal

OTHERS_SHOWN = 20
NEWEST_SHOWN = 8
VISIBLE, CORRECT = "fireground.visibility", "fireground.correct_entry"
MARK = "fireground.mark"


def keyed(view: View) -> list[Command]:
    """What the single keys do here; costs one query at most."""
    return [at(view, key) for key in KEYS]


def sections(view: View) -> list[tuple[str, list[Command]]]:
    """All commands, operations first, what is locked at the end of its section.

    Bounded: never the whole record.
    """
    parts = {
        "Phase command": phase(view),
        "Updates": updates(view),
        "AI": helpers(view),
        "Coach": coach(view),
        "Run card": card(view),
        "Log and tracks": response(view),
        "Public page": systems(view),
        "Curate": curation(view),
        "Command team": team(view),
        "Severity and Box": severity(view),
        "Fields": fields(view),
        "Newest entries": entries(view),
        "Go to": elsewhere(view),
        "Measures": measures(),
    }
    return [(name, sorted(part, key=lambda command: bool(command.locked))) for name, part in parts.items()]


def phase(view: View) -> Iterator[Command]:
    """Phase, status, validation and checklist; of a resolved incident, the one that continues it."""
    incident, to = view.incident, reads.next_phase(view)
    if incident.is_resolved:
        refusal = view.why_not(Permission.INCIDENT_OPEN, always=True) or continue_refusal(incident)
        yield Command("Continue as new incident", refusal, endpoint="fireground.continue_as_new")
    may = view.why_not(COMMAND)
    locked = may or (" ".join(b.text for b in reads.blockers(view)) if to else LAST_PHASE)
    label = f"Advance to {to.title}" if to else "Advance"
    yield at(view, "A", label, "fireground.advance", locked=locked, press=True)
    here = incident.phase.value
    if to and reads.blockers(view):
        yield to_place(f"Override, advance to {to.title}", may, f"advance-override-{here}", "advance")
    if to and to < Phase.RESOLUTION:
        yield to_place("Skip ahead", may, f"advance-skip-{here}", "advance")
    for status in (IncidentStatus.MONITORING, IncidentStatus.RESOLVED):
        if incident.status not in (status, IncidentStatus.RESOLVED):
            yield from _status(view, status, may)
    refusal = may or symptoms_refusal(incident.phase, incident.is_resolved)
    yield to_place("Symptoms returned", refusal, "symptoms", "symptoms")
    yield from _checks(view)
    for line in reads.checklist(view):
        values = {"phase": here, "item": line.item.key} | ({} if line.is_done else {"ticked": "y"})
        act = "Uncheck" if line.is_done else "Check"
        label = f"{act}: {line.item.text}"
        yield Command(label, may or line.refusal, endpoint="fireground.tick", values=values)
    yield edit(view, "phase_note", "Edit phase note", "N")


def _status(view: View, to: IncidentStatus, may: str) -> Iterator[Command]:
    closed = may or " ".join(blocker.text for blocker in status_blockers(reads.situation(view), to, view.now))
    if to is IncidentStatus.RESOLVED:  # the end of the incident: the last press is made on the page
        if reads.next_status(view) is to:
            yield to_place(f"Set {to.label}", closed, "status-key", "status")
        else:
            yield replace(edit(view, "status", f"Set {to.label}"), locked=closed)
    else:
        yield Command(f"Set {to.label}", closed, endpoint="fireground.status", values={"to": to.value})
    if closed and not may and reads.next_status(view) is to:
        yield to_place(f"Override, set {to.label}", "", f"status-override-{to.value}", "status")


def _checks(view: View) -> Iterator[Command]:
    words = {
        CheckState.CONFIRMED: "Confirm {}",
        CheckState.FAILED: "Check failed: {}",
        CheckState.PENDING: "Withdraw confirmation of {}",
    }
    offered = {
        CheckState.PENDING: (CheckState.CONFIRMED, CheckState.FAILED),
        CheckState.CONFIRMED: (CheckState.PENDING,),
        CheckState.FAILED: (CheckState.CONFIRMED,),
    }
    checks = reads.situation(view).checks
    for system in view.incident.system_names:
        refusal = view.why_not(Permission.CHECK_OWN) or reads.why_not_check(view, system)
        states = offered[checks.get(system, CheckState.PENDING)]
        for state in states[:1] if refusal else states:
            values = {"system": system, "state": state.value}
            yield Command(words[state].format(system), refusal, endpoint="fireground.check", values=values)


def updates(view: View) -> Iterator[Command]:
    """What is said to people; corrections of those of the newest 20 that were not corrected yet."""
    may = view.why_not(COMMAND)
    yield at(view, "U", endpoint="fireground.post")
    yield at(view, "M", endpoint="fireground.post")
    for one in reads.templates(view):
        label = f"Put in template {short(one.name)}"
        yield to_place(label, may, f"template-{one.id}", "use_template", press=True)
    yield to_place("Preview what goes out", may, "composer-preview", "preview")
    if reads.shows_resolution(view):
        yield to_place("Write resolution", may, "composer-body", "post", choose="kind-resolution")
    yield at(view, "H", endpoint="fireground.post")
    says = reads.holding_update(view)
    label, values = f"Post holding update, {says}", {"shown": str(says)}
    yield Command(label, may, endpoint="fireground.holding", values=values)
    refusal = view.why_not(COMMAND, always=True)
    corrected = {update.corrects_id for update in reads.updates(view)}
    for update in reads.updates(view):
        if update.id not in corrected:
            label = f"Correct or withdraw {update.heading}, {update.at:%H:%M}: {short(update.body)}"
            yield to_place(label, refusal, f"update-{update.id}-more", "correct_update")


def helpers(view: View) -> Iterator[Command]:
    """Have something drafted, take or discard it; confirm or clear the exec summary, after the close too."""
    yield at(view, "D", endpoint="fireground.draft", takes={"name": "update"})
    yield at(view, "E", endpoint="fireground.draft", takes={"name": "brief"})
    may = view.why_not(COMMAND)
    yield to_place("AI suggestion", may, "suggestion-key", "draft", takes={"name": "suggestion"}, press=True)
    none = may or ("" if reads.drafts(view).get(Helper.BRIEF) else "No exec brief is drafted.")
    yield to_place("Take the drafted exec brief", none, "execbrief-text", "take")
    may_still = view.why_not(COMMAND, always=True)
    none = may_still or ("" if reads.summary_moved(view) else "The exec summary is current, or empty.")
    for label, act in (("Exec summary still holds", "holds"), ("Clear exec summary", "clear")):
        values = {"act": act, "was": view.incident.exec_summary}
        yield Command(label, none, endpoint="fireground.summary", values=values)
    for helper in (one for one in Helper if one is not Helper.REVIEW):  # on a page of its own
        none = may or ("" if reads.drafts(view).get(helper) else f"No {helper.label} lies here.")
        yield to_place(f"Discard the {helper.label}", none, f"{helper.value}-discard", "discard")


def severity(view: View) -> Iterator[Command]:
    """Every other severity and every other Box; below the severity's own a Box is locked (domain §2)."""
    incident = view.incident
    for one in Severity:
        if one is not incident.severity:
            label = f"Severity {one.label}, {LEVELS[one].label}"
            yield _set(view, "severity", one.value, label, view.why_not_edit("severity"))
    for level in reversed(AlarmLevel):
        if level is not incident.alarm_level:
            refusal = view.why_not_edit("alarm_level") or level_refusal(incident.severity, level)
            yield _set(view, "alarm_level", str(level.value), f"Alarm level {level.label}", refusal)


def _set(view: View, name: str, value: str, label: str, locked: str) -> Command:
    """One value for a field, sent with the one that was seen."""
    return Command(
        label,
        locked,
        endpoint="fireground.save",
        takes={"name": name},
        values={"value": value, "was": text_of(view, FIELDS[name])},
        target=field_id(name),
    )


def fields(view: View) -> Iterator[Command]:
    """The editor of each field that has a command; an empty bridge link is asked for in `elsewhere`."""
    for name, field in FIELDS.items():
        is_asked = field.display == "bridge" and not view.incident.bridge_url  # `Paste bridge URL`
        if field.has_command and not is_asked:
            yield edit(view, name)


def entries(view: View) -> Iterator[Command]:
    """Visibility, mark and correction of the newest 8 entries, whatever the timeline shows."""
    may = view.why_not(COMMAND, always=True)
    for entry, struck_by in _newest(view):
        named = f"entry {entry.seq}: {short(entry.title)}"
        takes = {"seq": entry.seq}
        if entry.visibility.value == "internal":  # asked once more, where the whole entry can be read
            yield Command(f"Make public, {named}", may, place=f"entry-{entry.seq}-ask", endpoint=VISIBLE)
        else:
            label, values = f"Make internal, {named}", {"visibility": "internal"}
            yield Command(label, may, endpoint=VISIBLE, takes=takes, values=values)
        label, values = f"For the review, {named}", {"marked": "y"}
        yield Command(label, view.why_not(NOTE, always=True), endpoint=MARK, takes=takes, values=values)
        if entry.kind in NOTES and not struck_by:
            refusal = view.why_not(NOTE, always=True) or strike_refusal(entry, view.actor)
            yield Command(f"Correct {named}", refusal, place=f"strike-{entry.seq}", endpoint=CORRECT)


def elsewhere(view: View) -> Iterator[Command]:
    """The bridge, other pages, at most 20 other running incidents, and the way out."""
    incident = view.incident
    if incident.bridge_url:
        yield at(view, "B", address=incident.bridge_url)
    else:
        yield edit(view, "bridge_url", "Paste bridge URL", "B")
    yield at(view, "/")
    if incident.is_shown:
        yield Command("Public page", link="public.incident", takes={"number": incident.id})
    yield Command("Learning Review", link="review.show", takes={"number": incident.id})
    if view.may_command:
        yield Command("Alerts", link="alerts.index")
    yield Command("Reviews", link="archive.index")
    yield Command("Actions", link="actions.index")
    yield Command("Status page", link="public.status")
    for other in _others(view):
        label = f"Go to {other.reference}, {other.title}"
        yield Command(label, link="fireground.show", takes={"number": other.id})
    yield Command("Incidents", link="fireground.index")
    yield Command("Wall", link="wall.show")
    yield Command("Search the record", link="search.index")
    refusal = view.why_not(Permission.INCIDENT_OPEN, always=True)
    yield Command("Open incident", refusal, link="intake.new")
    yield at(view, "?", link="fireground.keys")
    yield Command("Your account", link="account.show")
    yield Command("Sign out", endpoint="sign_in.logout")


def measures() -> Iterator[Command]:
    """Every measure by its name, and the pages that show several."""
    yield Command("Measures", link="measures.index")
    yield Command("Uptime by month", link="measures.uptime")
    yield Command("A quarter on one page", link="measures.quarter")
    for one in MEASURES.values():
        yield Command(f"Measure: {one.label}", link="measures.one", takes={"measure": one.name})


def _others(view: View) -> list[Incident]:
    """Other running incidents, highest Box first."""
    rows = select(Incident).where(IS_RUNNING, Incident.id != view.incident.id)
    highest = rows.order_by(Incident.alarm_level.desc(), Incident.opened_at)
    return list(db.session.scalars(highest.limit(OTHERS_SHOWN)))


def _newest(view: View) -> Sequence[Row[TimelineEvent, int | None]]:
    """The last few entries, whatever the timeline shows; each with the number of what strikes it out."""
    return db.session.execute(reads.entries(view.incident.id).limit(NEWEST_SHOWN)).all()
