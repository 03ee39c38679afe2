"""Running a recording: each step through its operation, at its recorded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict, cast

from majorops.domain.access import Actor
from majorops.domain.enums import AccountRole, IntakeSource, Visibility
from majorops.domain.errors import Refused
from majorops.domain.text import clean_line, clean_text
from majorops.models import Incident
from majorops.operations import command, incident, phase, timeline, tracks, updates, validation
from majorops.operations.edit import edit_field
from majorops.replay.file import Recording, Step


class Who(TypedDict):
    """Who acts and when: what every operation asks for."""

    actor: Actor
    now: datetime


class StepRefused(Exception):
    """A rule refused a step; what was done before it stays."""

    def __init__(self, step: Step, reason: str, reference: str | None):
        self.reference = reference
        super().__init__(f"step {step.number} ({step.deed}): {reason}")


def run(
    recording: Recording, *, speed: float | None, is_drill: bool, sleep: Callable = time.sleep
) -> Incident:
    """Take every step. `speed`: recorded seconds per second, None for no waiting. Returns the incident.
    Raises StepRefused."""
    player = Player(recording, is_drill)
    before = recording.steps[0].at
    for step in recording.steps:
        if speed:
            sleep((step.at - before).total_seconds() / speed)
        before = step.at
        try:
            player.take(step)
        except Refused as problem:
            reference = player.incident.reference if player.incident else None
            raise StepRefused(step, str(problem), reference) from problem
    return player.case


class Player:
    """The incident that grows while the steps are taken, and the keys of its tracks and timeboxes."""

    def __init__(self, recording: Recording, is_drill: bool):
        self.recording, self.is_drill = recording, is_drill
        self.incident: Incident | None = None
        self.tracks: dict[str, int] = {}
        self.timeboxes: dict[str, int] = {}

    @property
    def case(self) -> Incident:
        """The incident, which the first step of every recording opens."""
        return cast(Incident, self.incident)

    def take(self, step: Step) -> None:
        actor = Actor(name=clean_line(step.by or self.recording.mim), role=AccountRole.MIM)
        given = {
            name: clean_text(value) if type(value) is str else value for name, value in step.given.items()
        }
        getattr(self, f"do_{step.deed}")(given, {"actor": actor, "now": step.at})

    def do_open(self, given: dict, who: Who) -> None:
        head = self.recording
        alert = dict(head.alert)
        if "approximate" in alert:
            alert["customer_count_is_approximate"] = alert.pop("approximate")
        self.incident = incident.open_incident(
            title=head.title,
            severity=head.severity,
            systems=head.systems,
            bridge_url=head.bridge_url,
            detected_at=head.detected_at,
            is_drill=self.is_drill,
            source=IntakeSource.CLI,
            **alert,
            **who,
        )
        for role, name in head.command.items():
            command.assign_role(self.case, role, clean_line(name), **who)

    def do_note(self, given: dict, who: Who) -> None:
        seen = given.get("visibility", Visibility.INTERNAL)
        timeline.add_note(self.case, given["text"], visibility=seen, **who)

    def do_can(self, given: dict, who: Who) -> None:
        tracks.report_can(self.case, **given, **who)

    def do_edit(self, given: dict, who: Who) -> None:
        edit_field(self.case, given["field"], given["value"], **who)

    def do_assign(self, given: dict, who: Who) -> None:
        command.assign_role(self.case, given["role"], clean_line(given["name"]), **who)

    def do_severity(self, given: dict, who: Who) -> None:
        incident.change_severity(self.case, given["to"], reason=given.get("why", ""), **who)

    def do_phase(self, given: dict, who: Who) -> None:
        reason, override = given.get("why", ""), given.get("override", "")
        phase.advance_phase(self.case, given["to"], reason=reason, override=override, **who)

    def do_milestone(self, given: dict, who: Who) -> None:
        eta = (
            who["now"] + timedelta(minutes=given.pop("next_update_in")) if "next_update_in" in given else None
        )
        updates.publish_milestone(
            self.case, given.pop("body"), next_update_eta=eta, source="cli", **given, **who
        )

    def do_update(self, given: dict, who: Who) -> None:
        eta = who["now"] + timedelta(minutes=given["next_update_in"]) if "next_update_in" in given else None
        seen = given.get("visibility", Visibility.INTERNAL)
        updates.publish_update(
            self.case, given["text"], visibility=seen, next_update_eta=eta, source="cli", **who
        )

    def do_track(self, given: dict, who: Who) -> None:
        team, owner, goal, minutes = (given[name] for name in ("team", "owner", "goal", "minutes"))
        track = tracks.open_track(self.case, team=team, owner=owner, goal=goal, minutes=minutes, **who)
        self.tracks[given["key"]] = track.id

    def do_track_extend(self, given: dict, who: Who) -> None:
        tracks.extend_track(self.case, self.tracks[given["key"]], given["minutes"], **who)

    def do_track_close(self, given: dict, who: Who) -> None:
        note = given.get("note", "")
        tracks.close_track(self.case, self.tracks[given["key"]], given["outcome"], note=note, **who)

    def do_timebox(self, given: dict, who: Who) -> None:
        owner = given.get("owner", who["actor"].name)
        box = tracks.open_timebox(
            self.case, purpose=given["purpose"], owner=owner, minutes=given["minutes"], **who
        )
        self.timeboxes[given["key"]] = box.id

    def do_timebox_close(self, given: dict, who: Who) -> None:
        tracks.close_timebox(self.case, self.timeboxes[given["key"]], note=given.get("note", ""), **who)

    def do_check(self, given: dict, who: Who) -> None:
        validation.set_check(
            self.case, given["system"].lower(), given["state"], note=given.get("note", ""), **who
        )

    def do_symptoms_returned(self, given: dict, who: Who) -> None:
        phase.report_symptoms_returned(self.case, note=given.get("note", ""), **who)

    def do_status(self, given: dict, who: Who) -> None:
        phase.change_status(self.case, given["to"], override=given.get("override", ""), **who)

    def do_alert_cleared(self, given: dict, who: Who) -> None:
        edit_field(self.case, "alert.resolve_time", f"{who['now']:%Y-%m-%d %H:%M:%S}", **who)

    def do_release(self, given: dict, who: Who) -> None:
        command.release_responder(self.case, clean_line(given["name"]), **who)
