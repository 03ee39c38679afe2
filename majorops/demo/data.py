"""Demo data: people, a systems catalogue, resolved incidents and two live ones.

All of it is made by operations.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from majorops.db import db
from majorops.demo.alerts import add_alerts
from majorops.demo.history import DAYS, fill_history
from majorops.demo.history.courses import Who
from majorops.demo.reviews import fill_reviews
from majorops.domain.access import SYSTEM, Actor
from majorops.domain.enums import (
    AccountRole,
    CardTier,
    CheckState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    MaintenanceStatus,
    Phase,
    RecoveryConfidence,
    RecoveryPath,
    Severity,
    Visibility,
)
from majorops.domain.errors import Conflict
from majorops.models import Incident, RunCardUse, User
from majorops.operations import (
    accounts,
    asks,
    catalogue,
    checklist,
    coaching,
    command,
    exposure,
    first_word,
    incident,
    maintenance,
    phase,
    runcards,
    stand_down,
    templates,
    tracks,
    updates,
    validation,
)
from majorops.operations.edit import edit_field

PASSWORD = "fireground-demo"  # noqa: S105 (printed for everybody to sign in with)
PEOPLE = (
    ("dana@example.org", "Dana Whitfield", AccountRole.MIM),
    ("priya@example.org", "Priya Raman", AccountRole.MIM),
    ("admin@example.org", "Ada Lindqvist", AccountRole.ADMIN),
    ("lena@example.org", "Lena Fischer", AccountRole.RESPONDER),
    ("tomas@example.org", "Tomás Herrera", AccountRole.EXECUTIVE),
)
SYSTEMS = {
    "payments-api": "Card authorisation and capture",
    "checkout-web": "The shop's checkout",
    "ledger-db": "Bookings of all payments",
    "acquirer-edge": "Connection to the acquirer",
    "search-index": "Product search",
    "login-idp": "Sign-in of customers",
    "cdn-edge": "Static content worldwide",
    "invoice-export": "Nightly invoices to accounting",
    "order-queue": "Orders between shop and warehouse",
    "mail-relay": "Mail to customers",
    "dns-resolver": "Names inside the network",
    "edge-network": "Routing between sites",
}
GROUPS = dict.fromkeys(
    ("payments-api", "checkout-web", "ledger-db", "acquirer-edge"), "Payments"
) | dict.fromkeys(("search-index", "login-idp", "cdn-edge", "invoice-export"), "Shop")
# What incidents of these systems are called outside at first.
TITLES = {
    "payments-api": "Problems with card payments",
    "search-index": "Product search is behind",
    "login-idp": "Problems signing in",
    "cdn-edge": "Slow pages and pictures",
    "invoice-export": "Invoices are late",
}
# Name → system, phase, text, and who cleared it; each a month ago.
TEMPLATES = {
    "Holding, payments": (
        "payments-api",
        Phase.INITIAL,
        "Card payments are failing for some customers. Wallet and bank transfer work. "
        "Next update by {next_update}.",
        "Priya Raman, Customer Ops",
    ),
    "Recovery under way": (
        "",
        Phase.MITIGATION,
        "The cause is found and the fix is being rolled out to {systems}. Next update by {next_update}.",
        "Tomás Herrera",
    ),
    "We are looking": (
        "",
        None,
        "We know of the problem and are working on it. Next update by {next_update}.",
        "Tomás Herrera",
    ),
}
# Run card → tier, the systems that it answers, and how many days ago it was written.
CARDS = {
    "payments-api": (CardTier.SPECIFIC, "payments-api", 30),
    "ledger-db": (CardTier.SPECIFIC, "ledger-db", 120),
    "web-application": (CardTier.GENERIC, "*-web, login-idp", 45),
    "commerce": (CardTier.AGENCY, "payments-api, checkout-web, ledger-db, order-queue, search-index", 60),
    "network": (CardTier.AGENCY, "edge-network, dns-resolver, *-edge", 20),
}
CARD_FILES = Path(__file__).parent / "cards"
PUBLIC = Visibility.PUBLIC


class NotEmpty(Exception):
    """There is something in the database already; demo data would mix with it."""


def is_empty() -> bool:
    """Nobody has an account here, and there is no incident. Two queries at most."""
    return not any(db.session.scalar(select(one.id).limit(1)) for one in (User, Incident))


def add_history(count: int, now: datetime, days: int = DAYS) -> range:
    """Add so many resolved incidents of past years, or of so many days, whatever there is.

    Returns their numbers.
    """
    return fill_history(count, now, PEOPLE, list(SYSTEMS), days=days)


def fill(now: datetime, past: int = 0, days: int = DAYS) -> tuple[list[tuple[str, str]], str]:
    """Fill the database as of `now`, with `past` resolved incidents of the `days` before the last month.

    Returns (e-mail, role) of the people and their password. Raises NotEmpty.
    """
    if not is_empty():
        raise NotEmpty("the database holds accounts or incidents already; demo data needs an empty one")
    actors: dict[str, Actor] = {}
    for email, name, role in PEOPLE:
        user = accounts.add_user(email=email, name=name, role=role, password=PASSWORD, actor=SYSTEM, now=now)
        actors[name.split()[0]] = user.actor
    for name, description in SYSTEMS.items():
        owner = "lena@example.org" if name == "payments-api" else ""
        catalogue.add_system(
            name=name,
            description=description,
            owner=owner,
            is_public=name in GROUPS,
            group_name=GROUPS.get(name, ""),
            public_title=TITLES.get(name, ""),
            actor=SYSTEM,
            now=now - timedelta(days=DAYS),
        )
    for name, (tier, systems, age) in CARDS.items():
        runcards.add_card(
            name=name,
            tier=tier,
            systems=systems,
            body=(CARD_FILES / f"{name}.md").read_text(),
            actor=SYSTEM,
            now=now - timedelta(days=age),
        )
    for name, (system, phase_of, body, cleared_by) in TEMPLATES.items():
        templates.add_template(
            name=name,
            system=system,
            phase=phase_of,
            body=body,
            cleared_by=cleared_by,
            cleared_on=f"{now - timedelta(days=30):%Y-%m-%d}",
            actor=SYSTEM,
            now=now,
        )
    if past:
        add_history(past, now, days)
    dana, priya = actors["Dana"], actors["Priya"]
    _resolved(priya, now - timedelta(days=21), "invoice-export delayed", Severity.LOW, "invoice-export", 185)
    _resolved(dana, now - timedelta(days=14), "login-idp SSO timeouts", Severity.HIGH, "login-idp", 72)
    _resolved(priya, now - timedelta(days=6), "cdn-edge cache misses, APAC", Severity.MEDIUM, "cdn-edge", 44)
    _payments(dana, now)
    _search(priya, now)
    _leak(dana, now)
    _maintenance(dana, now)
    fill_reviews(actors, now)
    add_alerts(dana, now)
    return [(email, role.value) for email, _, role in PEOPLE], PASSWORD


def _resolved(mim: Actor, began: datetime, title: str, severity: Severity, system: str, minutes: int) -> None:
    """A small incident that ran its course in `minutes`."""
    at = began + timedelta(minutes=2)
    case = incident.open_incident(
        title=title,
        severity=severity,
        systems=[system],
        detected_at=began,
        is_public=True,
        waits=False,
        actor=mim,
        now=at,
    )
    step = timedelta(minutes=(minutes - 20) / 8)
    for to in list(Phase)[1:7]:
        at += step
        phase.advance_phase(case, to, actor=mim, now=at)
        if to is Phase.INITIAL:
            text = f"{system} is degraded. The team is on it."
            updates.publish_milestone(
                case, text, visibility=PUBLIC, next_update_eta=at + step * 3, actor=mim, now=at
            )
    validation.set_check(case, system, CheckState.CONFIRMED, actor=mim, now=at)
    at += timedelta(minutes=11)
    phase.change_status(case, IncidentStatus.MONITORING, actor=mim, now=at)
    phase.advance_phase(case, actor=mim, now=at)
    text = f"{system} works normally again. The cause is fixed."
    updates.publish_milestone(
        case,
        text,
        visibility=PUBLIC,
        is_resolution=True,
        after_action_at=at + timedelta(days=1),
        actor=mim,
        now=at,
    )
    phase.change_status(case, IncidentStatus.RESOLVED, actor=mim, now=began + timedelta(minutes=minutes))
    stand_down.stand_down(case, actor=mim, now=began + timedelta(minutes=minutes + 1))


def _payments(mim: Actor, now: datetime) -> None:
    """A Critical incident in phase 4 whose promised update is two minutes late."""
    began = now - timedelta(minutes=39, seconds=45)

    def at(minutes: float) -> Who:
        return {"actor": mim, "now": began + timedelta(minutes=minutes)}

    case = incident.open_incident(
        title="prod-payments-api not responding",
        severity=Severity.CRITICAL,
        systems=["payments-api", "checkout-web", "ledger-db", "acquirer-edge"],
        bridge_url="https://meet.example.com/inc-payments",
        detected_at=began,
        issue_time=began,
        alert_id="HTTP 5xx > 20%, 120 s",
        waits=False,
        **at(1.8),
    )
    _phone(case, **at(2.2))
    command.assign_role(case, CommandRole.SRE, "Lena Fischer", **at(2.5))
    checklist.set_tick(case, Phase.ALERT, "real", True, **at(3))
    checklist.set_tick(case, Phase.ALERT, "paged", True, **at(3.2))
    command.assign_role(case, CommandRole.CUSTOMER_OPS, "Priya Raman", **at(4))
    command.assign_role(case, CommandRole.SERVICE_MANAGER, "J. Okafor", **at(4.5))
    phase.advance_phase(case, **at(6))
    text = "Card payments are failing. The response team is assembling."
    updates.publish_milestone(case, text, visibility=PUBLIC, next_update_eta=at(22)["now"], **at(7.3))
    box = tracks.open_timebox(
        case, purpose="Conditions from App and Database", owner="Dana Whitfield", minutes=5, **at(8.1)
    )
    command.assign_role(case, CommandRole.SERVICE_MANAGER, "", **at(10.7))
    tracks.close_timebox(case, box.id, note="Conditions in", **at(13))
    phase.advance_phase(case, **at(14.3))
    edit_field(case, "alert.customer_count", "approximately 1,240", **at(18.3))
    edit_field(case, "alert.external_impact", ExternalImpact.YES.value, **at(18.6))
    checklist.set_tick(case, Phase.ASSESS, "severity", True, **at(19))
    edit_field(case, "business_impact", "Card checkout down. €41k/h at risk", **at(19.5))
    text = (
        "Card authorisations time out on all EU and US checkouts since {:%H:%M}. "
        "Wallet and bank transfer unaffected. Suspect release 4.18.2 or ledger-db pool; not confirmed."
    )
    edit_field(case, "description", text.format(began), **at(20))
    phase.advance_phase(case, **at(21.1))
    text = (
        "Card payments are failing for approximately 1,240 customers in EU and US. "
        "Wallet and bank transfer work. "
        "We are rolling back release 4.18.2 and failing over the ledger database."
    )
    updates.publish_milestone(case, text, visibility=PUBLIC, next_update_eta=at(37.5)["now"], **at(22.5))
    tracks.open_track(
        case,
        team="App",
        owner="Lena Fischer",
        goal="Roll back payments-api to 4.18.1",
        minutes=15,
        **at(23.4),
    )
    asks.log_decision(case, proposal="no unrelated changes until phase 7", decided_by="Leader", **at(27.7))
    command.assign_role(case, CommandRole.LEADER, "Tomás Herrera", **at(29.9))
    here = db.session.scalars(select(RunCardUse.id).filter_by(incident_id=case.id)).one()
    for step in (0, 3):
        runcards.tick_step(case, here, step, True, **at(28 + step))
    asks.ask(case, whom="PayLink duty desk", what="case number and their estimate", minutes=10, **at(29))
    tracks.open_track(
        case,
        team="Database",
        owner="M. Oyelaran",
        goal="Fail over ledger-db to replica-2",
        minutes=15,
        **at(29.6),
    )
    asks.rule_out(case, cause="Network", why="traceroutes to the acquirer are clean", **at(31))
    tracks.report_can(
        case, team="App", conditions="5xx 61%", actions="rollback 2/6 pods", needs="deploy freeze", **at(32.4)
    )
    tracks.open_track(
        case,
        team="Vendor PayLink",
        owner="PayLink duty desk",
        goal="Acquirer edge reset, case PL-88213",
        minutes=17,
        **at(33.8),
    )
    tracks.report_can(case, team="Database", conditions="lag 42 s", actions="promoting replica-2", **at(34.8))
    checklist.write_phase_note(
        case, Phase.INITIAL, "Root cause not confirmed. Vendor name stays internal.", **at(35)
    )
    edit_field(case, "exposure_confidence", RecoveryConfidence.LOW.value, **at(35.3))
    edit_field(case, "exposure_path", RecoveryPath.PARTIAL.value, **at(35.4))
    exposure.publish_exposure(case, **at(35.5))


def _phone(case, *, actor: Actor, now: datetime) -> None:
    """The people of the demo have no mail server: they were called."""
    with suppress(Conflict):
        coaching.note_called(case, actor=actor, now=now)


def _search(mim: Actor, now: datetime) -> None:
    """A Medium incident in phase 6, on cadence."""
    began = now - timedelta(minutes=95)
    case = incident.open_incident(
        title="search-index lag, EU",
        severity=Severity.MEDIUM,
        systems=["search-index"],
        is_public=True,
        waits=False,
        actor=mim,
        now=began,
    )
    _phone(case, actor=mim, now=began + timedelta(minutes=1))
    at = began
    for to in list(Phase)[1:6]:
        at += timedelta(minutes=12)
        phase.advance_phase(case, to, actor=mim, now=at)
    tracks.open_track(
        case,
        team="Search",
        owner="Search on call",
        goal="Reindex the EU shards",
        minutes=60,
        actor=mim,
        now=at,
    )
    text = "New products appear in search up to 25 min late. Orders unaffected. Reindex at 60%."
    posted = now - timedelta(minutes=6)
    updates.publish_milestone(
        case, text, visibility=PUBLIC, next_update_eta=posted + timedelta(minutes=30), actor=mim, now=posted
    )


def _leak(mim: Actor, now: datetime) -> None:
    """A High incident that was opened for the public and undone; one executive was added to its briefs."""
    began = now - timedelta(minutes=26)
    case = incident.open_incident(
        title="Customer Northwind: invoices of another customer in their export",
        severity=Severity.HIGH,
        systems=["invoice-export"],
        actor=mim,
        now=began,
    )
    first_word.hide_incident(case, actor=mim, now=began + timedelta(seconds=21))
    _phone(case, actor=mim, now=began + timedelta(minutes=1))
    at = began + timedelta(minutes=2)
    edit_field(case, "brief_readers", "tomas@example.org", actor=mim, now=at)
    text = "The export is stopped. Legal decides with the customer what is said outside."
    updates.publish_milestone(
        case, text, next_update_eta=now + timedelta(minutes=12), actor=mim, now=at + timedelta(minutes=4)
    )
    phase.advance_phase(case, actor=mim, now=at + timedelta(minutes=6))


def _maintenance(mim: Actor, now: datetime) -> None:
    """One done last week, by hand; one planned in two days, by the clock."""
    began = (now - timedelta(days=7)).replace(hour=2, minute=0, second=0, microsecond=0)
    states = MaintenanceStatus
    row = maintenance.plan_maintenance(
        title="login-idp certificate renewal",
        body="Sign-in may take a few seconds longer. Open sessions stay.",
        systems=["login-idp"],
        starts_at=began,
        ends_at=began + timedelta(hours=1),
        is_automatic=False,
        actor=mim,
        now=began - timedelta(days=3),
    )
    for to, minutes, text in (
        (states.RUNNING, 1, ""),
        (states.VERIFYING, 34, "The new certificate is in place. Sign-in is being checked in every region."),
        (states.DONE, 48, "Sign-in works in every region with the new certificate."),
    ):
        at = began + timedelta(minutes=minutes)
        maintenance.move_maintenance(row, to, text=text, actor=mim, now=at)
    begins = (now + timedelta(days=2)).replace(hour=22, minute=0, second=0, microsecond=0)
    maintenance.plan_maintenance(
        title="ledger-db failover test",
        body="Card payments may pause for up to 2 min. Wallet and bank transfer work.",
        systems=["ledger-db", "payments-api"],
        starts_at=begins,
        ends_at=begins + timedelta(minutes=90),
        actor=mim,
        now=now - timedelta(days=1),
    )
