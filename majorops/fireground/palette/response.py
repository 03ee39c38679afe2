"""Commands of the response: log, tracks, asks, the coach."""

from __future__ import annotations

from collections.abc import Iterator

from majorops.domain.access import Permission
from majorops.domain.enums import SystemStatus, TrackOutcome
from majorops.domain.visibility import PublicState
from majorops.fireground import reads
from majorops.fireground.palette.command import Command, at, short, to_place
from majorops.fireground.palette.keys import COMMAND
from majorops.fireground.view import View
from majorops.operations.tracks import track_refusal


def response(view: View) -> Iterator[Command]:
    """Log, asks, gathering, tracks and timeboxes; what runs is listed one by one, at most 20 of a kind."""
    may = view.why_not(COMMAND)
    yield at(view, "L", endpoint="fireground.note")
    yield at(view, "C", endpoint="fireground.note")
    refusal = view.why_not(COMMAND, always=True)
    yield to_place("Log a public note", refusal, "log-text", "note", choose="log-note log-public")
    yield to_place("Log a decision", refusal, "log-text", "note", choose="log-decision")
    for label, kind in (("Ask with a clock", "ask"), ("Rule out a cause", "ruled-out")):
        yield to_place(label, may, "log-text", "note", choose=f"log-{kind}")
    for ask in reads.asks(view):
        yield to_place(f"Answer {short(str(ask))}", may, f"answer-{ask.id}", "answer")
        yield to_place(f"Defer {short(str(ask))}", may, f"answer-{ask.id}", "defer")
        for minutes in (3, 5, 10, 20):
            yield Command(
                f"Park {minutes} min: {short(str(ask))}",
                may,
                endpoint="fireground.park",
                takes={"ask": ask.id},
                values={"minutes": minutes},
            )
    yield at(view, "T", endpoint="fireground.new_track")
    yield to_place("Gather conditions", may, "gather-teams", "gather_conditions")
    for can in reads.cans(view).values():
        if can.open_need:
            refusal = view.why_not(Permission.CAN_REPORT)
            label = f"Need met: {can.team}, {short(can.open_need)}"
            yield Command(label, refusal, endpoint="fireground.met", takes={"report": can.id})
    yield to_place("Open timebox", may, "timebox-purpose", "new_timebox")
    for track in reads.tracks(view):
        if track.outcome is TrackOutcome.RUNNING:
            for minutes in (5, 10, 15):
                yield Command(
                    f"Extend {short(track.goal)} +{minutes}",
                    may,
                    endpoint="fireground.extend",
                    takes={"track": track.id},
                    values={"minutes": minutes},
                )
            yield to_place(f"Escalate {short(track.goal)}", may, f"to-{track.id}", "escalate")
            refusal = view.why_not(Permission.TRACK_OWN, always=True) or track_refusal(track, view.actor)
            for outcome in (TrackOutcome.SUCCEEDED, TrackOutcome.FAILED, TrackOutcome.ABANDONED):
                yield Command(
                    f"Track {outcome.value}: {short(track.goal)}",
                    refusal,
                    endpoint="fireground.outcome",
                    takes={"track": track.id},
                    values={"outcome": outcome.value},
                )
    for box in reads.timeboxes(view):
        label = f"Close timebox {short(box.purpose)}"
        yield Command(label, may, endpoint="fireground.end_timebox", takes={"timebox": box.id})


def systems(view: View) -> Iterator[Command]:
    """The first public word, and what the public reads of each affected system: a command for each status."""
    may = view.why_not(COMMAND)
    waits = view.incident.public_state in (PublicState.WAITING, PublicState.REVIEW)
    yield Command("Publish now", _why_not_publish(view), endpoint="fireground.publish")
    none = view.why_not(COMMAND, always=True) or ("" if waits else "Nothing waits to become public.")
    yield Command("Undo publication, stay private", none, endpoint="fireground.undo_publication")
    for name in view.incident.system_names:
        for status in SystemStatus:
            given = {"system": name, "status": status.value}
            label = f"{short(name)}, public: {status.label.lower()}"
            yield Command(label, may, endpoint="fireground.system_status", values=given)


def _why_not_publish(view: View) -> str:
    incident, state = view.incident, view.incident.public_state
    if incident.is_drill:
        return "A drill stays inside."
    if state is PublicState.PUBLIC:
        return "It is public."
    return view.why_not(COMMAND, always=state is not PublicState.PRIVATE)


def card(view: View) -> Iterator[Command]:
    """Each step of the run card that was put here, and the other cards that answer the incident."""
    may = view.why_not(COMMAND)
    if lies := reads.card(view):
        refusal = view.why_not(Permission.TIMELINE_NOTE)
        for step, text in enumerate(lies.steps):
            takes = {"use": lies.use.id, "step": step}
            label, values = ("Undo", {}) if step in lies.ticks else ("Done", {"ticked": "y"})
            yield Command(
                f"{label}: {short(text)}",
                refusal,
                endpoint="fireground.tick_card",
                takes=takes,
                values=values,
            )
    for other in reads.other_cards(view):
        label = f"Run card {short(other.name)}"
        yield Command(label, may, endpoint="fireground.put_card", values={"card": other.id})


def coach(view: View) -> Iterator[Command]:
    """What settles the nudges, and what sets them aside; a red one is not snoozed."""
    may = view.why_not(COMMAND)
    for nudge in reads.standing_nudges(view):
        rest, key = "fireground.rest", nudge.key
        yield Command(f"Dismiss nudge: {nudge.what}", may, endpoint=rest, values={"key": key})
        if not nudge.is_red:
            values = {"key": key, "snooze": "y"}
            yield Command(f"Snooze nudge 5 min: {nudge.what}", may, endpoint=rest, values=values)
    asked = {nudge.action for nudge in reads.standing_nudges(view)}
    none = may or ("" if "called" in asked else "Nobody has to be told by phone.")
    yield Command("Told by phone", none, endpoint="fireground.called")
    none = may or ("" if "late" in asked else "Nothing is asked about when the problem began.")
    yield Command("Problem began: that is right", none, endpoint="fireground.late")
