"""The command team (domain §5, §12).

Who holds which role, who acts for an empty one, the offer of command, the exposure line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Permission
from majorops.domain.enums import AccountRole, CommandRole
from majorops.domain.handover import offer_refusal
from majorops.domain.roles import ABOUT, stand_in
from majorops.fireground import reads
from majorops.fireground.fields import FieldAtRest, at_rest, fields_at
from majorops.fireground.view import Form, View
from majorops.models import User
from majorops.operations.exposure import exposure_of
from majorops.operations.fields import Place
from majorops.operations.outbox import audience
from majorops.operations.paging import said_on_call

HISTORY_SHOWN = 20
RECEIVERS_SHOWN = 200


@dataclass(frozen=True)
class Held:
    """A role that somebody held or holds."""

    role: str
    name: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class RoleRow:
    """A role of the command team.

    `acting`: who acts while it is vacant, and why, empty for nobody; `stands_out`: it is asked for and empty.
    `pages_whom`: who is on call for it, empty for nobody, None where this person does not page;
    `value`: the role as forms send it.
    """

    label: str
    holder: FieldAtRest
    stands_out: bool
    acting: str
    is_mim: bool
    is_held: bool
    pages_whom: str | None
    value: str


@dataclass(frozen=True)
class Receiver:
    """Somebody to whom command may be offered."""

    number: int
    name: str
    email: str


@dataclass(frozen=True)
class ExposureLine:
    """The line as it would be now, in words too, and the one that was published last."""

    line: str
    words: str
    fields: tuple[FieldAtRest, ...]
    published: str | None
    published_at: datetime | None


@dataclass(frozen=True)
class Team:
    """The command team; of the roles that are asked for, so many are `held` and `vacant`.

    `offered_to`: whose answer command waits for, empty for nobody; `receivers`: None for who may not offer
    it; `earlier`: roles held that are not shown.
    """

    address: str
    form: Form
    now: datetime
    is_over: bool
    held: int
    asked: int
    vacant: int
    about: tuple[tuple[str, str], ...]
    history: tuple[Held, ...]
    earlier: int
    roles: tuple[RoleRow, ...]
    offered_to: str
    receivers: tuple[Receiver, ...] | None
    can_take: bool
    exposure: ExposureLine
    can_command: bool


def why_not_offer(view: View) -> str:
    """Why this person does not offer command to somebody; empty when they may."""
    mim = reads.mim(view)
    refusal = offer_refusal(mim.name if mim else "", mim.user_id if mim else None, view.actor)
    if not refusal and (offer := reads.handover(view)):
        refusal = f"Command is offered to {offer.to_name} already."
    return view.why_not(Permission.INCIDENT_COMMAND) or refusal


def receivers(view: View) -> list[User]:
    """To whom command may be offered, by name; at most 200."""
    mim = reads.mim(view)
    people = audience([AccountRole.MIM, AccountRole.ADMIN])
    return [user for user in people if not mim or user.id != mim.user_id][:RECEIVERS_SHOWN]


def build(view: View) -> Team:
    """The command team as this person sees it; the history has the 20 roles that were given last."""
    incident, offer = view.incident, reads.handover(view)
    roles = tuple(_row(view, holder) for holder in reads.team(view))
    asked = sum(reads.is_vacant(view, role) for role in CommandRole)
    vacant = sum(row.stands_out for row in roles)
    newest = sorted(reads.assignments(view), key=lambda row: (row.since, row.id), reverse=True)
    can_offer = not offer and not why_not_offer(view)
    to = tuple(Receiver(user.id, user.name, user.email) for user in receivers(view)) if can_offer else None
    return Team(
        address=view.address,
        form=view.form,
        now=view.now,
        is_over=incident.is_resolved,
        held=asked - vacant,
        asked=asked,
        vacant=vacant,
        about=tuple((role.label, about) for role, about in ABOUT.items()),
        history=tuple(Held(r.role.label, r.name, r.since, r.until) for r in newest[:HISTORY_SHOWN]),
        earlier=max(len(newest) - HISTORY_SHOWN, 0),
        roles=roles,
        offered_to=offer.to_name if offer else "",
        receivers=to,
        can_take=not reads.why_not_take(view),
        exposure=_exposure(view),
        can_command=view.can_command,
    )


def _row(view: View, holder: reads.RoleHolder) -> RoleRow:
    instead = None
    if not view.incident.is_resolved and holder.role not in reads.let_go(view):
        held = {one.role: one.held.name for one in reads.team(view) if one.held}
        instead = stand_in(holder.role, held, view.incident.phase, view.incident.alarm_level)
    is_said = instead and (reads.is_asked(view, holder.role) or instead.name)
    return RoleRow(
        label=holder.role.label,
        holder=at_rest(view, f"command.{holder.role.value}"),
        stands_out=holder.held is None and reads.is_vacant(view, holder.role),
        acting=instead.text if instead and is_said else "",
        is_mim=holder.role is CommandRole.MIM,
        is_held=holder.held is not None,
        pages_whom=_pages_whom(view, holder),
        value=holder.role.value,
    )


def _pages_whom(view: View, holder: reads.RoleHolder) -> str | None:
    """Whom a page would call; None where none is offered, but for one that was refused a moment ago."""
    is_paged = any(page.role is holder.role for page in reads.pages(view))
    is_typed = view.form.name == "page" and view.form.typed("page", "role") == holder.role.value
    is_offered = is_typed or (holder.held is None and reads.is_vacant(view, holder.role) and not is_paged)
    if not view.can_command or view.incident.is_resolved or not is_offered:
        return None
    return said_on_call(view.incident, holder.role, reads.rotas(view), view.now)


def _exposure(view: View) -> ExposureLine:
    incident, it = view.incident, exposure_of(view.incident)
    fields = fields_at(view, Place.EXPOSURE)
    return ExposureLine(it.line, it.words, fields, incident.exposure_line, incident.exposure_published_at)
