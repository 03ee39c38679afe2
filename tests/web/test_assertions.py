"""People who come through a proxy that signs for them: Cloudflare Access, Google IAP, AWS ALB."""

from __future__ import annotations

import base64
import hmac
import json
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jws, jwt
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.models import AuditEntry, User, UserSession
from majorops.operations.accounts import set_active, set_password, start_session
from majorops.web.assertions import AGAIN, AT_FIRST, FRESH, Assertions, Keys, NotVouched, Proxy, key_of
from majorops.web.session import sign_in_client
from tests.cast import PASSWORD
from tests.server import Person, Server, fill
from tests.web.page import check
from tests.web.proxy_double import TAG, CloudflareDouble, elliptic, rsa

NAME = "Cf-Access-Jwt-Assertion"


@pytest.fixture
def access(httpserver, clock) -> CloudflareDouble:
    return CloudflareDouble(httpserver, clock)


@pytest.fixture
def unmapped() -> str:
    return "stakeholder"


@pytest.fixture
def settings(settings, access, unmapped):
    roles = {"on-call": "mim", "ops": "admin"}
    return settings | access.settings | {"OIDC_ROLE_MAP": roles, "OIDC_UNMAPPED": unmapped}


def role_of(email: str) -> AccountRole | None:
    db.session.rollback()
    return db.session.scalar(select(User.role).filter_by(email=email))


def is_in(client, headers) -> bool:
    return client.get("/admin/incidents", headers=headers).status_code == 200


def test_nobody_sees_a_sign_in_page(app, cast, client, access):
    answer = client.get("/admin/incidents", headers=access.header(email="new@example.org"))
    assert answer.status_code == 200
    assert "Sign in" not in answer.text
    user = db.session.scalar(select(User).filter_by(email="new@example.org"))
    assert (user.role, user.name) == (AccountRole.MIM, "new@example.org")
    answer = client.get("/login?next=/new", headers=access.header(email="new@example.org"))
    assert (answer.status_code, answer.location) == (303, "/new")


def test_one_session_for_a_browser_however_many_pages(app, cast, client, access):
    headers = access.header()
    for _ in range(3):
        assert is_in(client, headers)
    assert len(db.session.scalars(select(UserSession)).all()) == 1
    assert access.hits == 1


def test_without_a_mapped_group_a_stakeholder(app, cast, client, access):
    assert not is_in(client, access.header(email="gus@example.org", custom={"groups": ["staff"]}))
    assert role_of("gus@example.org") is AccountRole.STAKEHOLDER


def test_the_role_follows_the_groups_of_the_next_assertion(app, cast, client, access):
    assert is_in(client, access.header())
    clock_moves = access.header(custom={"groups": ["staff"]})
    answer = client.get("/admin/incidents", headers=clock_moves)
    assert answer.status_code == 403
    check(answer)
    assert role_of("maya@example.org") is AccountRole.STAKEHOLDER
    ended = db.session.scalars(select(UserSession.ended_at).order_by(UserSession.id)).all()
    assert [at is None for at in ended] == [False, True]


def test_the_session_is_worth_nothing_beside_the_proxy(app, cast, client, access):
    """What Access revokes does not get here any more; who comes past it with the cookie is a stranger."""
    assert is_in(client, access.header())
    answer = client.get("/admin/incidents")
    assert answer.status_code == 403  # and no way in a circle between /login and here
    assert "did not come through it" in answer.text
    assert "ada@example.org" not in answer.text
    check(answer)
    assert not is_in(client, access.header(exp=1))
    assert is_in(client, access.header())


def test_another_person_in_the_same_browser_is_another_session(app, cast, client, access):
    assert is_in(client, access.header())
    answer = client.get("/admin/account", headers=access.header(email="omar@example.org"))
    assert "Omar Haddad" in answer.text
    assert "Maya" not in answer.text


def test_forms_carry_their_token_also_over_a_new_assertion(app, cast, client, access):
    page = client.get("/new", headers=access.header()).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    given = {"title": "dns slow", "severity": "low", "affected_systems": "dns"}
    headers = access.header(iat=int(access.now().timestamp()) - 5)
    assert client.post("/new", data=given, headers=headers).status_code == 400
    answer = client.post("/new", data=given | {"csrf_token": token}, headers=headers)
    assert answer.status_code == 303


def test_sign_out_leads_to_the_proxys(app, cast, client, access):
    app.config["WTF_CSRF_ENABLED"] = False
    headers = access.header()
    assert is_in(client, headers)
    answer = client.post("/logout", headers=headers)
    assert f'url={access.team}/cdn-cgi/access/logout"' in answer.text
    check(answer)
    assert db.session.scalar(select(UserSession.ended_at)) is not None


def test_a_switched_off_account_is_told_so_and_whom_to_ask(app, cast, client, access, clock):
    headers = access.header()
    assert is_in(client, headers)
    set_active(db.session.get(User, cast.maya.user_id), False, actor=SYSTEM, now=clock())
    for path in ("/admin/incidents", "/login"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 403
        assert "switched off" in answer.text
        assert "ada@example.org" in answer.text
        assert f"{access.team}/cdn-cgi/access/logout" in answer.text
        check(answer)


@pytest.mark.parametrize("unmapped", ["nobody"])
def test_nobody_without_a_mapped_group_and_each_refusal_once_in_the_audit(app, cast, client, access):
    headers = access.header(custom={"groups": ["staff"]})
    for _ in range(3):
        answer = client.get("/admin/incidents", headers=headers)
        assert answer.status_code == 403
        assert "on-call, ops" in answer.text
    assert role_of("maya@example.org") is AccountRole.STAKEHOLDER  # known before; a new one is not even made
    kinds = db.session.scalars(select(AuditEntry.kind)).all()
    assert kinds.count("user.refused") == 1
    client.get("/admin/incidents", headers=access.header(email="x@example.org", custom={}))
    assert role_of("x@example.org") is None


def test_a_password_still_signs_in_from_inside(app, cast, client, access, clock):
    app.config["WTF_CSRF_ENABLED"] = False
    set_password(db.session.get(User, cast.ada.user_id), PASSWORD, actor=SYSTEM, now=clock())
    given = {"email": "ada@example.org", "password": PASSWORD}
    assert client.post("/login", data=given).status_code == 303
    assert client.get("/admin/", headers=access.header()).status_code == 200  # and stays who they are


def test_public_pages_are_the_same_for_whoever_comes_through_it(app, cast, client, access):
    cast.open()
    for headers in ({}, access.header(email="new@example.org")):
        answer = client.get("/", headers=headers)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert role_of("new@example.org") is None


def unsigned(access) -> str:
    """What libraries once took: no algorithm, no signature."""
    parts = [{"alg": "none", "kid": "k1"}, access.claims()]
    return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed_with_the_public_key(access) -> str:
    parts = [{"alg": "HS256", "kid": "k1"}, access.claims()]
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    secret = access.keys["k1"].as_pem(private=False)
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def tampered(access) -> str:
    head, _, signature = access.assertion(custom={}).split(".")
    return f"{head}.{encoded(json.dumps(access.claims()).encode())}.{signature}"


def deep(access) -> str:
    return f"{encoded(b'[' * 11_000)}.e30.e30"


def nested(access) -> str:
    """Signed, and no object of claims."""
    return jws.serialize_compact({"alg": "RS256", "kid": "k1"}, b'"maya@example.org"', access.keys["k1"])


BAD = {
    "unsigned": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "another algorithm of RSA": lambda access: access.assertion(head={"alg": "RS512"}),
    "another team": lambda access: access.assertion(iss="https://evil.cloudflareaccess.com"),
    "another application": lambda access: access.assertion(aud=["x" * 64]),
    "no application": lambda access: access.assertion(aud=None),
    "expired": lambda access: access.assertion(exp=int(access.now().timestamp()) - 31),
    "without an end": lambda access: access.assertion(exp=None),
    "an end that is no time": lambda access: access.assertion(exp="9999999999"),
    "not yet": lambda access: access.assertion(nbf=int(access.now().timestamp()) + 31),
    "from the future": lambda access: access.assertion(iat=int(access.now().timestamp()) + 31),
    "a service token": lambda access: access.assertion(sub="", email=None, common_name="ci.access"),
    "an empty subject": lambda access: access.assertion(sub=""),
    "no subject": lambda access: access.assertion(sub=None),
    "no address": lambda access: access.assertion(email=None),
    "of the organisation, not the application": lambda access: access.assertion(type="org"),
    "an unknown key": lambda access: access.assertion(kid="k2"),
    "another key of the same name": lambda access: access.assertion(key=access.keys["k2"]),
    "no name of a key": lambda access: access.assertion(head={"kid": ""}),
    "tampered": tampered,
    "no claims": nested,
    "deeper than a parser goes": deep,
    "too long": lambda access: access.assertion(country="x" * 20_000),
    "nothing": lambda access: "",
    "no token": lambda access: "maya@example.org",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_assertion_signs_nobody_in(app, cast, client, access, name):
    assert client.get("/new", headers={NAME: BAD[name](access)}).status_code == 303
    assert client.get("/admin/incidents", headers={NAME: BAD[name](access)}).location.startswith("/login")
    assert db.session.scalar(select(UserSession)) is None


def test_nothing_without_a_signature_is_believed(app, cast, client, access):
    said = {"Cf-Access-Authenticated-User-Email": "maya@example.org"}
    assert not is_in(client, said)
    client.set_cookie("CF_Authorization", access.assertion())
    assert not is_in(client, said)
    twice = [(NAME, access.assertion()), (NAME, access.assertion(email="omar@example.org"))]
    assert not is_in(client, twice)


def test_clocks_may_differ_by_half_a_minute(app, cast, access):
    now = int(access.now().timestamp())
    for given in ({"exp": now - 29}, {"nbf": now + 29, "iat": now + 29}):
        assert is_in(app.test_client(), access.header(**given))


def test_an_assertion_that_was_good_ends_with_its_time_and_with_its_key(app, cast, client, access, clock):
    headers = access.header()
    assert is_in(client, headers)
    reader = app.extensions["assertions"]
    assert reader.read(headers[NAME]) == reader.read(headers[NAME])
    reader.keys._known.clear()
    access.shown = ["k2"]
    assert not is_in(client, headers)
    fresh = Assertions(reader.proxy, "groups")
    access.shown = ["k1"]
    assert fresh.read(headers[NAME]).email == "maya@example.org"
    clock.tick(hours=2)
    with pytest.raises(NotVouched, match="expired"):
        fresh.read(headers[NAME])


class Book:
    """Where keys are, in the test's own time; each look at it costs nothing and is counted."""

    def __init__(self, *names: str):
        self.keys = {name: rsa(name) for name in names}
        self.shown, self.looks, self.now, self.is_up = set(names), 0, 1000.0, True

    def get(self, address: str) -> bytes:
        self.looks += 1
        if not self.is_up:
            raise ValueError("down")
        found = [self.keys[name].as_dict(private=False) for name in sorted(self.shown)]
        return json.dumps({"keys": found}).encode()

    def reader(self, address: str = "https://x.test/certs") -> Keys:
        return Keys(address, self.get, lambda: self.now)


class TestKeys:
    def test_are_kept_for_an_hour(self):
        book = Book("k1")
        keys = book.reader()
        assert keys.find("k1") is keys.find("k1") is not None
        book.now += FRESH - 1
        assert keys.find("k1")
        assert book.looks == 1
        book.now += 2
        assert keys.find("k1")
        assert book.looks == 2

    def test_a_new_one_is_found_and_an_unknown_one_asks_once_a_minute(self):
        book = Book("k1", "k2")
        book.shown = {"k1"}
        keys = book.reader()
        assert keys.find("k1")
        for _ in range(5):
            assert keys.find("k2") is None
        assert book.looks == 1
        book.shown, book.now = {"k1", "k2"}, book.now + AGAIN
        assert keys.find("k2")
        assert book.looks == 2
        for n in range(5):
            assert keys.find(f"made up {n}") is None
        assert book.looks == 2

    def test_one_that_is_shown_no_more_is_none(self):
        book = Book("k1", "k2")
        keys = book.reader()
        assert keys.find("k1")
        book.shown, book.now = {"k2"}, book.now + FRESH + 1
        assert keys.find("k1") is None

    def test_the_last_good_ones_hold_while_they_cannot_be_had(self):
        book = Book("k1")
        keys = book.reader()
        assert keys.find("k1")
        book.is_up, book.now = False, book.now + FRESH + 1
        for _ in range(5):
            assert keys.find("k1")
        assert book.looks == 2  # and nobody waits for each request's own look

    def test_at_the_start_another_try_comes_soon(self):
        book = Book("k1")
        book.is_up = False
        keys = book.reader()
        assert keys.find("k1") is None
        assert keys.find("k1") is None
        assert book.looks == 1
        book.is_up, book.now = True, book.now + AT_FIRST
        assert keys.find("k1")

    def test_each_at_an_address_of_its_own(self):
        key, asked = elliptic("a-b"), []

        def get(address: str) -> bytes:
            asked.append(address)
            return key.as_pem(private=False)

        keys = Keys("https://keys.test/{kid}", get, lambda: 1000.0)
        assert keys.find("a-b").thumbprint() == key.thumbprint()
        assert keys.find("a-b")
        assert asked == ["https://keys.test/a-b"]

    def test_names_that_are_made_up_cost_few_looks(self):
        asked = []

        def get(address: str) -> bytes:
            asked.append(address)
            raise ValueError("404")

        keys = Keys("https://keys.test/{kid}", get, lambda: 1000.0)
        for n in range(200):
            assert keys.find(f"k{n}") is None
        assert len(asked) <= 21

    def test_a_text_that_is_no_key(self):
        with pytest.raises(ValueError, match="no usable key"):
            key_of(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")


GOOGLE = Proxy(
    "x-goog-iap-jwt-assertion", "https://keys.test/jwk", ("/projects/1/x",), "https://cloud.google.com/iap"
)
AMAZON = Proxy("x-amzn-oidc-data", "https://keys.test/{kid}", ("arn:aws:elasticloadbalancing:eu:1:app/x",))


@pytest.fixture
def iap(clock):
    """(reader, sign): Google's assertions."""
    key = elliptic("g1")
    text = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    reader = Assertions(GOOGLE, "groups", lambda address: text)
    now = int(clock().timestamp())
    said = {"iss": GOOGLE.issuer, "aud": "/projects/1/x", "sub": "accounts.google.com:1", "iat": now}
    said |= {"email": "maya@example.org", "exp": now + 600}

    def sign(**changes) -> str:
        return jwt.encode({"alg": "ES256", "kid": "g1"}, said | changes, key, algorithms=["ES256"])

    return reader, sign


def test_google(iap):
    reader, sign = iap
    assert reader.read(sign()).email == "maya@example.org"
    for change in ({"iss": "https://evil.test"}, {"aud": "/projects/2/x"}, {"email_verified": False}):
        with pytest.raises(NotVouched):
            reader.read(sign(**change))


def test_amazon_signs_with_padding_and_says_in_the_head_for_whom(clock):
    key = elliptic("a1")
    reader = Assertions(AMAZON, "groups", lambda address: key.as_pem(private=False))
    now = int(clock().timestamp())

    def sign(**changes) -> str:
        head = {"alg": "ES256", "kid": "a1", "signer": AMAZON.audiences[0], "exp": now + 120} | changes
        said = {"sub": "1", "email": "maya@example.org", "name": "Maya", "groups": ["on-call"]}
        return padded(head, said, key)

    assert reader.read(sign()).groups == ("on-call",)
    for change in ({"signer": "arn:aws:elasticloadbalancing:eu:2:app/evil"}, {"exp": now - 31}):
        with pytest.raises(NotVouched):
            reader.read(sign(**change))


def padded(head: dict, said: dict, key) -> str:
    """A token as AWS writes it: each part with its padding, which the signature covers."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (head, said)]
    signed = ".".join(parts)
    r, s = utils.decode_dss_signature(key.private_key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}"


@pytest.mark.machine_clock
def test_live_screens_run_through_it(request, httpserver, database_url, clock):
    """The real server: the second request is staff's, and a stream opens with a ticket that it gave."""
    if request.config.getoption("--postgres"):
        pytest.skip("the front is the same")
    fill(database_url)
    access = CloudflareDouble(httpserver, clock)
    given = {"CF_ACCESS_TEAM": access.team, "CF_ACCESS_AUD": TAG, "SCIM_TOKEN": "t" * 32}
    server = Server(database_url, OIDC_ROLE_MAP='{"on-call": "mim"}', **given)
    server.start()
    maya = Person(server, headers=access.header())
    path = maya.open()
    stream = maya.listen(path)
    stream.next("beat")
    assert maya.post(f"{path}/notes", kind="note", text="heard").status_code == 200
    bearer = {"Authorization": f"Bearer {'t' * 32}"}
    filtered = {"filter": 'userName eq "maya@example.org"'}
    found = maya.http.get(f"{server.url}/scim/v2/Users", params=filtered, headers=bearer).json()
    number = found["Resources"][0]["id"]
    assert maya.http.delete(f"{server.url}/scim/v2/Users/{number}", headers=bearer).status_code == 204
    stream.next("over", 20)
    assert maya.get(f"{path}/changes").status_code == 401
    server.stop()


def test_a_session_of_ones_own_needs_no_proxy(app, cast, client, clock):
    user = db.session.get(User, cast.maya.user_id)
    token = start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock())
    sign_in_client(client, token)
    assert is_in(client, {})
