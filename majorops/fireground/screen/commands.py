"""Everything that can be done on the fireground, as a list:
the command palette, the page without script, the key list.

A command leads to a place on the fireground (`place`: it is opened and gets the focus), to another page
(`link`), or is sent at once (`endpoint` with `values`). One that this person may not use now is listed
too, with the rule's own sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from majorops.domain.access import Permission
from majorops.domain.alarm import LEVELS, level_refusal
from majorops.domain.enums import AlarmLevel, CheckState, Helper, IncidentStatus, Phase, Severity
from majorops.domain.events import NOTES
from majorops.domain.gates import LAST_PHASE, symptoms_refusal
from majorops.fireground.screen.command import Fireground
from majorops.fireground.screen.keys import COMMAND, KEYS, NOTE
from majorops.fireground.screen.lines import Command, at, edit, short, to_place
from majorops.fireground.screen.response_commands import card, coach, response, systems
from majorops.fireground.screen.team_commands import team
from majorops.operations.fields import FIELDS, field_id
from majorops.operations.incident import continue_refusal
from majorops.operations.timeline import strike_refusal

VISIBLE, CORRECT = "fireground.visibility", "fireground.correct_entry"


def keyed(f: Fireground) -> list[Command]:
    """What the single keys do here; costs no query."""
    return [at(f, key) for key in KEYS]


def sections(f: Fireground) -> list[tuple[str, list[Command]]]:
    """All commands, operations first, what is locked at the end of its section.

    Bounded: never the whole record.
    """
    parts = {
        "Phase command": phase(f),
        "Updates": updates(f),
        "AI": helpers(f),
        "Coach": coach(f),
        "Run card": card(f),
        "Log and tracks": response(f),
        "Public page": systems(f),
        "Command team": team(f),
        "Severity and Box": severity(f),
        "Fields": fields(f),
        "Newest entries": entries(f),
        "Go to": elsewhere(f),
    }
    return [(name, sorted(part, key=lambda command: bool(command.locked))) for name, part in parts.items()]


def phase(f: Fireground) -> Iterator[Command]:
    incident, to = f.incident, f.next_phase
    if incident.is_resolved:
        refusal = f.why_not(Permission.INCIDENT_OPEN, always=True) or continue_refusal(incident)
        yield Command("Continue as new incident", refusal, endpoint="fireground.continue_as_new")
    may = f.why_not(COMMAND)
    locked = may or (" ".join(b.text for b in f.blockers) if to else LAST_PHASE)
    label = f"Advance to {to.title}" if to else "Advance"
    yield at(f, "A", label, "fireground.advance", locked=locked, press=True)
    here = incident.phase.value
    if to and f.blockers:
        yield to_place(f"Override, advance to {to.title}", may, f"advance-override-{here}", "advance")
    if to and to < Phase.RESOLUTION:
        yield to_place("Skip ahead", may, f"advance-skip-{here}", "advance")
    for status in (IncidentStatus.MONITORING, IncidentStatus.RESOLVED):
        if incident.status not in (status, IncidentStatus.RESOLVED):
            yield from _status(f, status, may)
    refusal = may or symptoms_refusal(incident.phase, incident.is_resolved)
    yield to_place("Symptoms returned", refusal, "symptoms", "symptoms")
    yield from _checks(f)
    for line in f.checklist:
        values = {"phase": here, "item": line.item.key} | ({} if line.is_done else {"ticked": "y"})
        act = "Uncheck" if line.is_done else "Check"
        label = f"{act}: {line.item.text}"
        yield Command(label, may or line.refusal, endpoint="fireground.tick", values=values)
    yield edit(f, "phase_note", "Edit phase note", "N")


def _status(f: Fireground, to: IncidentStatus, may: str) -> Iterator[Command]:
    closed = may or " ".join(blocker.text for blocker in f.status_blockers(to))
    if to is IncidentStatus.RESOLVED:  # the end of the incident: the last press is made on the page
        if f.next_status is to:
            yield to_place(f"Set {to.label}", closed, "status-key", "status")
        else:
            yield replace(edit(f, "status", f"Set {to.label}"), locked=closed)
    else:
        yield Command(f"Set {to.label}", closed, endpoint="fireground.status", values={"to": to.value})
    if closed and not may and f.next_status is to:
        yield to_place(f"Override, set {to.label}", "", f"status-override-{to.value}", "status")


def _checks(f: Fireground) -> Iterator[Command]:
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
    for system in f.incident.system_names:
        refusal = f.why_not(Permission.CHECK_OWN) or f.why_not_check(system)
        for state in offered[f.check_state(system)][: 1 if refusal else None]:
            values = {"system": system, "state": state.value}
            yield Command(words[state].format(system), refusal, endpoint="fireground.check", values=values)


def updates(f: Fireground) -> Iterator[Command]:
    may = f.why_not(COMMAND)
    yield at(f, "U", endpoint="fireground.post")
    yield at(f, "M", endpoint="fireground.post")
    yield to_place("Preview what goes out", may, "composer-preview", "preview")
    if f.shows_resolution:
        yield to_place("Write resolution", may, "composer-body", "post", choose="kind-resolution")
    yield at(f, "H", endpoint="fireground.post")
    shown = {"shown": str(f.holding)}
    yield Command(f"Post holding update, {f.holding}", may, endpoint="fireground.holding", values=shown)
    refusal = f.why_not(COMMAND, always=True)
    for update in f.updates:
        if update.id not in f.corrected_ids:
            label = f"Correct or withdraw {update.heading}, {update.at:%H:%M}: {short(update.body)}"
            yield to_place(label, refusal, f"update-{update.id}-more", "correct_update")


def helpers(f: Fireground) -> Iterator[Command]:
    yield at(f, "D", endpoint="fireground.draft", takes={"name": "update"})
    yield at(f, "E", endpoint="fireground.draft", takes={"name": "brief"})
    may = f.why_not(COMMAND)
    yield to_place("AI suggestion", may, "suggestion-key", "draft", takes={"name": "suggestion"}, press=True)
    none = may or ("" if f.draft("brief") else "No exec brief is drafted.")
    yield to_place("Take the drafted exec brief", none, "execbrief-text", "take")
    may_still = f.why_not(COMMAND, always=True)
    none = may_still or ("" if f.summary_moved else "The exec summary is current, or empty.")
    for label, act in (("Exec summary still holds", "holds"), ("Clear exec summary", "clear")):
        values = {"act": act, "was": f.incident.exec_summary}
        yield Command(label, none, endpoint="fireground.summary", values=values)
    for helper in Helper:
        none = may or ("" if f.draft(helper) else f"No {helper.label} lies here.")
        yield to_place(f"Discard the {helper.label}", none, f"{helper.value}-discard", "discard")


def severity(f: Fireground) -> Iterator[Command]:
    incident = f.incident
    for one in Severity:
        if one is not incident.severity:
            label = f"Severity {one.label}, {LEVELS[one].label}"
            yield _set(f, "severity", one.value, label, f.why_not_edit("severity"))
    for level in reversed(AlarmLevel):
        if level is not incident.alarm_level:
            refusal = f.why_not_edit("alarm_level") or level_refusal(incident.severity, level)
            yield _set(f, "alarm_level", str(level.value), f"Alarm level {level.label}", refusal)


def _set(f: Fireground, name: str, value: str, label: str, locked: str) -> Command:
    """One value for a field, sent with the one that was seen."""
    return Command(
        label,
        locked,
        endpoint="fireground.save",
        takes={"name": name},
        values={"value": value, "was": f.text_of(name)},
        target=field_id(name),
    )


def fields(f: Fireground) -> Iterator[Command]:
    for name, field in FIELDS.items():
        if field.has_command and (name != "bridge_url" or f.incident.bridge_url):  # else `Paste bridge URL`
            yield edit(f, name)


def entries(f: Fireground) -> Iterator[Command]:
    may = f.why_not(COMMAND, always=True)
    for entry, struck_by in f.newest:
        named = f"entry {entry.seq}: {short(entry.title)}"
        takes = {"seq": entry.seq}
        if entry.visibility.value == "internal":  # asked once more, where the whole entry can be read
            yield Command(f"Make public, {named}", may, place=f"entry-{entry.seq}-ask", endpoint=VISIBLE)
        else:
            label, values = f"Make internal, {named}", {"visibility": "internal"}
            yield Command(label, may, endpoint=VISIBLE, takes=takes, values=values)
        if entry.kind in NOTES and not struck_by:
            refusal = f.why_not(NOTE, always=True) or strike_refusal(entry, f.actor)
            yield Command(f"Correct {named}", refusal, place=f"strike-{entry.seq}", endpoint=CORRECT)


def elsewhere(f: Fireground) -> Iterator[Command]:
    incident = f.incident
    if incident.bridge_url:
        yield at(f, "B", address=incident.bridge_url)
    else:
        yield edit(f, "bridge_url", "Paste bridge URL", "B")
    yield at(f, "/")
    if incident.is_shown:
        yield Command("Public page", link="public.incident", takes={"number": incident.id})
    yield Command("Status page", link="public.status")
    for other in f.others:
        label = f"Go to {other.reference}, {other.title}"
        yield Command(label, link="fireground.show", takes={"number": other.id})
    yield Command("Incidents", link="fireground.index")
    refusal = f.why_not(Permission.INCIDENT_OPEN, always=True)
    yield Command("Open incident", refusal, link="intake.new")
    yield at(f, "?", link="fireground.keys")
    yield Command("Sign out", endpoint="sign_in.logout")
