"""Accounts: who may be made, changed, joined and let in, and how guessing is slowed down."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.domain.errors import Busy, Conflict, Forbidden, Invalid
from majorops.domain.rights import RoleMap
from majorops.models import AuditEntry, SignInThrottle, User, UserSession
from majorops.operations import accounts, passwords, sign_in, throttle
from tests.cast import PASSWORD
from tests.operations.test_at_once import at_once

MAYA = "maya@example.org"


@pytest.fixture
def who(clock) -> dict:
    return {"actor": SYSTEM, "now": clock()}


@pytest.fixture
def maya(cast, who) -> User:
    user = db.session.get(User, cast.maya.user_id)
    accounts.set_password(user, PASSWORD, **who)
    return user


@pytest.fixture
def ada(cast) -> User:
    """The only admin."""
    return db.session.get(User, cast.ada.user_id)


def type_in(clock, password=PASSWORD, email=MAYA, address="192.0.2.1", **more):
    who = {"actor": SYSTEM, "now": clock()}
    return sign_in.sign_in_with_password(email, password, address=address, **more, **who)


def kinds() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))


@pytest.mark.parametrize("password", ["short", "x" * 11, "x" * 201, MAYA, MAYA.upper(), f" {MAYA} "])
def test_a_password_that_is_refused(maya, who, password):
    with pytest.raises(Invalid, match="12 to 200 characters and is not the e-mail"):
        accounts.set_password(maya, password, **who)


@pytest.mark.parametrize("password", ["x" * 12, "x" * 200, "pass phrase with späces ⛑"])
def test_a_password_that_is_taken_opens_and_its_neighbours_do_not(maya, clock, who, password):
    accounts.set_password(maya, password, **who)
    assert type_in(clock, password).token
    assert not type_in(clock, password + "x").token
    assert not type_in(clock, password[:-1]).token
    assert maya.password_hash.startswith("$argon2id$")


def test_a_hash_of_older_parameters_is_renewed(maya, clock):
    weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    maya.password_hash = weak
    db.session.commit()
    assert not type_in(clock, "wrong").token
    assert maya.password_hash == weak
    assert type_in(clock).token
    assert not passwords.HASHER.check_needs_rehash(maya.password_hash)
    assert type_in(clock).token


@pytest.mark.parametrize("email", ["nobody@example.org", "rita@example.org", MAYA])
def test_every_refusal_costs_one_hash_and_says_the_same(maya, clock, monkeypatch, email):
    """Unknown, without a password, and wrong: neither the time nor the sentence tells which."""
    hashed = []

    class Counting(PasswordHasher):
        def verify(self, *given):
            hashed.append(given)
            return super().verify(*given)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    outcome = type_in(clock, "wrong", email)
    assert outcome.problem == "E-mail and password do not match an account."
    assert len(hashed) == 1
    assert hashed[0][0].startswith("$argon2id$")


def test_no_transaction_is_open_while_a_password_is_checked(maya, clock, monkeypatch):
    open_then = []
    real = sign_in.prove

    def watched(*given):
        open_then.append(db.session().in_transaction())
        return real(*given)

    monkeypatch.setattr(sign_in, "prove", watched)
    assert type_in(clock).token
    assert open_then == [False]


def test_a_password_changed_while_the_old_one_is_checked_lets_nobody_in(maya, clock, who):
    proof = passwords.prove(PASSWORD, maya.password_hash)
    accounts.set_password(maya, PASSWORD * 2, **who)
    assert not sign_in.sign_in_local(MAYA, proof, address="192.0.2.1", **who).token


def test_ten_failures_from_one_address_pause_that_person_there(maya, clock):
    began = clock()
    for _ in range(10):
        assert "do not match" in type_in(clock, "wrong", MAYA.upper()).problem
    paused = type_in(clock)
    assert paused.token is None
    assert paused.problem.endswith("The next try counts from 14:15:00 UTC.")
    assert (paused.paused_until - began).seconds == 900
    assert type_in(clock, "wrong", "xin@example.org").paused_until is None
    clock.tick(minutes=15)
    assert type_in(clock).token


def test_a_named_mim_cannot_be_locked_out_by_strangers(maya, clock):
    """Whatever strangers try from wherever, the MIM signs in, from a browser that nobody knows too."""
    for n in range(60):
        type_in(clock, "wrong", address=f"198.51.100.{n}")
    assert type_in(clock, "wrong").paused_until is None
    assert type_in(clock).token


def test_while_many_guess_at_one_person_each_address_has_three_tries(maya, clock):
    for n in range(50):
        type_in(clock, "wrong", address=f"198.51.100.{n}")
    for _ in range(3):
        assert type_in(clock, "wrong", address="203.0.113.9").paused_until is None
    assert type_in(clock, "wrong", address="203.0.113.9").paused_until


def test_an_office_behind_one_address_is_not_blocked_by_one_of_them(maya, clock):
    for n in range(40):
        type_in(clock, "wrong", f"guess{n}@example.org")
    assert type_in(clock, "wrong").paused_until is None
    assert type_in(clock).token
    for _ in range(3):
        type_in(clock, "wrong", "xin@example.org")
    assert type_in(clock, "wrong", "xin@example.org").paused_until


def test_addresses_of_one_ipv6_network_count_as_one(maya, clock):
    for n in range(10):
        type_in(clock, "wrong", address=f"2001:db8::{n + 1:x}")
    assert type_in(clock, address="2001:db8::ffff").paused_until
    assert type_in(clock, address="2001:db8:0:1::1").token


def test_a_known_browser_passes_and_counts_by_itself(maya, clock, who):
    known = [type_in(clock).browser]
    for _ in range(10):
        type_in(clock, "wrong")
    assert type_in(clock).paused_until
    assert type_in(clock, browsers=known).token
    known = [type_in(clock, browsers=known).browser]
    for _ in range(10):
        assert type_in(clock, "wrong", browsers=known).paused_until is None
    assert type_in(clock, browsers=known).paused_until


def test_a_known_browser_is_bound_to_account_password_and_half_a_year(maya, clock, who, cast):
    known = [type_in(clock).browser]
    for email in (MAYA, "omar@example.org"):
        for _ in range(10):
            type_in(clock, "wrong", email)
    assert type_in(clock, "wrong", "omar@example.org", browsers=known).paused_until
    clock.tick(days=181)
    for _ in range(10):
        type_in(clock, "wrong")
    assert type_in(clock, browsers=known).paused_until
    clock.tick(minutes=16)
    known = [type_in(clock).browser]
    accounts.set_password(maya, PASSWORD * 2, actor=SYSTEM, now=clock())
    for _ in range(10):
        type_in(clock, "wrong")
    assert type_in(clock, PASSWORD * 2, browsers=known).paused_until


def test_an_admin_lifts_the_pause(maya, clock, cast):
    for _ in range(10):
        type_in(clock, "wrong")
    with pytest.raises(Forbidden):
        accounts.unlock_user(maya, actor=cast.omar, now=clock())
    assert accounts.unlock_user(maya, actor=cast.ada, now=clock()) == 2
    assert type_in(clock).token
    assert "user.unlocked" in kinds()


def test_a_right_password_ends_the_count_of_its_email(maya, clock):
    for _ in range(2):
        for _ in range(9):
            type_in(clock, "wrong")
        assert type_in(clock).token


def test_while_paused_nothing_is_hashed_or_written(maya, clock, monkeypatch):
    for _ in range(10):
        type_in(clock, "wrong")
    monkeypatch.setattr(sign_in, "prove", lambda *given: pytest.fail("hashed"))
    before = len(kinds())
    assert type_in(clock).paused_until
    assert len(kinds()) == before


def test_guesses_sent_at_once_count_one_by_one(app, maya, clock):
    """Twelve at once, the right password among them last: no more than ten are answered."""
    outcomes = at_once(app, lambda n: type_in(clock, "wrong"), 12)
    assert sum(outcome.paused_until is None for outcome in outcomes) == 10


@pytest.mark.only_on("postgresql")
def test_guesses_that_find_no_count_yet_wait_for_each_other(app, maya, clock, monkeypatch):
    read, first = throttle._rows, threading.Semaphore(1)

    def slow(keys, lock):
        rows = read(keys, lock)
        if lock and not rows and first.acquire(blocking=False):
            threading.Event().wait(1)  # as on a machine that has other work between two statements
        return rows

    monkeypatch.setattr(throttle, "_rows", slow)
    outcomes = at_once(app, lambda n: type_in(clock, "wrong"), 12)
    assert sum(outcome.paused_until is None for outcome in outcomes) == 10


def test_counts_of_past_windows_are_swept(maya, clock):
    type_in(clock, "wrong", "old@example.org")
    clock.tick(minutes=16)
    type_in(clock, "wrong", "new@example.org")
    keys = db.session.scalars(select(SignInThrottle.key).order_by(SignInThrottle.key)).all()
    new = "new@example.org"
    assert keys == [f"email:{new}", "from:192.0.2.1", f"pair:{new}|192.0.2.1"]


def test_first_admin_only_while_there_is_nobody(app, who):
    given = {"email": "Ada@Example.org", "name": " Ada  Lindqvist ", "password": PASSWORD}
    user = accounts.create_first_admin(**given, **who)
    assert (user.email, user.name, user.role) == ("ada@example.org", "Ada Lindqvist", AccountRole.ADMIN)
    with pytest.raises(Conflict):
        accounts.create_first_admin(**given | {"email": "eve@example.org"}, **who)


def test_two_browsers_with_the_code_make_one_admin(app, clock):
    def make(n):
        given = {"email": f"a{n}@example.org", "name": "A", "password": PASSWORD}
        return accounts.create_first_admin(**given, actor=SYSTEM, now=clock()).email

    results = at_once(app, make, 4)
    assert sum(isinstance(result, str) for result in results) == 1
    assert len(db.session.scalars(select(User)).all()) == 1


def test_the_last_admin_stays(cast, ada, who):
    with pytest.raises(Invalid, match="last admin"):
        accounts.set_role(ada, AccountRole.MIM, **who)
    with pytest.raises(Invalid, match="last admin"):
        accounts.set_active(ada, False, **who)
    accounts.set_role(db.session.get(User, cast.omar.user_id), AccountRole.ADMIN, **who)
    accounts.set_active(ada, False, **who)
    with pytest.raises(Invalid, match="last admin"):
        accounts.set_role(db.session.get(User, cast.omar.user_id), AccountRole.MIM, **who)


def test_two_admins_who_leave_at_once_leave_one(app, cast, clock, who):
    accounts.set_role(db.session.get(User, cast.omar.user_id), AccountRole.ADMIN, **who)
    leaving = [cast.ada.user_id, cast.omar.user_id]

    def leave(n):
        try:
            accounts.set_role(db.session.get(User, leaving[n]), AccountRole.MIM, actor=SYSTEM, now=clock())
        except Invalid:
            return "stays"
        return "left"

    assert sorted(at_once(app, leave, 2)) == ["left", "stays"]


def test_switched_off_ends_every_session_and_lets_nobody_in(maya, clock, who):
    token = type_in(clock).token
    accounts.set_active(maya, False, **who)
    assert accounts.session_user(token, clock.tick(hours=-1)) is None
    assert db.session.scalars(select(UserSession.ended_at)).all() != [None]
    assert type_in(clock).token is None


def test_only_admins_change_accounts(cast, clock):
    with pytest.raises(Forbidden):
        accounts.set_role(
            db.session.get(User, cast.maya.user_id), AccountRole.ADMIN, actor=cast.maya, now=clock()
        )


MAP = RoleMap({"on-call": "mim", "ops": "admin", "sre": "responder"})
NO_MAP, WITHOUT_ADMIN = RoleMap(), RoleMap({"on-call": "mim"})
NOBODY = RoleMap(MAP.roles, "nobody")


def sso(who, *groups, role_map=NO_MAP, subject="i#1", email=MAYA, verified=True):
    given = {"subject": subject, "email": email, "name": "Maya", "is_verified": verified}
    return sign_in.sign_in_sso(**given, groups=list(groups), role_map=role_map, **who)


def test_single_sign_on_finds_by_subject_then_by_verified_address(maya, who):
    assert sso(who, verified=False).token is None
    assert sso(who).token
    assert maya.oidc_subject == "i#1"
    assert sso(who, email="renamed@example.org", verified=False).token
    assert maya.email == MAYA
    assert kinds().count("user.linked") == 1


def test_an_address_that_belongs_to_another_subject_is_not_taken_over(maya, who):
    assert sso(who).token
    other = sso(who, subject="i#2")
    assert (other.token, MAYA in other.problem) == (None, False)


def test_where_a_role_map_is_set_it_alone_decides(maya, who):
    sso(who, "sre", role_map=MAP)
    assert maya.role is AccountRole.RESPONDER
    accounts.set_role(maya, AccountRole.MIM, **who)
    sso(who, "sre", role_map=MAP)
    assert maya.role is AccountRole.RESPONDER
    sso(who, "staff", role_map=MAP)
    assert maya.role is AccountRole.STAKEHOLDER


def test_without_a_role_map_a_known_account_keeps_the_role_that_it_was_given(maya, who):
    sso(who, "ops")
    assert maya.role is AccountRole.MIM
    assert sso(who, subject="i#9", email="new@example.org").token
    assert db.session.scalar(select(User.role).filter_by(email="new@example.org")) is AccountRole.STAKEHOLDER


def test_the_last_admin_stays_where_no_group_makes_one_and_only_there(ada, who):
    assert sso(who, "on-call", email=ada.email, role_map=WITHOUT_ADMIN).token
    assert ada.role is AccountRole.ADMIN
    assert sso(who, "on-call", email=ada.email, role_map=MAP).token
    assert ada.role is AccountRole.MIM


def test_who_is_in_no_group_and_may_not_come_in_loses_role_and_every_session(maya, who, clock):
    token = type_in(clock).token
    outcome = sso(who, "staff", role_map=NOBODY)
    assert (outcome.token, outcome.wanted) == (None, ("on-call", "ops", "sre"))
    assert maya.role is AccountRole.STAKEHOLDER
    assert accounts.session_user(token, clock().replace(hour=1)) is None
    assert sso(who, "x", role_map=NOBODY, email="new@example.org", subject="i#9").token is None
    assert db.session.scalar(select(User).filter_by(email="new@example.org")) is None
    assert kinds().count("user.refused") == 2


def test_single_sign_on_does_not_switch_an_account_on(maya, who):
    accounts.set_active(maya, False, **who)
    assert sso(who).token is None


def test_a_session_holds_until_its_absolute_limit(maya, clock, who):
    token = accounts.start_session(maya, method=SignInMethod.LOCAL, **who)
    began = clock()
    assert accounts.session_user(token, began.replace(minute=0, hour=13)).email == MAYA
    assert accounts.session_user(token, began) is None
    accounts.end_session(token, **who)
    assert accounts.session_user(token, began.replace(hour=13)) is None


ADD = {"email": "new@example.org", "name": "New", "role": AccountRole.MIM}


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"email": "nobody"}, "email", "Use an e-mail address such as name@example.org."),
        ({"email": f"{'x' * 243}@example.org"}, "email", "Use an e-mail address such as name@example.org."),
        ({"email": "MAYA@example.org "}, "email", "maya@example.org has an account already."),
        ({"name": " "}, "name", "A name has 1 to 120 characters."),
        ({"name": "x" * 121}, "name", "A name has 1 to 120 characters."),
    ],
)
def test_an_account_is_refused_at_its_field(cast, who, given, field, says):
    with pytest.raises(Invalid) as refused:
        accounts.add_user(**ADD | given, **who)
    assert refused.value.errors == {field: says}
    accounts.add_user(**ADD | {"name": "x" * 120, "email": f"{'x' * 242}@example.org"}, **who)


def test_the_data_form_saves_all_of_an_account_and_nothing_that_stands_there(maya, clock, who):
    form = {"email": MAYA, "name": "Maya Okafor", "role": AccountRole.MIM, "is_active": True}
    before = kinds()
    accounts.save_user(maya, **form, password="", **who)
    assert kinds() == before
    accounts.save_user(maya, **form | {"role": AccountRole.RESPONDER}, password=PASSWORD * 2, **who)
    assert maya.role is AccountRole.RESPONDER
    assert not type_in(clock).token
    assert type_in(clock, PASSWORD * 2).token


def test_more_than_wait_for_a_check_are_sent_away_at_once(maya, clock, monkeypatch):
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
    with passwords._places, pytest.raises(Busy, match=r"Too many people sign in .* Try again in 5 seconds"):
        type_in(clock)
    assert all(type_in(clock).token for _ in range(2))  # each gives its place back


def test_the_code_of_the_first_run_is_tried_ten_times(app, clock):
    def try_it() -> str:
        return sign_in.throttle_setup(address="192.0.2.1", actor=SYSTEM, now=clock())

    assert {try_it() for _ in range(10)} == {"This is not the code on the server's console."}
    assert sign_in.is_setup_paused("192.0.2.1", clock())
    assert not sign_in.is_setup_paused("192.0.2.2", clock())
    assert try_it() == "Too many wrong codes. The next try counts from 14:15:00 UTC."
    assert kinds().count("setup.failed") == 10
    assert not sign_in.is_setup_paused("192.0.2.1", clock.tick(minutes=15))
