"""Every operation leaves an event, asks for its permission, and says so."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import current_app
from pyotp import TOTP
from sqlalchemy import func, select, text

from majorops import operations
from majorops.db import db
from majorops.domain.access import SYSTEM, Permission
from majorops.domain.coach import nudges
from majorops.domain.enums import (
    AccountRole,
    AlarmLevel,
    AlertState,
    BriefPage,
    CardTier,
    ChannelKind,
    CheckState,
    CommandRole,
    DeliveryState,
    DraftState,
    Followed,
    Frequency,
    Helper,
    IncidentStatus,
    MaintenanceStatus,
    Notice,
    Phase,
    Repeat,
    RuleAction,
    SecondFactor,
    Severity,
    SignInMethod,
    SourceKind,
    SubscriberState,
    SystemStatus,
    TrackOutcome,
    Visibility,
)
from majorops.domain.errors import Forbidden
from majorops.domain.importing import read_incidents, read_systems
from majorops.domain.paging import Call
from majorops.domain.rights import RoleMap
from majorops.models import (
    Alert,
    AlertGroup,
    AlertRule,
    AlertSource,
    ApiToken,
    Ask,
    AuditEntry,
    BriefLink,
    CanReport,
    Channel,
    Delivery,
    DirectoryGroup,
    Draft,
    Endpoint,
    Incident,
    Maintenance,
    OutgoingEvent,
    Page,
    Passkey,
    RecoveryTrack,
    Rota,
    RunCard,
    RunCardUse,
    Subscriber,
    SubscriberIncident,
    System,
    Timebox,
    TimelineEvent,
    UpdateTemplate,
    User,
    UserSession,
)
from majorops.operations import MissingEventError, operation
from majorops.operations.alert_rules import Planned
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.directory import Group, Person
from majorops.operations.drafts import Asked
from majorops.operations.endpoints import sealer
from majorops.operations.passkeys import PasskeyAnswer, Site
from majorops.operations.passwords import Proof
from majorops.operations.places import Place
from majorops.operations.redaction import look
from majorops.operations.resets import reset_token
from majorops.operations.second_factor import Given, app_sealer
from majorops.operations.sign_in import SecondStep
from majorops.operations.throttle import mark_of
from tests import passkeys
from tests.cast import PASSWORD
from tests.notifications.push_service import DEVICE
from tests.operations.afterwards import AFTERWARDS
from tests.operations.loaded import OPERATIONS
from tests.states import begin_with

AFTER_THE_CLOSE = (
    "updates.post_late_update",
    "updates.publish_public_review",
    "updates.withdraw_public_review",
)
BY_HAND = {"role_map": RoleMap()}
OF_NOBODY = {"groups": [], "role_map": RoleMap()}
TEMPLATE = {"name": "A", "body": "We know.", "cleared_by": "Legal", "cleared_on": "2020-01-01"}
PAST = read_incidents(
    "title,severity,opened,resolved,systems\nold,low,2024-03-01 14:00Z,2024-03-01 15:00Z,a\n",
    ZoneInfo("UTC"),
    datetime(2026, 1, 1, tzinfo=UTC),
)[0]
CATALOGUE = read_systems("name\ndns-2\n")[0]
RULE = Planned("critical", action=RuleAction.OPEN, severity=Severity.HIGH)
ENDPOINT = {"name": "Ledger", "address": "https://b.example", "kinds": "", "systems": ""}
ROTA = {
    "name": "S",
    "role": CommandRole.SRE,
    "system": "",
    "shifts": "",
    "calendar_url": "",
    "is_active": True,
}
FLAGS = {"is_internal": True, "is_full": False, "is_active": True}
CARD = "# Steps\n- one\n- two\n# Contacts\nx\n# Systems\nx\n# Default Box\n2\n"


def prepared(cast, clock):
    """An incident in phase 7 with a track, a timebox, a note, an update; and a system."""
    incident = begin_with(_of_everything, cast, clock)
    current_app.config["BASE_URL"] = "https://ops.example.org"
    return incident


def _of_everything(cast, clock) -> Incident:
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock()}
    OPERATIONS["tracks.open_track"](
        incident, team="App", owner="Rita Moreau", goal="roll back", minutes=5, **who
    )
    OPERATIONS["tracks.open_timebox"](incident, purpose="conditions", owner="Maya", minutes=5, **who)
    OPERATIONS["tracks.report_can"](incident, team="App", conditions="5xx", needs="deploy freeze", **who)
    OPERATIONS["asks.ask"](incident, whom="Lena", what="pool size", minutes=5, **who)
    OPERATIONS["briefs.make_link"](incident, page=BriefPage.BRIEF, name="Legal", hours=1, **who)
    OPERATIONS["timeline.add_note"](incident, "first", **who)
    OPERATIONS["updates.publish_update"](incident, "known", visibility=Visibility.PUBLIC, **who)
    OPERATIONS["catalogue.add_system"](name="cdn", actor=SYSTEM, now=clock())
    body = {"tier": CardTier.AGENCY, "name": "A", "systems": "*", "body": CARD}
    card = OPERATIONS["runcards.add_card"](**body, actor=SYSTEM, now=clock())
    OPERATIONS["runcards.choose_card"](incident, card.id, **who)
    OPERATIONS["templates.add_template"](**TEMPLATE, actor=SYSTEM, now=clock())
    source = {"kind": SourceKind.GENERIC, "name": "P"}
    OPERATIONS["alert_sources.add_source"](**source, actor=SYSTEM, now=clock())
    OPERATIONS["alert_rules.add_rule"](RULE, actor=SYSTEM, now=clock())
    given = {"email": "omar@example.org", "kind": ChannelKind.EMAIL, "address": "o@b.cd"}
    OPERATIONS["delivery.add_channel"](**given, actor=SYSTEM, now=clock())
    own = {"kind": ChannelKind.EMAIL, "address": "a@b.cd", "actor": cast.ada, "now": clock()}
    OPERATIONS["own_notices.add_own_channel"](**own)
    OPERATIONS["directory.add_group"](Group("staff"), **BY_HAND, actor=SYSTEM, now=clock())
    OPERATIONS["devices.add_device"](**DEVICE, actor=cast.ada, now=clock())
    OPERATIONS["incident.set_alarm_level"](incident, AlarmLevel.BOX_1, **who)
    times = {"starts_at": clock(), "ends_at": clock() + timedelta(hours=1)}
    OPERATIONS["maintenance.plan_maintenance"](title="Failover test", **times, **who)
    db.session.scalar(select(Delivery)).state = DeliveryState.FAILED
    made = {"by_name": "Ada", "phase": Phase.ALERT, "prompt": "brief 1", "seen": "s", "made_at": clock()}
    made |= {"incident_id": incident.id, "user_id": cast.ada.user_id, "helper": Helper.BRIEF}
    db.session.add(Draft(**made, state=DraftState.RUNNING))
    db.session.add(Draft(**made, state=DraftState.OFFERED, text="Payments fail."))
    given = {"kind": ChannelKind.WEBHOOK, "address": "https://a.example", "nonce": "n"}
    db.session.add(Subscriber(**given, created_at=clock(), changed_at=clock()))
    ada = db.session.get(User, cast.ada.user_id)
    ada.digest_at = clock()
    ada.password_hash, ada.totp_secret = "h", app_sealer().seal("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    given = {"credential_id": "AAAA", "public_key": b"", "sign_count": 0, "name": "Laptop"}
    db.session.add(Passkey(user_id=ada.id, **given, created_at=clock()))
    db.session.add(Rota(name="SRE", role=CommandRole.SRE))
    given = {"role": CommandRole.SRE, "begun_by": "Maya", "whom": "Rita", "user_id": cast.rita.user_id}
    times = {"begun_at": clock(), "called_at": clock(), "next_at": clock()}
    db.session.add(Page(incident_id=incident.id, call=Call.FIRST, **given, **times))
    given = {"name": "Warehouse", "address": "https://a.example", "kinds": "link.revoked"}
    db.session.add(
        Endpoint(**given, secret=(sealed := sealer().seal("s")), old_secret=sealed, created_at=clock())
    )
    given = {"endpoint_id": 1, "kind": "note.logged", "state": DeliveryState.FAILED, "settled_at": clock()}
    db.session.add(OutgoingEvent(**given, key="msg_1", next_at=clock(), created_at=clock()))
    given = {"name": "bot", "shown": "mops_abcd", "token_hash": "t", "scopes": "timeline:note"}
    db.session.add(ApiToken(user_id=ada.id, **given, created_at=clock()))
    times = {"since": clock(), "last_at": clock(), "silenced_until": clock() + timedelta(hours=1)}
    db.session.add(AlertGroup(source_id=1, key="k", title="t", state=AlertState.FIRING, **times))
    db.session.flush()
    times = {"started_at": clock(), "heard_at": clock(), "last_at": clock()}
    given = {"key": "k", "dedup_key": "k", "title": "t", "state": AlertState.FIRING}
    db.session.add(Alert(source_id=1, group_id=1, **given, **times))
    given = {"token_hash": "t", "user_id": ada.id, "method": SignInMethod.LOCAL}
    db.session.add(UserSession(**given, created_at=clock()))
    return incident


def subscriber_in(state: SubscriberState, incident) -> Subscriber:
    """The subscriber, in this state, who follows the incident."""
    person = db.session.scalar(select(Subscriber))
    person.state, person.wants_all = state, False
    person.address = "https://hooks.slack.com/services/T/B/x"
    person.incidents = [SubscriberIncident(incident_id=incident.id)]
    db.session.commit()
    return person


def outside(kind: str, incident, who) -> list:
    """The subject of an operation on a subscriber who follows the incident; none for one without."""
    if kind == "none":
        return []
    if kind == "again":
        works = db.session.scalar(select(Maintenance))
        rule = {"repeats": Repeat.WEEKS, "repeat_every": 1, "title": works.title}
        times = {"starts_at": works.starts_at, "ends_at": works.ends_at}
        OPERATIONS["maintenance.change_maintenance"](works, **rule, **times, **who)
        OPERATIONS["maintenance.move_maintenance"](works, MaintenanceStatus.CANCELLED, **who)
        return []
    person = subscriber_in(SubscriberState.LEFT if kind == "left" else SubscriberState.ACTIVE, incident)
    if kind == "over":
        OPERATIONS["phase.change_status"](incident, IncidentStatus.RESOLVED, override="test", **who)
        return []
    return [person]


def calls(cast, clock) -> dict[str, tuple]:
    """For each operation what it is called with: subject arguments and keywords."""
    later = clock() + timedelta(minutes=20)
    track, box = db.session.scalar(select(RecoveryTrack.id)), db.session.scalar(select(Timebox.id))
    need, asked = db.session.scalar(select(CanReport.id)), db.session.scalar(select(Ask.id))
    note = db.session.scalar(select(TimelineEvent.seq).filter_by(kind="note.logged"))
    act = db.session.scalar(select(Delivery.act).where(Delivery.act.startswith("alarm:1:")).limit(1))
    rita = db.session.get(User, cast.rita.user_id)
    system = db.session.scalar(select(System))
    link, incident_id = (
        db.session.scalar(select(BriefLink.id)),
        db.session.scalar(select(BriefLink.incident_id)),
    )
    card, used = db.session.scalar(select(RunCard)), db.session.scalar(select(RunCardUse.id))
    person, template = db.session.scalar(select(Subscriber)), db.session.scalar(select(UpdateTemplate))
    source = db.session.scalar(select(AlertSource))
    works, times = db.session.scalar(select(Maintenance)), {"starts_at": clock(), "ends_at": later}
    ada, key = db.session.get(User, cast.ada.user_id), db.session.scalar(select(Passkey))
    session, site = db.session.scalar(select(UserSession)), Site("localhost", "http://localhost", "MajorOps")
    step, ways = SecondStep(ada.id, mark_of(ada.id, ada.password_hash)), {SecondFactor.PASSWORD}
    answer, secret = PasskeyAnswer("{}", b"challenge", site), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    code, token = TOTP(secret).at(clock()), reset_token(ada, current_app.config)
    options = {"rp": {"id": "localhost"}, "challenge": passkeys.text(b"challenge")}
    made = PasskeyAnswer(passkeys.Authenticator().create(options), b"challenge", site)
    paged = db.session.scalar(select(Page.id))
    group, endpoint = db.session.scalar(select(DirectoryGroup)), db.session.scalar(select(Endpoint))
    channel, failed = (
        db.session.scalar(select(Channel)),
        db.session.scalar(select(Delivery).filter_by(state=DeliveryState.FAILED)),
    )
    own = db.session.scalar(select(Channel).filter_by(user_id=cast.ada.user_id, kind=ChannelKind.EMAIL))
    device = db.session.scalar(select(Channel).filter_by(kind=ChannelKind.PUSH))
    return dict.fromkeys(AFTERWARDS, ()) | {
        "bulk.add_history": ("none", lambda known: {"incident": []}),
        "search_index.rebuild": ("none",),
        "search_index.mend": ("unindexed",),
        "incident.change_severity": (Severity.MEDIUM,),
        "incident.set_alarm_level": (AlarmLevel.BOX_3,),
        "command.assign_role": (CommandRole.SRE, "Lena"),
        "command.release_responder": ("Lena",),
        "command.take_command": ("vacant",),
        "handover.offer_handover": (cast.omar.user_id,),
        "handover.accept_handover": ("offered", cast.ada),
        "handover.decline_handover": ("offered", cast.ada),
        "handover.withdraw_handover": ("offered", cast.omar),
        "stand_down.stand_down": ("resolved",),
        "exposure.publish_exposure": (),
        "phase.advance_phase": (),
        "phase.change_status": (IncidentStatus.RESOLVED, {"override": "false alarm"}),
        "phase.report_symptoms_returned": ("phase7",),
        "validation.set_check": ("phase7", "payments-api", CheckState.CONFIRMED),
        "updates.publish_update": ("text",),
        "updates.publish_milestone": ("text", {"next_update_eta": later}),
        "updates.post_holding": (),
        "updates.correct_publication": (1, "right"),
        "timeline.add_note": ("text",),
        "timeline.set_visibility": (note, Visibility.PUBLIC),
        "timeline.strike_entry": (note, "right"),
        "subscriptions.subscribe": (
            "none",
            {
                "kind": ChannelKind.EMAIL,
                "address": "v@b.cd",
                "systems": [],
                "language": "en",
                "origin": "::1",
            },
        ),
        "subscriptions.confirm": ("none", person),
        "subscriptions.change_subscription": (
            "follower",
            {
                "wants_all": True,
                "systems": [],
                "incidents": [],
                "frequency": Frequency.DAILY,
                "language": "de",
            },
        ),
        "subscriptions.resume": ("left",),
        "subscriptions.end_followed": ("follower", incident_id),
        "subscriptions.end_resolved": ("over", {"before": later}),
        "digests.begin_digest": ("none", Frequency.DAILY, clock()),
        "weekly.send_week": ("none", ada.id),
        "maintenance.plan_next_occurrences": ("again",),
        "subscriptions.leave": ("none", person),
        "subscriptions.note_bounce": ("none", person, False),
        "subscriptions.ask_again": ("none", person),
        "subscriptions.erase_subscriber": ("none", person),
        "maintenance.plan_maintenance": ("none", {"title": "New pool", **times}),
        "maintenance.change_maintenance": ("none", works, {"title": "New pool", **times}),
        "maintenance.move_maintenance": ("none", works, MaintenanceStatus.RUNNING),
        "maintenance.post_maintenance_update": ("none", works, "half done"),
        "maintenance.run_maintenance": ("none",),
        "curation.set_drill": (True,),
        "curation.merge_incident": (),
        "curation.undo_merge": (),
        "redaction.redact": ("not responding", {"reason": "test"}),
        "updates.post_late_update": ("Refunds are out.",),
        "updates.publish_public_review": ("A release retried without backing off.",),
        "updates.withdraw_public_review": (),
        "systems.set_system_status": ("payments-api", SystemStatus.PARTIAL),
        "tracks.open_track": ({"team": "DB", "owner": "O", "goal": "G", "minutes": 5},),
        "tracks.extend_track": (track, 10),
        "tracks.close_track": (track, TrackOutcome.FAILED),
        "tracks.open_timebox": ({"purpose": "P", "owner": "O", "minutes": 5},),
        "tracks.close_timebox": (box,),
        "tracks.report_can": ({"team": "DB", "conditions": "slow"},),
        "tracks.escalate_track": (track, {"to": "Tomas"}),
        "tracks.gather": (["App", "DB"], 5),
        "tracks.meet_need": (need,),
        "asks.ask": ({"whom": "Lena", "what": "pool size", "minutes": 5},),
        "asks.answer_ask": (asked, "400"),
        "asks.park_ask": (asked, 5),
        "asks.defer_ask": (asked, "After Action"),
        "asks.log_decision": ({"proposal": "roll back"},),
        "asks.rule_out": ({"cause": "network", "why": "clean"},),
        "briefs.make_link": ({"page": BriefPage.EXEC, "name": "Board", "hours": 24},),
        "briefs.revoke_link": (link,),
        "briefs.open_link": (link,),
        "briefs.ask_question": ("Deploy freeze?", {"asked_from": "account:1"}),
        "checklist.set_tick": (Phase.ALERT, "real", True),
        "checklist.write_phase_note": (Phase.ALERT, "text"),
        "coaching.rest_nudge": ("overdue",),
        "coaching.remind": ("overdue",),
        "coaching.note_called": ("nobody told",),
        "coaching.confirm_late": ("late",),
        "delivery.record_test": ("none", "a@b.cd", ""),
        "own_notices.add_own_channel": ("none", {"kind": ChannelKind.EMAIL, "address": "b@b.cd"}),
        "own_notices.save_own_channel": ("none", own.id, {"address": "c@b.cd", "is_active": False}),
        "own_notices.remove_own_channel": ("none", own.id),
        "devices.add_device": ("none", DEVICE | {"address": "https://push.example/2"}),
        "devices.remove_left_device": ("none", device.id),
        "devices.remove_gone_device": ("none", device.id),
        "own_notices.record_own_test": ("none", own, "", {}),
        "own_notices.save_notices": (
            "none",
            {
                "follows": Followed.MILESTONES,
                "language": "de",
                "time_zone": "Europe/Berlin",
                "quiet_from": 22 * 60,
                "quiet_until": 7 * 60,
            },
        ),
        "outcome.record_outcome": (act,),
        "summary.confirm_summary": ("summary",),
        "summary.clear_summary": ("summary",),
        "drafts.begin_draft": ("none", incident_id, Asked(Helper.UPDATE, Phase.ALERT, "update 1", "s", 0)),
        "drafts.end_draft": ("none", 1, {"text": "Payments fail."}),
        "drafts.propose_draft": (Helper.UPDATE, "Payments fail.", {"seen": "s"}),
        "drafts.discard_draft": (2,),
        "drafts.take_brief": (2, {"typed": "Payments fail.", "was": ""}),
        "drafts.forget_drafts": ("none", {"before": later}),
        "edit.edit_field": ("title", "new title"),
        "edit.record_discarded_edit": ("title", "what the other one typed"),
        "edit.edit_fields": ({"title": ("new", "prod-payments-api not responding")}, {"rename": {}}),
        "incident.open_incident": ("none", {"title": "t", "severity": Severity.LOW, "systems": ["a"]}),
        "incident.continue_incident": ("resolved",),
        "accounts.add_user": ("none", {"email": "a@b.cd", "name": "A", "role": AccountRole.MIM}),
        "accounts.update_user": ("none", rita, {"name": "R"}),
        "accounts.set_role": ("none", rita, AccountRole.MIM),
        "accounts.set_password": ("none", rita, PASSWORD),
        "accounts.set_active": ("none", rita, False),
        "accounts.save_user": (
            "none",
            rita,
            {"email": "r@b.cd", "name": "R", "role": AccountRole.MIM, "is_active": True, "password": ""},
        ),
        "sign_in.sign_in_local": ("none", "a@b.cd", Proof(), {"place": Place("::1")}),
        "sign_in.sign_in_second": ("none", step, Given("000000"), {"place": Place("::1")}),
        "sign_in.sign_in_with_passkey": ("none", answer, {"place": Place("::1")}),
        "own_account.take_proof": ("none", "token", Proof(), Given(), ways),
        "own_account.keep_proof": ("none", "token", SecondFactor.PASSWORD, clock()),
        "own_account.set_own_password": ("none", "token", "h", PASSWORD),
        "own_account.end_own_session": ("none", session.id),
        "own_account.end_other_sessions": ("none", "token"),
        "own_account.switch_single_keys": ("none", False),
        "resets.ask_reset": ("none", "a@b.cd", {"address": "::1"}),
        "resets.reset_password": ("none", token, PASSWORD),
        "tokens.add_token": ("none", rita, {"name": "bot", "scopes": ["timeline:note"]}),
        "tokens.revoke_token": ("none", db.session.scalar(select(ApiToken))),
        "rotas.add_rota": ("none", {"name": "SRE 2", "role": CommandRole.SRE}),
        "rotas.save_rota": ("none", db.session.scalar(select(Rota)), ROTA),
        "paging.page_role": (CommandRole.LEADER, {"whom": "rita@example.org"}),
        "paging.answer_page": (paged,),
        "paging.end_page": (paged,),
        "paging.call_next": (paged,),
        "paging.lapse_page": (paged,),
        "paging.close_pager": (paged,),
        "paging.answer_outside": (paged, "Lena Fischer"),
        "paging.record_reached": (paged,),
        "endpoints.add_endpoint": ("none", ENDPOINT),
        "endpoints.save_endpoint": ("none", endpoint, ENDPOINT | FLAGS),
        "endpoints.rotate_secret": ("none", endpoint),
        "endpoints.end_old_secret": ("none", endpoint),
        "endpoints.begin_test": ("none", endpoint, later),
        "outgoing.send_event_again": ("none", db.session.scalar(select(OutgoingEvent))),
        "second_factor.add_app": ("none", rita, secret, code),
        "second_factor.remove_app": ("none", ada),
        "second_factor.add_passkey": ("none", rita, "Phone", made),
        "second_factor.remove_passkey": ("none", ada, key.id),
        "second_factor.renew_recovery_codes": ("none", ada),
        "second_factor.reset_factors": ("none", ada),
        "second_factor.seal_secrets": ("none",),
        "accounts.unlock_user": ("none", rita),
        "sign_in.throttle_setup": ("none", {"address": "::1"}),
        "sign_in.sign_in_sso": (
            "none",
            {"subject": "i#s", "email": "s@b.cd", "is_verified": True, "name": "S"} | OF_NOBODY,
        ),
        "sign_in.sign_in_asserted": (
            "none",
            {"email": "s@b.cd", "name": "S", "token": "proxy.x", "before": ""} | OF_NOBODY,
        ),
        "directory.add_person": ("none", Person(user_name="s@b.cd"), BY_HAND),
        "directory.change_person": ("none", rita, Person(is_active=False), BY_HAND),
        "directory.remove_person": ("none", rita),
        "directory.add_group": ("none", Group("ops", members=frozenset([rita.id])), BY_HAND),
        "directory.change_group": ("none", group, lambda was: replace(was, name="on-call"), BY_HAND),
        "directory.remove_group": ("none", group, BY_HAND),
        "accounts.start_session": ("none", rita, {"method": SignInMethod.LOCAL}),
        "accounts.end_session": ("session",),
        "delivery.add_channel": (
            "none",
            {"email": "rita@example.org", "kind": ChannelKind.EMAIL, "address": "r@b.cd"},
        ),
        "delivery.save_channel": ("none", channel, {"address": "q@b.cd", "is_active": False}),
        "delivery.send_again": ("none", failed),
        "delivery.set_policy": ("none", AccountRole.MIM, Notice.ALARM, False),
        "runcards.add_card": ("none", {"tier": CardTier.AGENCY, "name": "B", "systems": "b", "body": CARD}),
        "runcards.save_card": (
            "none",
            card,
            {"name": "A", "systems": "*", "body": CARD + "more", "is_active": True},
        ),
        "runcards.mark_reviewed": ("none", card),
        "runcards.choose_card": (card.id,),
        "runcards.tick_step": (used, 0, True),
        "first_word.publish_incident": ("private",),
        "first_word.publish_in_time": ("private",),
        "first_word.keep_private": ("waiting",),
        "first_word.hide_incident": (),
        "first_word.publish_held": ("waiting",),
        "alert_sources.add_source": ("none", {"kind": SourceKind.GENERIC, "name": "Q"}),
        "alert_sources.save_source": ("none", source, {"name": "Q", "is_active": False}),
        "alert_sources.rotate_secret": ("none", source),
        "alert_sources.take_secret": ("none", source, "x" * 20),
        "alert_rules.add_rule": ("none", replace(RULE, name="other")),
        "alert_rules.save_rule": ("none", db.session.scalar(select(AlertRule)), replace(RULE, name="other")),
        "alert_groups.open_from_alerts": ("none", 1, {"severity": Severity.HIGH}),
        "alert_groups.attach_alerts": ("none", 1, 1),
        "alert_groups.silence_group": ("none", 1, {"minutes": 60, "reason": ""}),
        "alert_groups.end_silence": ("none", 1),
        "templates.add_template": ("none", TEMPLATE | {"name": "B"}),
        "templates.save_template": ("none", template, TEMPLATE | {"name": "C", "is_active": True}),
        "catalogue.add_system": ("none", {"name": "dns"}),
        "catalogue.update_system": ("none", system, {"name": "cdn-2"}),
        "catalogue.set_system_active": ("none", system, False),
        "imports.import_incidents": ("none", PAST, {"source": "old.csv"}),
        "imports.import_systems": ("none", CATALOGUE, {"source": "systems.csv"}),
        "catalogue.set_system_group": ("none", system, {"group_name": "Money"}),
        "catalogue.set_system_owner": ("none", system, {"owner": "rita@example.org"}),
        "catalogue.set_system_public": ("none", system, True),
        "catalogue.save_system": (
            "none",
            system,
            {"name": "cdn-2", "description": "", "owner": "", "is_active": True},
        ),
    }


def another(which: str, cast, clock, who: dict) -> Incident:
    """An incident without a MIM, of which nobody could be told, that is private, or that waits."""
    if which == "private":
        return cast.open(is_public=False)
    if which == "waiting":
        current_app.config["PUBLIC_HOLD"] = 60
        incident = cast.open()
        who["now"] = clock.tick(minutes=1)
        return incident
    if which == "nobody told":
        current_app.config["SMTP_URL"] = None
    given = {"severity": Severity.HIGH if which == "nobody told" else Severity.LOW, "actor": SYSTEM}
    return OPERATIONS["incident.open_incident"](title="t", systems=["a"], now=clock(), **given)


def put_in_order(name: str, incident, cast, who: dict) -> tuple[list, dict]:
    """What an operation that puts the record in order needs beside `calls`: arguments and keywords."""
    if name in ("curation.merge_incident", "curation.undo_merge"):
        kept = cast.open(title="the same")
        if name == "curation.merge_incident":
            return [kept], {}
        OPERATIONS["curation.merge_incident"](incident, kept, **who)
    if name == "redaction.redact":
        return [], {"seal": look(incident, "not responding", "test", who["now"]).seal}
    if name in AFTER_THE_CLOSE:
        OPERATIONS["phase.change_status"](incident, IncidentStatus.RESOLVED, override="test", **who)
    if name == "updates.withdraw_public_review":
        OPERATIONS["updates.publish_public_review"](incident, "A release retried.", **who)
    if name in AFTERWARDS:
        return AFTERWARDS[name](incident, who, cast.clock)
    return [], {}


def entries() -> int:
    return db.session.scalar(select(func.count(TimelineEvent.id))) + db.session.scalar(
        select(func.count(AuditEntry.id))
    )


def test_every_operation_of_the_package_is_seen():
    """Each marked function stands in the registry, so each is called below;
    counted from the text of the files.
    """
    package = Path(operations.__file__).parent
    marked = {
        f"{path.stem}.{node.name}"
        for path in package.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and any(getattr(getattr(d, "func", d), "id", "") == "operation" for d in node.decorator_list)
    }
    assert "systems.set_system_status" in marked
    assert marked == set(OPERATIONS)


# create_first_admin works only without any account: tests/public/test_sign_in.py. A later use of a link
# is only counted: tests/operations/test_briefs.py; so is use of a session: tests/account/test_sessions.py.
# What is shown of a draft is kept without an entry: tests/ai/test_drafts.py; so are answers to programs,
# and use of a token: tests/api/test_incidents.py; and alerts as they come: tests/alerts/test_intake.py. What
# came of an event stands in the log of attempts: tests/notifications/test_outgoing.py; messages that are kept
# up to date: tests/notifications/test_boards.py.
WITHOUT_AN_ENTRY = {
    "alert_groups.forget_alerts",
    "alerts.fail_delivery",
    "alerts.keep_delivery",
    "alerts.note_silence",
    "alerts.take_alerts",
    "accounts.create_first_admin",
    "boards.claim_board",
    "boards.settle_board",
    "briefs.count_use",
    "drafts.keep_shown",
    "measured.measure_past",
    "kept_answers.keep_answer",
    "outgoing.forget_events",
    "outgoing.release_endpoint",
    "outgoing.set_aside",
    "outgoing.settle_event",
    "outgoing.take_event",
    "own_account.note_seen",
    "paging.close_pager",
    "rotas.keep_calendar",
    "tokens.note_token_used",
    "search_index.press",
}


def arranged(name: str, cast, clock) -> tuple[list, list, dict, dict]:
    """What an operation is called with: subject, arguments, keywords, and who acts when."""
    incident = prepared(cast, clock)
    given = list(calls(cast, clock)[name])
    who = {"actor": cast.ada, "now": clock()}
    keywords = given.pop() if given and isinstance(given[-1], dict) and name != "edit.edit_fields" else {}
    subject = [incident]
    arguments, more = put_in_order(name, incident, cast, who)
    given, keywords = [*given, *arguments], keywords | more
    if name == "edit.edit_fields":
        keywords = {"rename": {}}
        given.pop()
    if name == "drafts.propose_draft":
        who["actor"] = replace(cast.ada, token="bot", scopes=frozenset({Permission.TIMELINE_NOTE}))
    match given[0] if given and type(given[0]) is str else "":
        case "none" | "follower" | "left" | "over" | "again" as kind:
            subject, given = outside(kind, incident, who), given[1:]
        case "phase7":
            OPERATIONS["phase.advance_phase"](incident, Phase.VALIDATION, reason="test", **who)
            given = given[1:]
        case "vacant" | "nobody told" | "private" | "waiting" as which:
            subject, given = [another(which, cast, clock, who)], []
        case "offered":
            to = given.pop()
            given = [OPERATIONS["handover.offer_handover"](incident, to.user_id, **who).id]
        case "resolved":
            OPERATIONS["phase.change_status"](incident, IncidentStatus.RESOLVED, override="test", **who)
            given = []
        case "late":
            incident.detected_at -= timedelta(minutes=25)
            db.session.commit()
            given = []
        case "summary":
            OPERATIONS["edit.edit_field"](incident, "exec_summary", "Payments fail.", **who)
            given = []
        case "unindexed":
            key = "rowid" if db.engine.dialect.name == "sqlite" else "id"
            db.session.execute(text(f"DELETE FROM search_incident WHERE {key} > 0"))
            db.session.commit()
            subject, given = [], []
        case "overdue":
            who["now"] = clock.tick(minutes=20)
            given = [nudges(coach_inputs(incident))[0].key] if name == "coaching.rest_nudge" else []
        case "session":
            rita = db.session.get(User, cast.rita.user_id)
            subject, given = (
                [],
                [OPERATIONS["accounts.start_session"](rita, method=SignInMethod.LOCAL, **who)],
            )
    return subject, given, keywords, who


# create_first_admin works only without any account: tests/public/test_sign_in.py. A later use of a link
# is only counted: tests/operations/test_briefs.py. What is shown of a draft is kept without an entry:
# tests/ai/test_drafts.py. The full text is pressed after a redaction: tests/operations/test_redaction.py.
# What was resolved before is measured without one: tests/operations/test_measured.py.
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - WITHOUT_AN_ENTRY))
def test_leaves_an_event(cast, clock, name):
    subject, given, keywords, who = arranged(name, cast, clock)
    before = entries()
    OPERATIONS[name](*subject, *given, **keywords, **who)
    assert entries() > before
    assert wrong_types() == set()


# The guide: *command* is command team changes; domain §6 adds severity, status and overrides.
OF_COMMAND = (
    "command.",
    "handover.",
    "page.",
    "response.stood_down",
    "severity.changed",
    "status.changed",
    "gate.overridden",
)
OF_OTHERS = {
    "phase.advanced": "phase",
    "milestone.published": "update",
    "update.published": "update",
    "update.late": "update",
    "update.review": "update",
    "merge.undone": "alert",
}


def wrong_types() -> set[tuple[str, str]]:
    """Kind and type of each entry that has not the type that the guide and domain §6 give it."""
    found = set()
    for kind, type_ in db.session.execute(select(TimelineEvent.kind, TimelineEvent.type)):
        is_alert = kind.startswith(("incident.", "alert."))
        wanted = (
            "command"
            if kind.startswith(OF_COMMAND)
            else "alert"
            if is_alert
            else OF_OTHERS.get(kind, "action")
        )
        if type_ != wanted:
            found.add((kind, type_.value))
    return found


@pytest.mark.parametrize(
    "name", sorted(name for name, operation in OPERATIONS.items() if operation.needs is not None)
)
def test_asks_for_its_permission(cast, clock, name):
    with pytest.raises(Forbidden):
        OPERATIONS[name](actor=cast.xin, now=clock())


def test_a_change_without_an_event_is_rolled_back(cast, clock):
    incident = cast.open()

    @operation(needs=None)
    def forgetful(incident, *, actor, now):
        incident.title = "changed in silence"

    OPERATIONS.pop("test_every_operation.forgetful")
    with pytest.raises(MissingEventError):
        forgetful(incident, actor=cast.maya, now=clock())
    assert incident.title == "prod-payments-api not responding"


def test_entries_are_numbered_without_a_gap(cast, clock):
    incident = prepared(cast, clock)
    numbers = db.session.scalars(select(TimelineEvent.seq).order_by(TimelineEvent.seq)).all()
    assert numbers == list(range(1, incident.version + 1))
