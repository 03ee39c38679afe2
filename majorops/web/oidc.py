"""Single sign-on: OpenID Connect, authorization code with PKCE, state and nonce, through Authlib."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Response, current_app
from joserfc.errors import JoseError

from majorops.domain.vocab import AccountRole

DEADLINE = 4.5  # seconds for all that one request of ours asks of the provider
LARGEST = 512 * 1024  # bytes of one answer
RANK = list(AccountRole)  # admin first: who has several mapped groups gets the highest role


class ProviderProblem(Exception):
    """What the person reads when the provider is the problem. `status`: 503 down, 400 refused."""

    def __init__(self, title: str, text: str, status: int):
        self.title, self.text, self.status = title, text, status
        super().__init__(title)


class Deadline(requests.adapters.HTTPAdapter):
    """A whole answer within one deadline: the time-out of requests itself starts anew with every byte."""

    def __init__(self):
        super().__init__()
        self.ends_at = time.monotonic() + DEADLINE

    def send(self, request, **options):
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise requests.Timeout("the provider took too long")
        options.update(timeout=left, stream=True)
        response = super().send(request, **options)
        body = b""
        for part in response.iter_content(1024):
            body += part
            if time.monotonic() > self.ends_at or len(body) > LARGEST:
                response.close()
                raise requests.Timeout("the provider's answer does not end")
        response._content = body
        return response


def is_on() -> bool:
    return bool(current_app.config["OIDC_ISSUER"])


def client():
    """A fresh client: what was learnt from a provider that answered nonsense is not kept."""
    if not is_on():
        raise ProviderProblem("Single sign-on is off", "It is not set up on this server.", 404)
    config = current_app.config
    oauth = OAuth(current_app)
    adapter = Deadline()

    def bounded(session: requests.Session) -> None:
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    app = oauth.register(
        "sso",
        client_id=config["OIDC_CLIENT_ID"],
        client_secret=config["OIDC_CLIENT_SECRET"],
        server_metadata_url=f"{config['OIDC_ISSUER']}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "default_timeout": DEADLINE,
            "token_endpoint_auth_method": "client_secret_basic" if config["OIDC_CLIENT_SECRET"] else "none",
        },
        compliance_fix=bounded,
    )
    # Discovery goes through a session of its own, which compliance_fix does not reach.
    make_session = app._get_session

    def session_with_deadline():
        session = make_session()
        bounded(session)
        return session

    app._get_session = session_with_deadline
    return app


def begin(redirect_uri: str) -> Response:
    """Send the browser to the provider. Raises ProviderProblem."""
    try:
        app = client()
        check_issuer(app.load_server_metadata())
        return app.authorize_redirect(redirect_uri)
    except NONSENSE as error:
        raise provider_problem(error) from error


def finish() -> dict:
    """Who came back: arguments for `sign_in_sso`. Raises ProviderProblem."""
    try:
        app = client()
        check_issuer(app.load_server_metadata())
        token = app.authorize_access_token()
        claims = token.get("userinfo")  # the checked claims of the ID token; absent without one
        if not claims:
            raise ValueError("no ID token")
        if not claims.get("email"):
            claims = {**app.userinfo(token=token), **claims}
        return person(claims, current_app.config)
    except NONSENSE as error:
        raise provider_problem(error) from error


NONSENSE = (
    OAuthError,
    JoseError,
    requests.RequestException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)


def check_issuer(metadata: Mapping) -> None:
    if str(metadata.get("issuer", "")).rstrip("/") != current_app.config["OIDC_ISSUER"]:
        raise ValueError("the provider names another issuer")


def person(claims: Mapping, config: Mapping) -> dict:
    """The arguments of `sign_in_sso` from checked claims. Raises ValueError, KeyError."""
    email = str(claims.get("email") or "").strip().lower()
    if "@" not in email:
        raise ValueError("no e-mail address")
    return {
        "subject": f"{claims['iss']}#{claims['sub']}"[:255],
        "email": email[:254],
        "is_verified": claims.get("email_verified") is True,
        "name": str(claims.get("name") or email)[:120],
        "role": role_of(claims, config),
    }


def role_of(claims: Mapping, config: Mapping) -> AccountRole | None:
    """The highest role that a group claim maps to, or None."""
    groups = claims.get(config["OIDC_ROLE_CLAIM"]) or []
    groups = [groups] if isinstance(groups, str) else groups
    mapped = {
        AccountRole(config["OIDC_ROLE_MAP"][group]) for group in groups if group in config["OIDC_ROLE_MAP"]
    }
    return min(mapped, key=RANK.index) if mapped else None


def provider_problem(error: Exception) -> ProviderProblem:
    """The page for what went wrong; details stay in the server's log."""
    current_app.logger.warning("single sign-on: %s: %s", type(error).__name__, error)
    if isinstance(error, OAuthError) and error.error == "access_denied":
        return ProviderProblem("Sign-in refused", "The provider did not let this account in.", 400)
    if isinstance(error, OAuthError | JoseError):
        text = "The provider's answer does not belong to this sign-in. Start again."
        return ProviderProblem("Sign-in not finished", text, 400)
    return ProviderProblem(
        "Single sign-on does not answer", "The provider is down, slow, or answers nonsense.", 503
    )
