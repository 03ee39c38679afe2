"""Every place that an answer leads to is there:
without script each act of the fireground redirects to a part of a page.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import BriefPage, CommandRole, Helper, Phase, Severity, SystemStatus
from majorops.fireground import reads
from majorops.models import Ask, CanReport, Incident, Maintenance, RecoveryTrack, RunCard, RunCardUse, Timebox
from majorops.models import TimelineEvent as Entry
from majorops.operations import briefs, drafts, handover
from majorops.operations.curation import merge_incident
from majorops.operations.edit import edit_field
from majorops.operations.fields import FIELDS
from majorops.operations.incident import open_incident as open_by_system
from majorops.operations.paging import page_role
from majorops.operations.redaction import look
from majorops.web.access import is_admin_endpoint
from tests.reviews.acts import ACTS as REVIEW_ACTS
from tests.web.page import Page

HERE = "/admin/incidents/1"
# Their redirects lead to whole pages.
WITHOUT_ANCHOR = {
    "sign_in",
    "subscribe",
    "subscribe_de",
    "intake",
    "brief_links",
    "reach",
    "agents",
    "alerts",
    "api",
    "chat",
    "hooks",
    "scim",
    "account",
    "imports",
}
NO_REDIRECT = {
    "fireground.presence",
    "fireground.preview",
    "fireground.use_template",
    "review.preview",
}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def house(cast):
    return cast.full_house()


def newest(model, column: str = "id") -> int:
    db.session.rollback()
    return db.session.scalar(select(getattr(model, column)).order_by(model.id.desc()))


def lands(browser, answer) -> None:
    """The answer redirects, and the part that it names is on the page."""
    assert answer.status_code == 303, (answer.request.path, answer.text[-3000:])
    address, _, anchor = answer.location.partition("#")
    page = browser.get(address)
    assert page.status_code == 200
    assert not anchor or anchor in Page(page.text).ids, (answer.request.path, anchor)


def drafted(cast, helper: Helper) -> int:
    """A draft by rule that waits for its review."""
    who = {"actor": cast.maya, "now": cast.clock()}
    asked = drafts.Asked(helper, Phase.VALIDATION, f"{helper.value} 1", "seen", 0)
    number = drafts.begin_draft(1, asked, **who)
    drafts.end_draft(number, text="Payments fail.", **who)
    return number


def offered(cast) -> int:
    return handover.offer_handover(
        db.session.get(Incident, 1), cast.omar.user_id, actor=cast.maya, now=cast.clock()
    ).id


# Endpoint → the address, below the incident where it does not begin with a slash, and the form.
ACTS = REVIEW_ACTS | {
    "fireground.put_card": lambda cast: ("card", {"card": newest(RunCard)}),
    "fireground.tick_card": lambda cast: (f"cards/{newest(RunCardUse)}/steps/0", {"ticked": "y"}),
    "fireground.rest": lambda cast: ("nudges", {"key": rested(cast)}),
    "fireground.post": lambda cast: (
        "updates",
        {"kind": "update", "visibility": "internal", "body": "words"},
    ),
    "fireground.publish": lambda cast: (f"/admin/incidents/{private(cast)}/publication", {}),
    "fireground.undo_publication": lambda cast: (f"/admin/incidents/{waiting(cast)}/publication/undo", {}),
    "fireground.holding": lambda cast: ("updates/holding", {}),
    "fireground.correct_update": lambda cast: ("updates/1/correction", {"text": "right words"}),
    "fireground.draft": lambda cast: ("drafts/suggestion", {}),
    "fireground.take": lambda cast: (
        f"drafts/{drafted(cast, Helper.BRIEF)}/taken",
        {"value": "Payments fail.", "was": ""},
    ),
    "fireground.discard": lambda cast: (f"drafts/{drafted(cast, Helper.SUGGESTION)}/discarded", {}),
    "fireground.note": lambda cast: ("notes", {"kind": "note", "text": "heard"}),
    "fireground.visibility": lambda cast: (f"entries/{note()}/visibility", {"visibility": "public"}),
    "fireground.correct_entry": lambda cast: (f"entries/{note()}/correction", {"text": "right"}),
    "fireground.called": lambda cast: (f"/admin/incidents/{untold(cast)}/called", {}),
    "fireground.late": lambda cast: (f"/admin/incidents/{late(cast)}/late", {}),
    "fireground.summary": lambda cast: ("summary", {"act": "clear", "was": summarized(cast)}),
    "fireground.release": lambda cast: ("releases", {"name": "Rita Moreau"}),
    "fireground.answer": lambda cast: (f"asks/{newest(Ask)}/answer", {"answer": "400"}),
    "fireground.defer": lambda cast: (f"asks/{newest(Ask)}/deferral", {"answer": "After Action"}),
    "fireground.park": lambda cast: (f"asks/{newest(Ask)}/park", {"minutes": "5"}),
    "fireground.continue_as_new": lambda cast: ("/admin/incidents/2/continuation", {}),
    "fireground.advance": lambda cast: ("phase", {"expected": "7", "to": "8", "override": "test"}),
    "fireground.status": lambda cast: ("status", {"to": "monitoring", "override": "test"}),
    "fireground.symptoms": lambda cast: ("symptoms", {"text": "again"}),
    "fireground.check": lambda cast: ("checks", {"system": "payments-api", "state": "confirmed"}),
    "fireground.tick": lambda cast: ("ticks", {"phase": "1", "item": "real", "ticked": "y"}),
    "fireground.new_track": lambda cast: ("tracks", {"line": "DB, Omar: restore 20"}),
    "fireground.extend": lambda cast: (f"tracks/{newest(RecoveryTrack)}/extension", {"minutes": "5"}),
    "fireground.escalate": lambda cast: (f"tracks/{newest(RecoveryTrack)}/escalation", {"to": "Tomas"}),
    "fireground.outcome": lambda cast: (
        f"tracks/{newest(RecoveryTrack)}/outcome",
        {"outcome": "failed", "note": "no effect"},
    ),
    "fireground.new_timebox": lambda cast: ("timeboxes", {"purpose": "P", "owner": "O", "minutes": "5"}),
    "fireground.gather_conditions": lambda cast: ("gathering", {"teams": "App, DB", "minutes": "5"}),
    "fireground.met": lambda cast: (f"needs/{newest(CanReport)}", {}),
    "fireground.end_timebox": lambda cast: (f"timeboxes/{newest(Timebox)}/end", {}),
    "fireground.system_status": lambda cast: (
        "systems",
        {"system": "payments-api", "status": SystemStatus.PARTIAL.value},
    ),
    "fireground.assume_command": lambda cast: (f"/admin/incidents/{vacant(cast)}/command", {}),
    "fireground.offer_command": lambda cast: ("handovers", {"to": str(cast.omar.user_id)}),
    "fireground.answer_offer": lambda cast: (f"handovers/{offered(cast)}/answer", {"answer": "withdraw"}),
    "fireground.page_for": lambda cast: ("pages", {"role": "leader", "whom": "rita@example.org"}),
    "fireground.answer_page_of": lambda cast: (f"pages/{paged(cast)}/answer", {}),
    "fireground.end_page_of": lambda cast: (f"pages/{paged(cast)}/end", {}),
    "fireground.stand_down_all": lambda cast: ("/admin/incidents/2/stand-down", {}),
    "fireground.late_update": lambda cast: ("/admin/incidents/2/updates/late", {"body": "Refunds are out."}),
    "fireground.drill": lambda cast: ("drill", {"is_drill": "yes"}),
    "fireground.merge": lambda cast: ("/admin/incidents/2/merge", {"kept": "INC-001"}),
    "fireground.unmerge": lambda cast: (f"/admin/incidents/{merged(cast)}/merge/undo", {}),
    "fireground.redact_words": lambda cast: ("redaction", redacted("prod-payments-api not responding")),
    "fireground.post_exposure": lambda cast: ("exposure", {}),
    "maintenance.plan": lambda cast: ("/admin/maintenance/new", works(cast)),
    "maintenance.change": lambda cast: (
        "/admin/maintenance/1/edit",
        {**works(cast), "expected": db.session.get(Maintenance, newest(Maintenance)).version},
    ),
    "maintenance.move": lambda cast: ("/admin/maintenance/1/state", {"to": "running"}),
    "maintenance.update": lambda cast: ("/admin/maintenance/1/updates", {"text": "half done"}),
    "brief.ask_stakeholder": lambda cast: ("/incidents/1/brief", {"question": "Deploy freeze?"}),
    "brief.ask_executive": lambda cast: ("/incidents/1/exec", {"question": "Deploy freeze?"}),
    "brief_link.ask": lambda cast: (linked(cast), {"question": "Deploy freeze?"}),
}


def note() -> int:
    db.session.rollback()
    return db.session.scalar(select(Entry.seq).filter_by(incident_id=1, kind="note.logged"))


def paged(cast) -> int:
    given = {"whom": "rita@example.org", "actor": cast.maya, "now": cast.clock()}
    return page_role(db.session.get(Incident, 1), CommandRole.LEADER, **given).id


def merged(cast) -> int:
    duplicate, kept = cast.open(title="again"), db.session.get(Incident, 1)
    merge_incident(duplicate, kept, actor=cast.maya, now=cast.clock())
    return duplicate.id


def redacted(words: str) -> dict[str, str]:
    db.session.rollback()
    incident = db.session.get(Incident, 1)
    reason = "names a customer"
    seal = look(incident, words, reason, incident.opened_at).seal
    return {"words": words, "reason": reason, "seal": seal}


def rested(cast) -> str:
    return reads.standing_nudges(cast.fireground(1))[0].key


def vacant(cast) -> int:
    """An incident that nobody commands yet."""
    given = {"title": "dns slow", "severity": Severity.HIGH, "systems": ["dns"]}
    return open_by_system(**given, actor=SYSTEM, now=cast.clock()).id


def untold(cast) -> int:
    """An incident of whose alarm nobody could be told: there is no mail server."""
    cast.app.config["SMTP_URL"] = None
    return cast.open().id


def private(cast) -> int:
    return cast.open(is_public=False).id


def waiting(cast) -> int:
    """An incident whose first public word waits."""
    cast.app.config["PUBLIC_HOLD"] = 60
    return cast.open().id


def late(cast) -> int:
    return cast.open(detected_at=cast.clock() - timedelta(minutes=25)).id


def summarized(cast) -> str:
    who = {"actor": cast.maya, "now": cast.clock()}
    edit_field(db.session.get(Incident, 1), "exec_summary", "Payments fail.", **who)
    return "Payments fail."


def works(cast) -> dict[str, str]:
    times = {
        name: f"{cast.clock() + timedelta(hours=n):%Y-%m-%dT%H:%M}"
        for n, name in ((1, "starts_at"), (2, "ends_at"))
    }
    return {"title": "failover test", "body": "x", "systems": "ledger-db", "is_public": "y", **times}


def linked(cast) -> str:
    given = {"page": BriefPage.BRIEF, "name": "Legal", "hours": 1, "actor": cast.maya, "now": cast.clock()}
    return f"/incidents/1/brief/{briefs.make_link(db.session.get(Incident, 1), **given)}"


def test_every_act_that_redirects_is_followed_here(app):
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in rule.methods}
    ours = {
        name for name in posted if name.partition(".")[0] not in WITHOUT_ANCHOR and not_flask_admin(app, name)
    }
    assert ours - NO_REDIRECT - {"fireground.save"} == set(ACTS)


def not_flask_admin(app, endpoint: str) -> bool:
    return app.view_functions[endpoint].__module__.startswith("majorops.") and not is_admin_endpoint(endpoint)


@pytest.mark.parametrize("endpoint", sorted(ACTS))
def test_the_place_that_an_act_leads_to_is_on_the_page(house, cast, endpoint):
    maya = cast.browser("maya")
    if endpoint in ("maintenance.change", "maintenance.move", "maintenance.update"):
        lands(maya, maya.post("/admin/maintenance/new", data=works(cast)))
    if endpoint == "maintenance.update":
        maya.post("/admin/maintenance/1/state", data={"to": "running"})
    address, form = ACTS[endpoint](cast)
    db.session.commit()
    lands(maya, maya.post(address if address.startswith("/") else f"{HERE}/{address}", data=form))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_saved_field_leads_to_itself(house, cast, name):
    number = 2 if name == "resolved_at" else 1
    if name == "brief_readers":
        number = private(cast)
    stored = FIELDS[name].read(db.session.get(Incident, number))
    db.session.rollback()
    maya = cast.browser("maya")
    lands(maya, maya.post(f"/admin/incidents/{number}/fields/{name}", data={"value": stored, "was": stored}))
