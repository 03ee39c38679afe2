"""Courses of resolved incidents, each run through the operations: what is copied later is what they write."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from sqlalchemy import update

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import (
    AccountRole,
    ActionKind,
    ActionState,
    CheckState,
    CommandRole,
    DeliveryState,
    IncidentStatus,
    Phase,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.models import Announcement, Delivery, Incident, Review, User
from majorops.operations import (
    actions,
    command,
    incident,
    phase,
    stand_down,
    timeline,
    tracks,
    updates,
    validation,
)
from majorops.operations.after_action import call_off_after_action
from majorops.operations.edit import edit_field
from majorops.operations.reviews import close_review, hold_review, publish_review, send_draft, write_text

DAY = datetime(1996, 2, 6, tzinfo=UTC)  # all courses happen on this day; a copy has another one
VARIED = "@@"  # in a text: a number that differs from copy to copy
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
WEIGHTS = (1, 3, 5, 4)
PROBLEMS = (
    ("errors after release 4.@@.2", "Roll back to the release before", "5xx above 20 %"),
    ("slow since change C-1@@", "Undo change C-1@@", "p95 above 4 s"),
    ("queue grows, consumer @@ stuck", "Restart the consumers one by one", "queue depth above 50,000"),
    ("disk full on node @@", "Move old segments, add a volume", "disk above 95 %"),
    ("certificate of host @@ expired", "Renew the certificate", "TLS handshakes fail"),
    ("shard @@ without a leader", "Promote a replica", "writes refused"),
    ("pool of connections exhausted", "Raise the pool, end idle sessions", "waits above 30 s"),
    ("vendor's gateway @@ times out", "Fail over to the second gateway", "time-outs above 8 %"),
)
TEAMS = ("App", "Database", "Network", "Platform", "Vendor desk")
HOLDERS = ("Lena Fischer", "M. Oyelaran", "J. Okafor", "Tomás Herrera", "K. Lindholm")
OWNERS = ("M. Oyelaran", "J. Okafor", "K. Lindholm")  # without accounts: nobody is told
MINUTES_A_DAY = 24 * 60
CHANGES = (
    ("Alert on the first of these signs", ActionKind.DETECT),
    ("Add a cap to the retries", ActionKind.PREVENT),
    ("Add the vendor's contact to the run card", ActionKind.RESPOND),
)
NOTES = (
    "Traceroutes are clean on both sides",
    "Host @@ drained, traffic is fine on the others",
    "Dashboards lag by two minutes, read the logs instead",
    "Deploy freeze until phase 7",
    "Support has @@ contacts so far",
    "Replica @@ is in sync again",
)


class Who(TypedDict):
    """Who acts and when: what every operation asks for."""

    actor: Actor
    now: datetime


@dataclass
class Course:
    """An incident while it runs its course; `minutes` since it began."""

    mim: Actor
    began: datetime
    minutes: float = 0

    def after(self, minutes: float) -> Who:
        """Who acts, and when: so many minutes later."""
        self.minutes += minutes
        return {"actor": self.mim, "now": self.began + timedelta(minutes=self.minutes)}


def run_courses(count: int, systems: list[str]) -> None:
    """Run so many incidents from their opening to the stand-down, the same ones each time.

    Their messages then count as sent. The database holds the people that they need.
    """
    chance = random.Random(20)  # noqa: S311 (varied, not secret)
    mims = [user.actor for user in db.session.query(User).filter_by(role=AccountRole.MIM).order_by(User.id)]
    for number in range(count):
        _run(chance, number, mims[number % len(mims)], systems)
    sent = {"state": DeliveryState.SENT, "attempts": 1, "sent_at": Delivery.created_at}
    db.session.execute(update(Delivery).where(Delivery.state == DeliveryState.PENDING).values(sent))
    db.session.execute(update(Announcement).values(done_at=Announcement.at))
    db.session.execute(update(Review).values(nudge_at=None))  # of the past nobody is reminded


def _run(chance: random.Random, number: int, mim: Actor, catalogue: list[str]) -> None:
    severity = chance.choices(SEVERITIES, WEIGHTS)[0]
    names = chance.sample(catalogue, chance.choices((1, 2, 3), (5, 3, 1))[0])
    problem, way_out, alert = chance.choice(PROBLEMS)
    course = Course(mim, DAY + timedelta(minutes=chance.randrange(19 * 60), seconds=chance.randrange(60)))
    began, pace = course.began, chance.uniform(0.7, 2.2)
    case = incident.open_incident(
        title=f"{names[0]}: {problem}",
        severity=severity,
        systems=names,
        detected_at=began,
        issue_time=began if chance.random() < 0.6 else None,
        alert_id=alert,
        is_drill=number % 24 == 7,
        is_public=True,
        public_title=f"{names[0]}: {problem}",
        waits=False,
        **course.after(2 * pace),
    )
    if number % 16 == 5:
        edit_field(case, "is_public", "no", **course.after(0.3))
    is_large = severity in SEVERITIES[:2]
    if number % 2 == 0 and not is_large:
        return _false_alarm(case, course, pace)
    if is_large:
        for role in (CommandRole.SRE, CommandRole.CUSTOMER_OPS):
            command.assign_role(case, role, chance.choice(HOLDERS), **course.after(pace))
    phase.advance_phase(case, **course.after(3 * pace))
    team = chance.choice(TEAMS)
    if is_large:
        tracks.report_can(case, team=team, conditions=alert, actions="looking", **course.after(2 * pace))
    phase.advance_phase(case, **course.after(4 * pace))
    if is_large:
        count = f"approximately {chance.randrange(1, 90) * 40}"
        edit_field(case, "alert.customer_count", count, **course.after(pace))
    phase.advance_phase(case, **course.after(2 * pace))
    _say(case, f"{names[0]} is degraded. The team is on it.", course, pace)
    for note in chance.sample(NOTES, chance.choice((0, 0, 1, 1, 2))):
        timeline.add_note(case, note, **course.after(pace))
    phase.advance_phase(case, Phase.ISOLATION, **course.after(3 * pace))
    track = _track(case, team, way_out, course, pace) if is_large else None
    phase.advance_phase(case, **course.after(5 * pace))
    if severity is Severity.CRITICAL:
        _say(case, f"The cause is found. {way_out}: under way.", course, pace)
    if track:
        tracks.close_track(case, track, TrackOutcome.SUCCEEDED, **course.after(4 * pace))
    _end(case, names, course, pace)
    if is_large:
        _actions(case, number, course, way_out)
    else:
        why = "A known fault with a known end: nothing to learn that the run card does not say."
        call_off_after_action(case, why, **course.after(5))


def _actions(case: Incident, number: int, course: Course, way_out: str) -> None:
    """What a large one left to be changed: done by its date, after it, after it was moved, or dropped.

    Between them its review is held, after the last one it is closed; now and then one waits for its meeting.
    """
    left = CHANGES[: 1 + number % 3]
    closed, late = course.minutes, [place for place in range(len(left)) if (number + place) % 3 == 0]
    for place, (text, kind) in enumerate(left):
        due = (course.began + timedelta(days=10 + place)).date()
        planned = actions.Planned(text, OWNERS[(number + place) % len(OWNERS)], due, kind)
        actions.add_action(case, planned, **course.after(3))
        if (number + place) % 4 == 0:
            later = replace(planned, due_on=due + timedelta(days=7))
            actions.change_action(case, place + 1, later, **course.after(1))
    if is_reviewed := number % 7 != 3:
        course.minutes = closed + MINUTES_A_DAY
        _review(case, course, way_out)
    for place in sorted(range(len(left)), key=late.__contains__):
        course.minutes = closed + (16 if place in late else 8) * MINUTES_A_DAY + 10 * place
        is_dropped = place == 2
        state = ActionState.DROPPED if is_dropped else ActionState.DONE
        why = "The vendor does it from release @@ on." if is_dropped else "Release 4.@@.3, and its test."
        actions.end_action(case, place + 1, state, why, **course.after(1))
    if is_reviewed:
        close_review(case, **course.after(30))


def _review(case: Incident, course: Course, way_out: str) -> None:
    for name, text in (
        ("summary", f"{case.title}. What ended it: {way_out[:1].lower()}{way_out[1:]}."),
        ("root_cause", "Nothing in the system limits what one part may ask of the next."),
        ("contributing", "The first sign had no alert\nThe run card names another owner"),
    ):
        write_text(case, name, text, **course.after(5))
    send_draft(case, **course.after(10))
    attended = f"{course.mim.name}: The first sign was there before the alert.\nM. Oyelaran"
    hold_review(case, attended, **course.after(45))
    publish_review(case, **course.after(30))


def _false_alarm(case: Incident, course: Course, pace: float) -> None:
    """Closed early with a written reason, as phase 1 asks for where nothing is wrong."""
    timeline.add_note(case, "The probe itself was broken, customers saw nothing", **course.after(3 * pace))
    why = "False alarm: the probe was broken."
    phase.change_status(case, IncidentStatus.RESOLVED, override=why, **course.after(2 * pace))
    stand_down.stand_down(case, **course.after(1))


def _say(case: Incident, text: str, course: Course, pace: float, **resolution) -> None:
    who = course.after(pace)
    eta = None if resolution else who["now"] + timedelta(minutes=35)
    updates.publish_milestone(
        case, text, visibility=Visibility.PUBLIC, next_update_eta=eta, **resolution, **who
    )


def _track(case: Incident, team: str, goal: str, course: Course, pace: float) -> int:
    owner, who = f"{team} on call", course.after(pace)
    return tracks.open_track(case, team=team, owner=owner, goal=goal, minutes=20, **who).id


def _end(case: Incident, names: list[str], course: Course, pace: float) -> None:
    phase.advance_phase(case, Phase.VALIDATION, **course.after(4 * pace))
    for name in names:
        validation.set_check(case, name, CheckState.CONFIRMED, **course.after(1))
    phase.change_status(case, IncidentStatus.MONITORING, **course.after(11))
    phase.advance_phase(case, Phase.RESOLUTION, **course.after(pace))
    text = f"{names[0]} works normally again. The cause is fixed."
    when = course.after(0)["now"] + timedelta(days=1)
    _say(case, text, course, pace, is_resolution=True, after_action_at=when)
    phase.change_status(case, IncidentStatus.RESOLVED, **course.after(2 * pace))
    stand_down.stand_down(case, **course.after(1))
