"""The hand-over of command (domain §5): who may do what with it, and the six lines that both people read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Actor, Permission
from majorops.domain.alarm import is_role_asked
from majorops.domain.coach import Clocked, CoachInputs
from majorops.domain.enums import AccountRole, CommandRole, HandoverState, Phase
from majorops.domain.gates import CLEAN_WINDOW
from majorops.domain.measures import clock, short_clock
from majorops.domain.text import count

NAMED = 4  # of a kind; the others are counted
LONGEST = 300


@dataclass(frozen=True)
class Line:
    """One line of the brief; `str()` is `Phase: 5 Isolation, …`."""

    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}: {self.text}"


@dataclass(frozen=True)
class Picture:
    """What the brief tells beyond what the coach watches.

    `milestone`: the newest one's number and time; `needs`: (team, what it needs); `held`:
    (role, who holds it).
    """

    reference: str
    title: str
    opened_at: datetime
    systems: tuple[str, ...]
    customers: str
    external: str
    milestone: tuple[int, datetime] | None = None
    needs: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[CommandRole, str], ...] = ()


def brief(seen: Picture, inputs: CoachInputs, now: datetime) -> tuple[Line, ...]:
    """What the incoming MIM must know, in six lines: incident, phase, impact, promise, tracks, team.

    Each line has at most 300 characters, and four of a kind by name; the others are counted.
    """
    lines = {
        "Incident": (
            f"{seen.reference} {inputs.severity.label}, {inputs.level.label}. {seen.title}. "
            f"{clock(now - seen.opened_at)}"
        ),
        "Phase": f"{inputs.phase.title}, {short_clock(now - inputs.phase_at)}. {_window(inputs, now)}",
        "Impact": f"{_named(seen.systems, 'system')}. Customers: {seen.customers}. External: {seen.external}",
        "Promise": f"{_promise(inputs.promised_at, now)} {_milestone(seen)}",
        "Tracks": _tracks(seen, inputs, now),
        "Team": _team(seen, inputs, now),
    }
    return tuple(Line(label, _cut(text)) for label, text in lines.items())


def _window(inputs: CoachInputs, now: datetime) -> str:
    if inputs.phase < Phase.VALIDATION or inputs.window_at is None:
        return "Clean window not started"
    clean = min(now - inputs.window_at, CLEAN_WINDOW)
    resets = f", reset {inputs.window_resets}×" if inputs.window_resets else ""
    return f"Clean window {short_clock(clean)} of {short_clock(CLEAN_WINDOW)}{resets}"


def _promise(due: datetime | None, now: datetime) -> str:
    if due is None:
        return "No update promised."
    if due <= now:
        return f"Update overdue {short_clock(now - due)}, was due {due:%H:%M:%S}."
    return f"Next update in {short_clock(due - now)}, by {due:%H:%M:%S}."


def _milestone(seen: Picture) -> str:
    if seen.milestone is None:
        return "No milestone"
    number, at = seen.milestone
    return f"Milestone {number} at {at:%H:%M}"


def _tracks(seen: Picture, inputs: CoachInputs, now: datetime) -> str:
    running = _clocked(inputs.tracks, now)
    parts = [f"{len(inputs.tracks)} running{f': {running}' if running else ''}."]
    if inputs.timeboxes:
        parts.append(f"Timeboxes: {_clocked(inputs.timeboxes, now)}.")
    needs = [f"{team} {what}" for team, what in seen.needs]
    parts.append(f"Needs: {_listed(needs)}" if needs else "Needs: none")
    return " ".join(parts)


def _team(seen: Picture, inputs: CoachInputs, now: datetime) -> str:
    held = "; ".join(f"{role.label} {name}" for role, name in seen.held) or "nobody"
    vacant = [
        role.label
        for role in CommandRole
        if role in (inputs.vacant or {}) and is_role_asked(role, inputs.level)
    ]
    text = f"{held}. Vacant: {', '.join(vacant) or 'none'}"
    return f"{text}. Asks open: {_clocked(inputs.asks, now)}" if inputs.asks else text


def _clocked(rows: tuple[Clocked, ...], now: datetime) -> str:
    return _listed([f"{row.name} {_left(row.due_at, now)}" for row in rows])


def _left(due: datetime | None, now: datetime) -> str:
    if due is None:
        return "no timebox"
    return f"{'-' if due < now else ''}{short_clock(due - now)}"


def _listed(texts: list[str]) -> str:
    more = len(texts) - NAMED
    return "; ".join(texts[:NAMED]) + (f"; {more} more" if more > 0 else "")


def _named(names: tuple[str, ...], noun: str) -> str:
    listed = _listed(list(names)).replace("; ", ", ")
    return f"{count(len(names), noun)}{f': {listed}' if names else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def offer_refusal(mim: str, mim_id: int | None, actor: Actor) -> str:
    """Why this person does not hand command over; empty for the MIM and for an admin.

    `mim`: who holds command.
    """
    if not mim:
        return "MIM is vacant. Take it with I have command."
    if actor.role is AccountRole.ADMIN or (mim_id is not None and mim_id == actor.user_id):
        return ""
    return f"Only {mim}, MIM, or an admin hands command over."


def receiver_refusal(name: str, role: AccountRole, is_active: bool) -> str:
    """Why command cannot go to this account; empty when it can."""
    if not is_active:
        return f"The account of {name} is switched off."
    refusal = Actor(name, role).refusal(Permission.INCIDENT_COMMAND)
    return f"{name} has no command rights. {refusal}" if refusal else ""


def answer_refusal(to_name: str, to_id: int, actor: Actor) -> str:
    """Why this person neither accepts nor declines; empty for the one it was offered to."""
    return "" if actor.user_id == to_id else f"Command is offered to {to_name}: only they answer."


def withdraw_refusal(from_name: str, from_id: int | None, actor: Actor) -> str:
    """Why this person does not take the offer back; empty for who made it and for an admin."""
    if actor.role is AccountRole.ADMIN or (from_id is not None and from_id == actor.user_id):
        return ""
    return f"Only {from_name} or an admin withdraws this."


def closed_sentence(state: HandoverState, at: datetime, reason: str) -> str:
    """Why a hand-over that is over cannot be answered any more."""
    return f"This hand-over was {state.label.lower()} at {at:%H:%M:%S}{f': {reason}' if reason else '.'}"
