"""Running a recording: each step through its operation, at its recorded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TypedDict, cast

from majorops.domain.access import Actor
from majorops.domain.enums import AccountRole, IntakeSource
from majorops.domain.errors import Refused
from majorops.domain.text import clean_line
from majorops.models import Incident
from majorops.operations import command, incident, phase, timeline, tracks, updates, validation
from majorops.operations.edit import edit_field
from majorops.replay import deeds
from majorops.replay.recording import Recording


class Who(TypedDict):
    """Who acts and when: what every operation asks for."""

    actor: Actor
    now: datetime


class StepRefused(Exception):
    """A rule refused a step; what was done before it stays."""

    def __init__(self, number: int, step: deeds.Step, reason: str, reference: str | None):
        self.reference = reference
        super().__init__(f"step {number} ({step.do}): {reason}")


def run(
    recording: Recording, *, speed: float | None, is_drill: bool, sleep: Callable = time.sleep
) -> Incident:
    """Take every step. Returns the incident.

    `speed`: recorded seconds per second, None for no waiting. Raises StepRefused.
    """
    player = Player(recording, is_drill)
    before = recording.steps[0].at
    for number, step in enumerate(recording.steps, 1):
        if speed:
            sleep((step.at - before).total_seconds() / speed)
        before = step.at
        try:
            player.take(step)
        except Refused as problem:
            reference = player.incident.reference if player.incident else None
            raise StepRefused(number, step, str(problem), reference) from problem
    return player.case


class Player:
    """The incident that grows while the steps are taken, and the keys of its tracks and timeboxes.

    `do_<deed>` takes one kind of step; each raises as the operation that it calls.
    """

    def __init__(self, recording: Recording, is_drill: bool):
        self.recording, self.is_drill = recording, is_drill
        self.incident: Incident | None = None
        self.tracks: dict[str, int] = {}
        self.timeboxes: dict[str, int] = {}

    @property
    def case(self) -> Incident:
        """The incident, which the first step of every recording opens."""
        return cast(Incident, self.incident)

    def take(self, step: deeds.Step) -> None:
        """Do one step at its recorded time, by the person that it names, as an MIM. Raises Refused."""
        actor = Actor(name=clean_line(step.by or self.recording.mim), role=AccountRole.MIM)
        getattr(self, f"do_{step.do}")(step, actor=actor, now=step.at)

    def do_open(self, step: deeds.Open, *, actor: Actor, now: datetime) -> None:
        """Open the incident as the head says, then give each command role that it names."""
        head = self.recording
        self.incident = incident.open_incident(
            title=head.title,
            severity=head.severity,
            systems=head.affected_systems,
            bridge_url=head.bridge_url,
            detected_at=head.detected_at,
            is_drill=self.is_drill,
            is_public=True,  # what is told is over: there is nothing to undo it for
            waits=False,
            source=IntakeSource.CLI,
            **head.alert.model_dump(exclude_unset=True),
            actor=actor,
            now=now,
        )
        for role, name in head.command.items():
            command.assign_role(self.case, role, clean_line(name), actor=actor, now=now)

    def do_note(self, step: deeds.Note, *, actor: Actor, now: datetime) -> None:
        """Log a manual entry."""
        timeline.add_note(self.case, step.text, visibility=step.visibility, actor=actor, now=now)

    def do_can(self, step: deeds.Can, *, actor: Actor, now: datetime) -> None:
        """Report what a team said; what it left out is empty."""
        tracks.report_can(
            self.case,
            team=step.team,
            conditions=step.conditions,
            actions=step.actions,
            needs=step.needs,
            actor=actor,
            now=now,
        )

    def do_edit(self, step: deeds.Edit, *, actor: Actor, now: datetime) -> None:
        """Save a field, as typed by a person who saw the newest value."""
        edit_field(self.case, step.field, step.value, actor=actor, now=now)

    def do_assign(self, step: deeds.Assign, *, actor: Actor, now: datetime) -> None:
        """Give a command role by name."""
        command.assign_role(self.case, step.role, clean_line(step.name), actor=actor, now=now)

    def do_severity(self, step: deeds.ChangeSeverity, *, actor: Actor, now: datetime) -> None:
        """Change the severity, with all that the new level brings about (domain §2)."""
        incident.change_severity(self.case, step.to, reason=step.why, actor=actor, now=now)

    def do_phase(self, step: deeds.ChangePhase, *, actor: Actor, now: datetime) -> None:
        """Go on to a later phase, over gates where the step says why."""
        phase.advance_phase(self.case, step.to, reason=step.why, override=step.override, actor=actor, now=now)

    def do_milestone(self, step: deeds.CutMilestone, *, actor: Actor, now: datetime) -> None:
        """Publish a milestone; its promise is counted from the time of the step."""
        updates.publish_milestone(
            self.case,
            step.body,
            title=step.title,
            visibility=step.visibility,
            next_update_eta=step.next_update_eta,
            is_resolution=step.is_resolution,
            after_action_at=step.after_action_at,
            source="cli",
            actor=actor,
            now=now,
        )

    def do_update(self, step: deeds.Update, *, actor: Actor, now: datetime) -> None:
        """Publish a status update; its promise is counted from the time of the step."""
        updates.publish_update(
            self.case,
            step.text,
            visibility=step.visibility,
            next_update_eta=step.next_update_eta,
            source="cli",
            actor=actor,
            now=now,
        )

    def do_track(self, step: deeds.Track, *, actor: Actor, now: datetime) -> None:
        """Open a track, and remember which one its key stands for."""
        track = tracks.open_track(
            self.case,
            team=step.team,
            owner=step.owner,
            goal=step.goal,
            minutes=step.minutes,
            actor=actor,
            now=now,
        )
        self.tracks[step.key] = track.id

    def do_track_extend(self, step: deeds.ExtendTrack, *, actor: Actor, now: datetime) -> None:
        """Extend the track of this key. KeyError for an unknown one, which `read` refuses before."""
        tracks.extend_track(self.case, self.tracks[step.key], step.minutes, actor=actor, now=now)

    def do_track_close(self, step: deeds.CloseTrack, *, actor: Actor, now: datetime) -> None:
        """End the track of this key. KeyError for an unknown one, which `read` refuses before."""
        tracks.close_track(
            self.case, self.tracks[step.key], step.outcome, note=step.note, actor=actor, now=now
        )

    def do_timebox(self, step: deeds.Timebox, *, actor: Actor, now: datetime) -> None:
        """Open a timebox, and remember which one its key stands for."""
        owner = step.owner or actor.name
        box = tracks.open_timebox(
            self.case, purpose=step.purpose, owner=owner, minutes=step.minutes, actor=actor, now=now
        )
        self.timeboxes[step.key] = box.id

    def do_timebox_close(self, step: deeds.CloseTimebox, *, actor: Actor, now: datetime) -> None:
        """End the timebox of this key. KeyError for an unknown one, which `read` refuses before."""
        tracks.close_timebox(self.case, self.timeboxes[step.key], note=step.note, actor=actor, now=now)

    def do_check(self, step: deeds.Check, *, actor: Actor, now: datetime) -> None:
        """Set the validation of a system, whose name counts in lower case."""
        validation.set_check(self.case, step.system.lower(), step.state, note=step.note, actor=actor, now=now)

    def do_symptoms_returned(self, step: deeds.SymptomsReturned, *, actor: Actor, now: datetime) -> None:
        """Report that symptoms returned, in phase 7 or 8."""
        phase.report_symptoms_returned(self.case, note=step.note, actor=actor, now=now)

    def do_status(self, step: deeds.ChangeStatus, *, actor: Actor, now: datetime) -> None:
        """Change the status, over gates where the step says why."""
        phase.change_status(self.case, step.to, override=step.override, actor=actor, now=now)

    def do_alert_cleared(self, step: deeds.AlertCleared, *, actor: Actor, now: datetime) -> None:
        """Set when the alert cleared, to the second of the step."""
        edit_field(self.case, "alert.resolve_time", f"{step.at:%Y-%m-%d %H:%M:%S}", actor=actor, now=now)

    def do_release(self, step: deeds.Release, *, actor: Actor, now: datetime) -> None:
        """Release a responder, who gives up a command role with that, but never the MIM's."""
        command.release_responder(self.case, clean_line(step.name), actor=actor, now=now)
