"""What a proxy that signs for people does, on this machine: keys at an address, and assertions."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Response

TAG = "97e2aae120121f902df8bc99fc345913ab186d174f3079ea729236766b2e7c4a"


@cache
def rsa(kid: str) -> RSAKey:
    """A key; the same one for the same name, as making one takes longer than a test."""
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


class CloudflareDouble:
    """A team at Cloudflare Access. `hits`: how often its keys were asked for; `is_up`: whether it answers."""

    def __init__(self, httpserver: HTTPServer, now: Callable):
        self.now, self.hits, self.is_up = now, 0, True
        self.team = httpserver.url_for("").rstrip("/")
        self.keys = {name: rsa(name) for name in ("k1", "k2")}
        self.shown = ["k1"]
        httpserver.expect_request("/cdn-cgi/access/certs").respond_with_handler(self._certs)

    def _certs(self, request) -> Response:
        self.hits += 1
        shown = [self.keys[name].as_dict(private=False) for name in self.shown]
        return Response(json.dumps({"keys": shown}), 200 if self.is_up else 500)

    @property
    def settings(self) -> dict:
        return {"CF_ACCESS_TEAM": self.team, "CF_ACCESS_AUD": ("other", TAG)}

    def claims(self, **changes) -> dict:
        """Those of Maya; what is changed to None is left out."""
        now = int(self.now().timestamp())
        said = {
            "aud": [TAG],
            "email": "maya@example.org",
            "exp": now + 3600,
            "iat": now,
            "nbf": now,
            "iss": self.team,
            "type": "app",
            "identity_nonce": "6ei69kawdKzMIAPF",
            "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
            "country": "DE",
            "custom": {"groups": ["staff", "on-call"]},
        }
        return {name: value for name, value in (said | changes).items() if value is not None}

    def assertion(self, *, kid: str = "k1", key=None, head=None, **changes) -> str:
        """A signed one. `key`: another one than `kid` says; `head`: what differs in it."""
        given = {"alg": "RS256", "kid": kid, "typ": "JWT"} | (head or {})
        signing = key or self.keys[kid]
        return jwt.encode(given, self.claims(**changes), signing, algorithms=[given["alg"]])

    def header(self, **given) -> dict[str, str]:
        return {"Cf-Access-Jwt-Assertion": self.assertion(**given)}


def elliptic(kid: str) -> ECKey:
    """A key as Google and AWS sign with."""
    return ECKey.generate_key("P-256", {"kid": kid}, private=True)
