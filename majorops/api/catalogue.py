"""What is kept beside incidents: run cards, accounts, scheduled maintenance."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import Field
from sqlalchemy import select

from majorops import clock
from majorops.api import shapes
from majorops.api.acts import act
from majorops.api.route import Done, Route, row_of
from majorops.api.shapes import Given, Line, Name, Team, Text, Time
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole, CardTier, MaintenanceStatus, Repeat
from majorops.domain.errors import Invalid
from majorops.domain.maintenance import AHEAD_OR_RUNNING
from majorops.models import Maintenance, RunCard, User
from majorops.operations import RequestMeta, accounts, maintenance, runcards
from majorops.operations.fields import FIELDS

CARDS, PEOPLE, WORKS = "Run cards", "Users", "Maintenance"
CARD, USER, WORK = "/run-cards/<int:card_id>", "/users/<int:user_id>", "/maintenance/<int:maintenance_id>"
OVER_MOST = 20  # maintenance that is over, the newest


class CardGiven(Given):
    """A new run card; `systems`: names with commas, `*` for any letters."""

    tier: CardTier
    name: Name
    systems: Annotated[str, Field(max_length=1_000)]
    body: Text


class CardChange(Given):
    """What to change of a run card; what is left out stays. Another text is another version."""

    name: Name | None = None
    systems: Annotated[str, Field(max_length=1_000)] | None = None
    body: Text | None = None
    is_active: bool | None = None


class Chosen(Given):
    """The card to put on the fireground."""

    card_id: Annotated[int, Field(ge=1, lt=2**31)]


class UserGiven(Given):
    """A new account, without a password: single sign-on lets it in, or an admin sets one."""

    email: Annotated[str, Field(max_length=254)]
    name: Name
    role: AccountRole


class UserChange(Given):
    """What to change of an account; what is left out stays."""

    email: Annotated[str, Field(max_length=254)] | None = None
    name: Name | None = None
    role: AccountRole | None = None
    is_active: bool | None = None


class WorkGiven(Given):
    """Maintenance to plan; written for the public where it `is_public`."""

    title: Line
    starts_at: Time
    ends_at: Time
    body: Text = ""
    systems: Annotated[list[Team], Field(max_length=50)] = []
    is_automatic: bool = True
    is_public: bool = True
    repeats: Repeat = Repeat.NEVER
    repeat_every: Annotated[int, Field(ge=1, le=24)] = 1


class WorkChange(Given):
    """What to change of planned maintenance; what is left out stays."""

    title: Line | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None
    body: Text | None = None
    systems: Annotated[list[Team], Field(max_length=50)] | None = None
    is_automatic: bool | None = None
    is_public: bool | None = None
    repeats: Repeat | None = None
    repeat_every: Annotated[int, Field(ge=1, le=24)] | None = None


class WorkMoved(Given):
    """The state to move on to, and what people read of it; empty for one plain sentence."""

    to: MaintenanceStatus
    text: Text = ""


class WorkSaid(Given):
    """How it goes, for the public."""

    text: Text


def list_run_cards(actor: Actor) -> Done:
    """All run cards, by name."""
    rows = db.session.scalars(select(RunCard).order_by(RunCard.name))
    return Done(shapes.RunCards(run_cards=[shapes.RunCardSummary.model_validate(one) for one in rows]))


def show_run_card(card_id: int, actor: Actor) -> Done:
    """A run card with its text."""
    return _card(row_of(RunCard, card_id))


def add_run_card(given: CardGiven, meta: RequestMeta, actor: Actor) -> Done:
    """A new run card with its first version."""
    return _card(runcards.add_card(**_values(given), actor=actor, now=clock.now()))


def change_run_card(card_id: int, given: CardChange, meta: RequestMeta, actor: Actor) -> Done:
    """Change a run card."""
    card = row_of(RunCard, card_id)
    stands: dict[str, Any] = {"name": card.name, "systems": card.systems, "is_active": card.is_active}
    values = stands | {"body": runcards.newest_version(card).body} | _set_values(given)
    runcards.save_card(card, **values, actor=actor, now=clock.now())
    return _card(card)


def review_run_card(card_id: int, meta: RequestMeta, actor: Actor) -> Done:
    """Say that somebody read the card and it still holds."""
    card = row_of(RunCard, card_id)
    runcards.mark_reviewed(card, actor=actor, now=clock.now())
    return _card(card)


def list_users(actor: Actor) -> Done:
    """All accounts, by address."""
    rows = db.session.scalars(select(User).order_by(User.email))
    return Done(shapes.Users(users=[shapes.UserOut.model_validate(one) for one in rows]))


def add_user(given: UserGiven, meta: RequestMeta, actor: Actor) -> Done:
    """Add an account."""
    return _user(accounts.add_user(**_values(given), actor=actor, now=clock.now()))


def change_user(user_id: int, given: UserChange, meta: RequestMeta, actor: Actor) -> Done:
    """Change an account, or switch it off or on."""
    user = row_of(User, user_id)
    stands: dict[str, Any] = {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "is_active": user.is_active,
    }
    accounts.save_user(user, **stands | _set_values(given), password="", actor=actor, now=clock.now())
    return _user(user)


def list_maintenance(actor: Actor) -> Done:
    """What is planned or under way, by its start, then the newest that is over."""
    rows, state = select(Maintenance), Maintenance.status
    ahead = db.session.scalars(rows.where(state.in_(AHEAD_OR_RUNNING)).order_by(Maintenance.starts_at))
    over = rows.where(state.not_in(AHEAD_OR_RUNNING)).order_by(Maintenance.ended_at.desc())
    found = [*ahead, *db.session.scalars(over.limit(OVER_MOST))]
    seen = [one for one in found if actor.sees(one.system_names)]
    return Done(shapes.Works(maintenance=[shapes.WorkOut.model_validate(one) for one in seen]))


def plan_maintenance(given: WorkGiven, meta: RequestMeta, actor: Actor) -> Done:
    """Plan maintenance; subscribers are told."""
    values = _values(given) | {"systems": _systems(given.systems, actor)}
    return _work(maintenance.plan_maintenance(**values, actor=actor, now=clock.now()))


def change_maintenance(maintenance_id: int, given: WorkChange, meta: RequestMeta, actor: Actor) -> Done:
    """Change what was planned; new times are said in public."""
    row = _seen_work(maintenance_id, actor)
    stands = {name: getattr(row, name) for name in WorkChange.model_fields if name != "systems"}
    values = stands | {"systems": row.system_names} | _set_values(given)
    values["systems"] = _systems(values["systems"], actor)
    maintenance.change_maintenance(row, **values, actor=actor, now=clock.now())
    return _work(row)


def move_maintenance(maintenance_id: int, given: WorkMoved, meta: RequestMeta, actor: Actor) -> Done:
    """Begin, verify, finish or cancel it."""
    row = _seen_work(maintenance_id, actor)
    maintenance.move_maintenance(row, given.to, text=given.text, actor=actor, now=clock.now())
    return _work(row)


def say_maintenance(maintenance_id: int, given: WorkSaid, meta: RequestMeta, actor: Actor) -> Done:
    """Say how it goes."""
    row = _seen_work(maintenance_id, actor)
    maintenance.post_maintenance_update(row, given.text, actor=actor, now=clock.now())
    return _work(row)


def _values(given: Given) -> dict[str, Any]:
    return {name: getattr(given, name) for name in type(given).model_fields}


def _set_values(given: Given) -> dict[str, Any]:
    """What was sent: null is no value of these."""
    return {name: value for name, value in _values(given).items() if value is not None}


def _card(card: RunCard) -> Done:
    newest = runcards.newest_version(card)
    head = shapes.RunCardSummary.model_validate(card).model_dump()
    return Done(shapes.RunCardOut(**head, body=newest.body, by=newest.by, at=newest.at))


def _user(user: User) -> Done:
    return Done(shapes.UserOut.model_validate(user))


def _work(row: Maintenance) -> Done:
    return Done(shapes.WorkOut.model_validate(row))


def _seen_work(number: int, actor: Actor) -> Maintenance:
    row = row_of(Maintenance, number)
    return row if actor.sees(row.system_names) else row_of(Maintenance, 0)


def _systems(named: list[str], actor: Actor) -> list[str]:
    """The systems of maintenance as they are kept. Raises Invalid for none of ours, or of the token's."""
    if actor.only_system and named != [actor.only_system]:
        raise Invalid({"systems": f"This token plans for {actor.only_system} only."})
    if not named:
        return []
    try:
        return cast(list[str], FIELDS["affected_systems"].accept(", ".join(named)))
    except Invalid as problem:
        raise Invalid({"systems": next(iter(problem.errors.values()))}) from None


def kept(method: str, path: str, do: Any, summary: str, tag: str, shows: Any, **more: Any) -> Route:
    """A route of what is kept beside incidents."""
    needs = more.pop("needs", Permission.DATA_MANAGE)
    return Route(method, path, do.__name__, summary, tag, needs, do, shows, **more)


READ, PLAN = {"needs": Permission.INCIDENT_READ}, {"needs": Permission.MAINTENANCE_MANAGE}
ROUTES = (
    kept("GET", "/run-cards", list_run_cards, "Run cards", CARDS, shapes.RunCards, **READ),
    kept("GET", CARD, show_run_card, "A run card with its text", CARDS, shapes.RunCardOut, **READ),
    kept(
        "POST",
        "/run-cards",
        add_run_card,
        "Add a run card",
        CARDS,
        shapes.RunCardOut,
        body=CardGiven,
        status=201,
    ),
    kept("PATCH", CARD, change_run_card, "Change a run card", CARDS, shapes.RunCardOut, body=CardChange),
    kept(
        "POST",
        f"{CARD}/review",
        review_run_card,
        "Say that a run card still holds",
        CARDS,
        shapes.RunCardOut,
    ),
    act("/run-card", runcards.choose_card, "Put a run card on the fireground", CARDS, body=Chosen),
    kept("GET", "/users", list_users, "Accounts", PEOPLE, shapes.Users),
    kept("POST", "/users", add_user, "Add an account", PEOPLE, shapes.UserOut, body=UserGiven, status=201),
    kept("PATCH", USER, change_user, "Change an account", PEOPLE, shapes.UserOut, body=UserChange),
    kept("GET", "/maintenance", list_maintenance, "Scheduled maintenance", WORKS, shapes.Works, **READ),
    kept(
        "POST",
        "/maintenance",
        plan_maintenance,
        "Plan maintenance",
        WORKS,
        shapes.WorkOut,
        body=WorkGiven,
        status=201,
        **PLAN,
    ),
    kept(
        "PATCH",
        WORK,
        change_maintenance,
        "Change planned maintenance",
        WORKS,
        shapes.WorkOut,
        body=WorkChange,
        **PLAN,
    ),
    kept(
        "POST",
        f"{WORK}/status",
        move_maintenance,
        "Begin, verify, finish or cancel maintenance",
        WORKS,
        shapes.WorkOut,
        body=WorkMoved,
        **PLAN,
    ),
    kept(
        "POST",
        f"{WORK}/updates",
        say_maintenance,
        "Say how maintenance goes",
        WORKS,
        shapes.WorkOut,
        body=WorkSaid,
        **PLAN,
    ),
)
