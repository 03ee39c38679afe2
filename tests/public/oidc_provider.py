"""A small strict OpenID provider for tests and for trying out, on loopback only:
`python -m tests.public.oidc_provider --port 9100`.

PKCE and nonce are required, the redirect address must match; discovery, keys and userinfo are served. At the
sign-in page one picks a person and groups (`person=mia&groups=on-call,staff`). `--mode` makes it misbehave.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from html import escape
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.waiting import NEVER

CLIENT_ID, CLIENT_SECRET = "majorops", "tests-only"
PEOPLE = {
    "mia": {"sub": "u-1", "name": "Mia Sato", "email": "mia@example.org", "groups": ["on-call", "staff"]},
    "gus": {
        "sub": "u-2",
        "locale": "de-AT",
        "name": "Gus Berg",
        "email": "gus@example.org",
        "groups": ["staff"],
    },
}
MODES = (
    "good",
    "denied",
    "wrong_nonce",
    "bad_signature",
    "expired",
    "garbage",
    "broken",
    "slow",
    "slow_token",
    "trickle",
    "trickle_headers",
    "endless",
    "wrong_issuer",
    "thin_token",
    "other_userinfo",
    "unverified",
    "wrong_secret",
    "no_sign_out",
)


class Client:
    """The one client that is registered here."""

    client_id = CLIENT_ID

    def __init__(self, redirect_uri: str, secret: str):
        self.redirect_uri, self.secret = redirect_uri, secret

    def get_client_id(self):
        return CLIENT_ID

    def get_default_redirect_uri(self):
        return self.redirect_uri

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, secret):
        return secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(dict):
    """An authorization code with what was asked when it was given."""

    def __getattr__(self, name):
        return self.get(name)

    def get_redirect_uri(self):
        return self["redirect_uri"]

    def get_scope(self):
        return self["scope"]

    def get_nonce(self):
        return self["nonce"]

    def get_auth_time(self):
        return self["auth_time"]

    def get_acr(self):
        return None

    def get_amr(self):
        return None

    def is_expired(self):
        return False


def create_provider(port: int, mode: str, redirect_uri: str) -> Flask:
    """The provider as a Flask application."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "tests-only"
    issuer = f"http://127.0.0.1:{port}"
    key, other = (
        RSAKey.generate_key(2048, {"kid": "k1"}, private=True),
        RSAKey.generate_key(2048, {"kid": "k1"}, private=True),
    )
    codes: dict[str, Code] = {}
    tokens: dict[str, dict] = {}
    client = Client(redirect_uri, "another" if mode == "wrong_secret" else CLIENT_SECRET)

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code, request):
            asked = request.payload.data
            codes[code] = Code(
                code=code,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=asked.get("nonce"),
                auth_time=int(time.time()),
                user=request.user,
                code_challenge=asked.get("code_challenge"),
                code_challenge_method=asked.get("code_challenge_method"),
            )

        def query_authorization_code(self, code, client):
            return codes.get(code)

        def delete_authorization_code(self, authorization_code):
            codes.pop(authorization_code["code"], None)

        def authenticate_user(self, authorization_code):
            return authorization_code["user"]

    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce, request):
            return False

        def resolve_client_private_key(self, client):
            return other if mode == "bad_signature" else key

        def get_client_claims(self, client):
            return {
                "iss": issuer,
                "exp": int(time.time()) + (-3600 if mode == "expired" else 3600),
                "alg": "RS256",
                "kid": "k1",
            }

        def get_client_algorithm(self, client):
            return "RS256"

        def get_authorization_code_claims(self, authorization_code):
            claims = super().get_authorization_code_claims(authorization_code)
            return claims | {"nonce": "another"} if mode == "wrong_nonce" else claims

        def generate_user_info(self, user, scope):
            known = {"sub": user["sub"]} if mode in ("thin_token", "other_userinfo") else user
            return UserInfo(**known, email_verified=mode != "unverified")

    def keep(token, request):
        tokens[token["access_token"]] = request.user

    server = AuthorizationServer(app, query_client=lambda _: client, save_token=keep)
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken(require_nonce=True)])

    @app.get("/.well-known/openid-configuration")
    def discovery():
        if mode == "garbage":
            return Response("<html>not a provider</html>", content_type="text/html")
        if mode == "broken":
            return Response("{}", status=500)
        if mode == "slow":
            time.sleep(NEVER)
        if mode == "endless":
            return Response((b" " * 65536 for _ in range(10**6)), content_type="application/json")
        if mode == "trickle":
            return Response((time.sleep(0.3) or " " for _ in range(2_000)), content_type="application/json")
        return jsonify(
            issuer="https://elsewhere.example" if mode == "wrong_issuer" else issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/keys",
            userinfo_endpoint=f"{issuer}/userinfo",
            **({} if mode == "no_sign_out" else {"end_session_endpoint": f"{issuer}/end?from=us"}),
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/keys")
    def keys():
        return jsonify(keys=[key.as_dict(private=False)])

    @app.get("/authorize")
    def authorize():
        person = PEOPLE.get(request.args.get("person", ""))
        if mode == "denied":
            return redirect(f"{redirect_uri}?error=access_denied&state={request.args['state']}")
        if person is None:
            return sign_in_page()
        if "groups" in request.args:
            person = person | {"groups": [name for name in request.args["groups"].split(",") if name]}
        grant = server.get_consent_grant(end_user=person)
        return server.create_authorization_response(grant=grant, grant_user=person)

    def sign_in_page() -> str:
        asked = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in request.args.items()
        )
        forms = "".join(
            f'<form>{asked}<label>Groups <input name="groups" value="{",".join(person["groups"])}"></label>'
            f'<button name="person" value="{name}">{person["name"]}</button></form>'
            for name, person in PEOPLE.items()
        )
        return f'<!doctype html><html lang="en"><title>Who are you</title><h1>Who are you</h1>{forms}</html>'

    @app.get("/end")
    def end_session():
        """OpenID Connect RP-Initiated Logout 1.0; the hint's signature is checked, its time is not."""
        back = request.args["post_logout_redirect_uri"]
        if back != redirect_uri or request.args["client_id"] != CLIENT_ID or request.args["from"] != "us":
            return Response(status=400)
        jws.deserialize_compact(request.args["id_token_hint"], key, algorithms=["RS256"])
        return redirect(back)

    @app.get("/userinfo")
    def userinfo():
        user = tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            return Response(status=401)
        return jsonify(user | {"email_verified": True} | ({"sub": "x"} if mode == "other_userinfo" else {}))

    @app.post("/token")
    def token():
        if mode == "slow_token":
            time.sleep(NEVER)
        return server.create_token_response()

    return app


def trickle_headers(port: int) -> None:
    """Answer every connection with a header every 0.3 s, and never come to an end."""

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                line.sendall(b"X-A: b\r\n")
                time.sleep(0.3)

    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--mode", choices=MODES, default="good")
    parser.add_argument("--redirect-uri", default="http://127.0.0.1:8000/auth/callback")
    given = parser.parse_args()
    if urlsplit(given.redirect_uri).hostname not in ("127.0.0.1", "localhost"):
        sys.exit("this provider is for loopback only")
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    if given.mode == "trickle_headers":
        trickle_headers(given.port)
    app = create_provider(given.port, given.mode, given.redirect_uri)
    make_server("127.0.0.1", given.port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
