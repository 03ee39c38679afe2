"""What the demo's incidents left behind.

One with a whole review and its actions, one with a draft, one to begin.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import (
    ActionKind,
    ActionState,
    CheckState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.models import Incident
from majorops.operations import (
    actions,
    after_action,
    asks,
    command,
    incident,
    phase,
    reviews,
    stand_down,
    timeline,
    tracks,
    updates,
    validation,
)
from majorops.operations.edit import edit_field

PUBLIC = Visibility.PUBLIC
TEXTS = {
    "summary": "Release 4.17.0 retried failed card authorisations without backoff. Within eight minutes the "
    "retries held every connection of ledger-db, and card payments timed out in the EU and the US. "
    "Rolling back and restarting the pool ended it.",
    "root_cause": "The card client retried without backoff or a cap. Retries exhausted the ledger-db "
    "connection pool. Every card authorisation then timed out.",
    "contributing": "Canary had 1% traffic for 10 min, too low to fill the pool.\n"
    "Pool exhaustion had no alert. The 5xx alert came 01:20 later.\n"
    "The vendor contact on the run card was out of date.",
    "went_well": "The status page spoke before support had its first call.\n"
    "One person ran the bridge, and nobody else did.",
    "lost_time": "The rollback waited for a deploy freeze that nobody could lift.",
    "surprised": "A failover makes no difference when the clients hold the connections.",
    "learned": "We learned that a canary proves nothing about a pool that it cannot fill.\n"
    "We learned that the freeze needs a way out for incidents.",
}


def fill_reviews(actors: dict[str, Actor], now: datetime) -> None:
    """Add a Critical incident with its whole review, and bring those of the demo's older ones on their way.

    `actors`: of the demo, by first name.
    """
    dana, priya, lena = actors["Dana"], actors["Priya"], actors["Lena"]
    case, ended = _ledger(dana, lena, now - timedelta(days=9))
    _review(case, actors, ended)
    _actions(case, dana, ended, now)
    titles = {row.title: row for row in db.session.scalars(select(Incident).order_by(Incident.id))}
    drafted = titles["login-idp SSO timeouts"]
    at = now - timedelta(days=13)
    reviews.write_text(drafted, "summary", "Sign-in timed out for 72 min.", actor=dana, now=at)
    reviews.send_draft(drafted, actor=dana, now=at)
    reviews.ask_review(drafted, "Who noticed first, we or customers?", actor=priya, now=at)


def _ledger(dana: Actor, lena: Actor, began: datetime) -> tuple[Incident, datetime]:
    """A Critical incident of an hour with everything that a review reads; returns it and when it ended."""

    def at(minutes: float, actor: Actor = dana) -> dict:
        return {"actor": actor, "now": began + timedelta(minutes=minutes)}

    case = incident.open_incident(
        title="ledger-db connections exhausted",
        severity=Severity.CRITICAL,
        systems=["payments-api", "ledger-db"],
        bridge_url="https://meet.example.com/inc-ledger",
        detected_at=began,
        issue_time=began + timedelta(minutes=1.3),
        alert_id="HTTP 5xx > 20%, 120 s",
        waits=False,
        **at(3.1),
    )
    command.assign_role(case, CommandRole.SRE, "Lena Fischer", **at(4))
    command.assign_role(case, CommandRole.LEADER, "Tomás Herrera", **at(6))
    command.assign_role(case, CommandRole.CUSTOMER_OPS, "Priya Raman", **at(7))
    phase.advance_phase(case, **at(7))
    seen = timeline.add_note(case, "5xx from 2% to 61% within four minutes of release 4.17.0", **at(8, lena))
    tracks.report_can(case, team="App", conditions="5xx 61%", actions="reading traces", **at(9, lena))
    text = "Card payments are failing in EU and US. Wallet and bank transfer work."
    _milestone(case, text, at(8.6), 15)
    phase.advance_phase(case, **at(15.6))
    edit_field(case, "alert.customer_count", "1,312", **at(17))
    edit_field(case, "alert.external_impact", ExternalImpact.YES.value, **at(17.2))
    edit_field(case, "customer_impact_summary", "Card payments failed in EU and US checkouts.", **at(18))
    phase.advance_phase(case, **at(22.4))
    _milestone(case, "Cause suspected in release 4.17.0. It is being rolled back.", at(23.8), 15)
    back = tracks.open_track(
        case, team="App", owner="Lena Fischer", goal="Roll back payments-api to 4.16.3", minutes=15, **at(25)
    )
    over = tracks.open_track(
        case, team="Database", owner="M. Oyelaran", goal="Fail over to replica-2", minutes=10, **at(26)
    )
    asks.rule_out(case, cause="Network", why="traceroutes to the acquirer are clean", **at(27))
    froze = asks.log_decision(
        case,
        proposal="lift the deploy freeze for the rollback",
        decided_by="Leader",
        objections="Database: a failover is running",
        **at(34),
    )
    tracks.close_track(case, over.id, TrackOutcome.FAILED, note="clients hold the new pool too", **at(39))
    updates.post_holding(case, **at(42.1))
    phase.advance_phase(case, **at(43.8))
    edit_field(case, "description", "Retries without a cap exhausted the pool of ledger-db.", **at(44.5))
    phase.advance_phase(case, **at(46.3))
    tracks.close_track(case, back.id, TrackOutcome.SUCCEEDED, note="6/6 pods on 4.16.3", **at(53))
    phase.advance_phase(case, **at(54.6))
    _milestone(case, "Card payments work again. We are watching.", at(55), 15)
    edit_field(case, "alert.resolve_time", f"{began + timedelta(minutes=54):%Y-%m-%d %H:%M}", **at(55.5))
    for name in ("payments-api", "ledger-db"):
        validation.set_check(case, name, CheckState.CONFIRMED, **at(58))
    phase.change_status(case, IncidentStatus.MONITORING, **at(65.3))
    phase.advance_phase(case, **at(65.4))
    ends = at(66)
    updates.publish_milestone(
        case,
        "All card payments work. Cause: retries without a cap in release 4.17.0, which is rolled back.",
        visibility=PUBLIC,
        is_resolution=True,
        after_action_at=(ends["now"] + timedelta(days=1)).replace(minute=0, second=0, microsecond=0),
        **ends,
    )
    for entry in (seen, froze):
        reviews.mark_entry(case, entry.seq, True, **at(66.2))
    phase.change_status(case, IncidentStatus.RESOLVED, **at(66.7))
    stand_down.stand_down(case, **at(67))
    return case, began + timedelta(minutes=66.7)


def _milestone(case: Incident, text: str, who: dict, minutes: int) -> None:
    due = who["now"] + timedelta(minutes=minutes)
    updates.publish_milestone(case, text, visibility=PUBLIC, next_update_eta=due, **who)


def _review(case: Incident, actors: dict[str, Actor], ended: datetime) -> None:
    dana, lena = actors["Dana"], actors["Lena"]
    hour = timedelta(hours=1)
    after_action.invite(case, ["admin@example.org"], actor=dana, now=ended + hour)
    for number, (name, text) in enumerate(TEXTS.items()):
        writer = lena if number % 2 else dana
        reviews.write_text(case, name, text, actor=writer, now=ended + 2 * hour + number * hour / 12)
    reviews.send_draft(case, actor=dana, now=ended + 5 * hour)
    asked = reviews.ask_review(
        case, "Why did the pool have no alert?", actor=lena, now=ended + 6 * hour, seq=None
    )
    for name in ("Lena", "Priya"):
        reviews.read_draft(case, actor=actors[name], now=ended + 7 * hour)
    attended = (
        "Dana Whitfield: One bridge, one voice\nLena Fischer: The freeze cost us nine minutes\nPriya Raman"
    )
    met = ended + 25 * hour
    reviews.answer_review(
        case, asked.id, "Its limit was raised in spring and the alert kept the old one.", actor=lena, now=met
    )
    reviews.hold_review(case, attended, actor=dana, now=met)
    reviews.publish_review(case, actor=dana, now=met + 4 * hour)


def _actions(case: Incident, dana: Actor, ended: datetime, now: datetime) -> None:
    """Four actions: one done, one late, one that is due soon, one that was moved."""
    at = ended + timedelta(hours=25)

    def due(days: int) -> datetime:
        return now + timedelta(days=days)

    given = (
        ("Add backoff and a retry cap to the card client", "Lena Fischer", 3, ActionKind.PREVENT),
        ("Alert on ledger-db pool above 80% for 60 s", "M. Oyelaran", -2, ActionKind.DETECT),
        ("Run the canary at 10% for 30 min", "Lena Fischer", 12, ActionKind.PREVENT),
        ("Name a way out of the deploy freeze on the run card", "Tomás Herrera", 1, ActionKind.RESPOND),
    )
    for text, owner, days, kind in given:
        planned = actions.Planned(text, owner, max(due(days), at).date(), kind, "")
        actions.add_action(case, planned, actor=dana, now=at)
    actions.end_action(
        case,
        1,
        ActionState.DONE,
        "Release 4.19.0: at most 3 retries. https://ci.example.com/runs/8812",
        actor=dana,
        now=now - timedelta(days=1),
    )
    moved = actions.Planned(given[2][0], given[2][1], due(19).date(), given[2][3], "")
    actions.change_action(case, 3, moved, actor=dana, now=now - timedelta(days=1))
