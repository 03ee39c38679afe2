"""Who comes through a proxy that signs for them: Cloudflare Access, Google IAP, AWS ALB, or any other.

The proxy puts a JWT into a header of each request. It is checked here, on each request, and nothing else
that a proxy may say is believed: not the header with the e-mail address, not a cookie.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from flask import Flask, current_app, request
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from majorops import clock
from majorops.domain.errors import Invalid
from majorops.domain.rights import groups_in
from majorops.domain.text import clean_line
from majorops.operations.accounts import clean_email
from majorops.web.provider_http import fetch

log = logging.getLogger(__name__)

LEEWAY = 30  # seconds by which clocks may differ
FRESH = 3600.0  # seconds for which keys are taken as they are
AGAIN = 60.0  # seconds until an unknown key, or keys that could not be had, are asked for again
AT_FIRST = 5.0  # the same while there are no keys at all
LONGEST = 16_384  # characters of an assertion
REMEMBERED = 10_000  # assertions that need no second look at their signature
KEYS_KEPT = 100
KID = re.compile(r"[\w.=-]{1,200}", re.ASCII)
Key = RSAKey | ECKey


@dataclass(frozen=True)
class Vouched:
    """A person that the proxy vouches for. `groups`: as the claim of the settings lists them."""

    email: str
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Proxy:
    """What is believed of one proxy.

    `keys`: the address of its keys, with `{kid}` in it where each has an address of its own; `audiences`: for
    whom it signs; `issuer`: empty where it need not be named; `kind`: what `type` must be, or empty;
    `sign_out`: where its session ends, or empty.
    """

    header: str
    keys: str
    audiences: tuple[str, ...]
    issuer: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    kind: str = ""
    sign_out: str = ""


class NotVouched(Exception):
    """The assertion is none, or not for us; the reason is for the log alone."""


class Keys:
    """The proxy's public keys. From any thread. `monotonic`: seconds that only grow.

    Fetched again after an hour, and for an unknown one at most once a minute. While they cannot be had the
    last good ones hold.
    """

    def __init__(
        self,
        address: str,
        get: Callable[[str], bytes] = fetch,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._address, self._get, self._monotonic = address, get, monotonic
        self._is_by_kid = "{kid}" in address
        self._known: OrderedDict[str, Key] = OrderedDict()
        self._fetched: OrderedDict[str, float] = OrderedDict()
        self._tried: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, kid: str) -> Key | None:
        """The key of this name, or None."""
        name = kid if self._is_by_kid else ""
        if self._is_due(kid, name) and self._lock.acquire(blocking=kid not in self._known):
            # Who has a key that was good does not wait for another one's look.
            try:
                if self._is_due(kid, name):
                    self._fetch(name)
            finally:
                self._lock.release()
        return self._known.get(kid)

    def _is_due(self, kid: str, name: str) -> bool:
        now, never = self._monotonic(), float("-inf")
        if kid in self._known and now - self._fetched.get(name, never) < FRESH:
            return False
        return now - self._tried.get(name, never) >= (AGAIN if self._known else AT_FIRST)

    def _fetch(self, name: str) -> None:
        now = self._monotonic()
        if self._is_by_kid and sum(now - at < AGAIN for at in self._tried.values()) > 20:
            return  # somebody makes names up
        _keep(self._tried, name, now)
        try:
            text = self._get(self._address.replace("{kid}", name))
            found = {name: key_of(text)} if self._is_by_kid else keys_of(text)
        except (requests.RequestException, JoseError, ValueError, TypeError, KeyError) as error:
            log.warning("the keys of the proxy cannot be had: %s: %s", type(error).__name__, error)
            return
        if not self._is_by_kid:
            self._known.clear()
        for kid, key in found.items():
            _keep(self._known, kid, key)
        _keep(self._fetched, name, now)


def _keep(kept: OrderedDict, name: str, value: object) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > KEYS_KEPT:
        kept.popitem(last=False)


def keys_of(text: bytes) -> dict[str, Key]:
    """The RSA and EC keys of a JWK set, by their names. Raises ValueError where there is none; JoseError."""
    found = {}
    for key in KeySet.import_key_set(json.loads(text)).keys:
        if isinstance(key, RSAKey | ECKey) and key.kid:
            found[key.kid] = key
    if not found:
        raise ValueError("no usable keys")
    return found


def key_of(text: bytes) -> Key:
    """The key of a PEM. Raises ValueError, JoseError."""
    for kind in (ECKey, RSAKey):
        try:
            return kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("no usable key")


class Assertions:
    """Reads assertions of one proxy. From any thread.

    What was good once is good until it expires, or its key is none any more.
    """

    def __init__(self, proxy: Proxy, role_claim: str, get: Callable[[str], bytes] = fetch):
        self.proxy, self.keys = proxy, Keys(proxy.keys, get)
        self._role_claim = role_claim
        self._good: OrderedDict[bytes, tuple[str, Key, float, Vouched]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, text: str) -> Vouched:
        """Whom it vouches for. Raises NotVouched."""
        now, mark = clock.now().timestamp(), hashlib.sha256(text.encode()).digest()
        if kept := self._good.get(mark):
            kid, key, until, vouched = kept
            if now < until and self.keys.find(kid) is key:
                return vouched
        kid, key, claims = self._opened(text)
        until = check(claims, self.proxy, now)
        vouched = person_in(claims, self._role_claim)
        with self._lock:
            self._good[mark] = kid, key, until, vouched
            while len(self._good) > REMEMBERED:
                self._good.popitem(last=False)
        return vouched

    def _opened(self, text: str) -> tuple[str, Key, dict[str, Any]]:
        """The claims of an assertion whose signature is right, with its key; those of its head under them.

        By joserfc's algorithms and not by its tokens: it refuses the padding that AWS writes and signs.
        """
        if len(text) > LONGEST:
            raise NotVouched("too long")
        try:
            signed, _, signature = text.rpartition(".")
            head, said = (json.loads(_decoded(part)) for part in signed.split("."))
            kid, algorithm = head["kid"], head["alg"]
            if algorithm not in self.proxy.algorithms or not KID.fullmatch(kid) or "crit" in head:
                raise NotVouched("another algorithm, or no name of a key")
            if (key := self.keys.find(kid)) is None:
                raise NotVouched("an unknown key")
            way = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm)
            way.check_key(key)
            if not way.verify(signed.encode(), _decoded(signature), key):
                raise NotVouched("a wrong signature")
            return kid, key, {**head, **said}
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise NotVouched(f"{type(error).__name__}: {error}") from error


def _decoded(part: str) -> bytes:
    return b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4), altchars="-_", validate=True)


def check(claims: Mapping[str, Any], proxy: Proxy, now: float) -> float:
    """Whether the claims hold now and for us; until when, in seconds since 1970. Raises NotVouched.

    AWS says in the head whom it signs for (`signer`), and until when.
    """
    given = claims.get("aud")
    audiences = [*(given if isinstance(given, list) else [given]), claims.get("signer")]
    expires, since = moment(claims, "exp"), moment(claims, "nbf", "iat")
    if expires is None or now >= expires + LEEWAY:
        raise NotVouched("expired")
    if since is not None and since > now + LEEWAY:
        raise NotVouched("not yet")
    if not any(audience in proxy.audiences for audience in audiences):
        raise NotVouched("for somebody else")
    if proxy.issuer and claims.get("iss") != proxy.issuer:
        raise NotVouched("of another issuer")
    if proxy.kind and claims.get("type") != proxy.kind:
        raise NotVouched("of another type")
    return expires


def moment(claims: Mapping[str, Any], *names: str) -> float | None:
    """The latest of these times, in seconds since 1970; None for none. Raises NotVouched for no time."""
    found = [claims[name] for name in names if name in claims]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in found):
        raise NotVouched("a time that is none")
    return max(found, default=None)


def person_in(claims: Mapping[str, Any], role_claim: str) -> Vouched:
    """The person; a service token, which has no subject, is none. Raises NotVouched."""
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not subject or not isinstance(email, str):
        raise NotVouched("no person")
    if claims.get("email_verified", True) not in (True, "true"):
        raise NotVouched("an address that nobody has checked")
    try:
        address = clean_email(email)
    except Invalid as error:
        raise NotVouched("no address") from error
    custom = claims.get("custom")
    name = claims.get("name") or (custom.get("name") if isinstance(custom, Mapping) else "")
    name = clean_line(name)[:120] if isinstance(name, str) else ""
    return Vouched(address, name or address, tuple(groups_in(claims, role_claim)))


def proxy_of(config: Mapping[str, Any]) -> Proxy | None:
    """The proxy of the settings; None where there is none."""
    if team := config["CF_ACCESS_TEAM"]:
        return Proxy(
            header="Cf-Access-Jwt-Assertion",
            keys=f"{team}/cdn-cgi/access/certs",
            audiences=config["CF_ACCESS_AUD"],
            issuer=team,
            algorithms=("RS256",),
            kind="app",
            sign_out=f"{team}/cdn-cgi/access/logout",
        )
    if config["PROXY_JWT_HEADER"]:
        return Proxy(
            header=config["PROXY_JWT_HEADER"],
            keys=config["PROXY_JWT_KEYS"],
            audiences=config["PROXY_JWT_AUDIENCE"],
            issuer=config["PROXY_JWT_ISSUER"],
            sign_out=config["PROXY_SIGN_OUT"],
        )
    return None


def assertions() -> Assertions | None:
    """What reads assertions here; None where no proxy signs."""
    return current_app.extensions.get("assertions")


def vouched() -> Vouched | None:
    """Whom the proxy vouches for with this request; None for nobody."""
    reader = assertions()
    given = request.headers.getlist(reader.proxy.header) if reader else []
    if reader is None or len(given) != 1:  # two: who knows which one the proxy wrote
        return None
    try:
        return reader.read(given[0])
    except NotVouched as reason:
        log.info("an assertion was not believed: %s", reason)
        return None


def sign_out_address() -> str:
    """Where the session at the proxy ends; empty where none is known."""
    reader = assertions()
    return reader.proxy.sign_out if reader else ""


def init_app(app: Flask) -> None:
    """Read assertions where the settings name a proxy."""
    if proxy := proxy_of(app.config):
        app.extensions["assertions"] = Assertions(proxy, app.config["OIDC_ROLE_CLAIM"])
