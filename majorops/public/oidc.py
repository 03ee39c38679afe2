"""Single sign-on: OpenID Connect, authorization code with PKCE, state and nonce, through Authlib."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app, request, session, url_for
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from majorops.domain.errors import Invalid
from majorops.domain.rights import groups_in
from majorops.domain.text import clean_line
from majorops.i18n import DEFAULT, LANGUAGES
from majorops.operations.accounts import clean_email
from majorops.web.provider_http import Deadline
from majorops.web.redirects import leave_for
from majorops.web.session import cookie_signer

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
PENDING = "_state_sso_"  # where Authlib keeps an unfinished sign-in in the session
HINT_ROOM = 3000  # characters of an ID token that an address still takes
COOKIE_ROOM = 3600  # bytes; browsers drop a cookie above 4096 without a word
CLIENT = "client secret, or client ID (MAJOROPS_OIDC_CLIENT_SECRET, MAJOROPS_OIDC_CLIENT_ID)"
# Errors of the provider (RFC 6749, 4.1.2.1 and 5.2) that no other try mends, and what would.
OURS_TO_MEND = {
    "invalid_client": CLIENT,
    "unauthorized_client": CLIENT,
    "invalid_scope": "scopes (MAJOROPS_OIDC_SCOPES)",
}
NONSENSE = (
    OAuthError,
    JoseError,
    requests.RequestException,
    Invalid,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)


class ProviderProblem(Exception):
    """What the person reads when the provider is the problem. `status`: 503 down, 400 refused.

    `is_lasting`: another try would end the same way.
    """

    def __init__(self, title: str, text: str, status: int, *, is_lasting: bool = False):
        self.title, self.text, self.status, self.is_lasting = title, text, status, is_lasting
        super().__init__(title)


class Conversation(OAuth2Session):
    """Authlib's session with the provider, over connections that end at the deadline."""

    def __init__(self, *args, line: Deadline, **kwargs):
        super().__init__(*args, **kwargs)
        self.mount("https://", line)
        self.mount("http://", line)


class Provider(FlaskOAuth2App):
    """The provider as Authlib sees it.

    Its discovery document is checked before anything is taken from it.
    """

    client_cls = Conversation

    def load_server_metadata(self) -> Mapping:
        """The discovery document. Raises RequestException, ValueError, LookupError, TypeError."""
        is_new = "_loaded_at" not in self.server_metadata
        metadata = super().load_server_metadata()
        if is_new:
            self._check(metadata)
        return metadata

    def _check(self, metadata: dict) -> None:
        if str(metadata["issuer"]).rstrip("/") != current_app.config["OIDC_ISSUER"]:
            raise ValueError("the provider names another issuer")
        if not all(metadata[name].startswith(("https://", "http://")) for name in ENDPOINTS):
            raise ValueError("the provider names no usable addresses")
        # An ID token is signed with a key of the provider: neither unsigned nor with a secret
        # that others hold too.
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            name for name in offered if name != "none" and not name.startswith("HS")
        ]
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.client_secret and "client_secret_basic" not in methods and "client_secret_post" in methods:
            way = "client_secret_post"  # a name of the protocol
            self.client_kwargs["token_endpoint_auth_method"] = way


def is_on() -> bool:
    """Single sign-on is offered: MAJOROPS_OIDC_ISSUER is set. Whether the provider answers is not asked."""
    return bool(current_app.config["OIDC_ISSUER"])


def client() -> Provider:
    """A client for this one request, so that no wrong answer of the provider is kept for the next one."""
    config = current_app.config
    return OAuth(current_app).register(
        "sso",
        client_cls=Provider,
        client_id=config["OIDC_CLIENT_ID"],
        client_secret=config["OIDC_CLIENT_SECRET"],
        server_metadata_url=f"{config['OIDC_ISSUER']}/.well-known/openid-configuration",
        client_kwargs={
            "line": Deadline(),
            "scope": config["OIDC_SCOPES"],
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if config["OIDC_CLIENT_SECRET"] else "none",
        },
    )


def begin(wanted: str) -> Response:
    """Send the browser to the provider; `wanted` is kept with this sign-in. Raises ProviderProblem."""
    try:
        app, back = client(), callback_address()
        asked = app.create_authorization_url(back)
        address = asked.pop("url")
        app.save_authorize_data(redirect_uri=back, next=wanted, **asked)
    except NONSENSE as error:
        raise provider_problem(error) from error
    make_room(asked["state"])
    return leave_for(address)


def callback_address() -> str:
    """Where the provider sends people back to.

    It lies under BASE_URL where that is set, whatever the Host header says.
    """
    base = current_app.config["BASE_URL"]
    return base + url_for("sign_in.callback") if base else url_for("sign_in.callback", _external=True)


def make_room(state: str) -> None:
    """Keep the session's cookie below COOKIE_ROOM bytes; `state`: of the sign-in that begins.

    Other unfinished sign-ins go, oldest first; then the query of an address that is too long.
    """
    sign = cookie_signer(current_app).dumps
    older = sorted(
        (key for key in session if key.startswith(PENDING) and key != PENDING + state),
        key=lambda key: session[key]["exp"],
    )
    while older and len(sign(dict(session))) > COOKIE_ROOM:
        session.pop(older.pop(0))
    if len(sign(dict(session))) > COOKIE_ROOM:
        data = session[PENDING + state]["data"]
        data["next"] = data["next"].partition("?")[0][:500]


def wanted() -> str:
    """Where the person of this callback wanted to go, unchecked; empty for a sign-in that was never begun."""
    return _pending().get("next", "")


def _pending() -> dict:
    return session.get(PENDING + request.args.get("state", ""), {}).get("data", {})


def finish() -> dict:
    """Who came back: arguments for `sign_in_sso`. Raises ProviderProblem."""
    try:
        if not _pending():  # before a word with the provider: strangers cannot make us call it
            raise MismatchingStateError()
        app = client()
        token = app.authorize_access_token()
        claims = token.get("userinfo")  # the checked claims of the ID token; absent without one
        if not claims:
            raise ValueError("no ID token")
        found = person(_completed(app, token, claims), current_app.config["OIDC_ROLE_CLAIM"])
        return found | {"sign_out_address": sign_out_address(app, token)}
    except NONSENSE as error:
        raise provider_problem(error) from error
    finally:
        session.pop(PENDING + request.args.get("state", ""), None)


def _completed(app: Provider, token: Mapping, claims: Mapping) -> Mapping:
    """The claims, with what only the userinfo endpoint tells.

    Raises ValueError when that speaks of somebody else.
    """
    config = current_app.config
    has_role = bool(groups_in(claims, config["OIDC_ROLE_CLAIM"])) or not config["OIDC_ROLE_MAP"]
    if (claims.get("email") and has_role) or not app.load_server_metadata().get("userinfo_endpoint"):
        return claims
    told = app.userinfo(token=token)
    if told["sub"] != claims["sub"]:
        raise ValueError("the userinfo is of another person")
    return {**told, **{name: value for name, value in claims.items() if value}}


def sign_out_address(app: Provider, token: Mapping) -> str | None:
    """Where the provider's own session ends (OpenID Connect RP-Initiated Logout 1.0).

    None where it offers nothing of that kind. The browser is sent back to the redirect address, which most
    providers take for this too.
    """
    endpoint = app.load_server_metadata().get("end_session_endpoint")
    if not isinstance(endpoint, str) or not endpoint.startswith(("https://", "http://")):
        return None
    given = {"client_id": app.client_id, "post_logout_redirect_uri": callback_address()}
    hint = str(token.get("id_token", ""))
    if len(hint) <= HINT_ROOM:
        given["id_token_hint"] = hint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(given)}"


def person(claims: Mapping, role_claim: str) -> dict:
    """The arguments of `sign_in_sso` from checked claims.

    Raises Invalid (no e-mail), ValueError, LookupError. Other claims, such as a picture, are not read.
    """
    email, subject = clean_email(str(claims.get("email") or "")), f"{claims['iss']}#{claims['sub']}"
    if len(subject) > 255:
        raise ValueError("the subject is too long")
    return {
        "subject": subject,
        "email": email,
        "is_verified": claims.get("email_verified") is True,
        "name": (clean_line(str(claims.get("name") or "")) or email)[:120],
        "groups": groups_in(claims, role_claim),
        "language": language_of(claims.get("locale")),
    }


def language_of(locale: object) -> str:
    """The language of a locale such as `de-AT` if there is one of ours, else the default."""
    name = re.split("[-_]", str(locale))[0].lower()
    return name if name in LANGUAGES else DEFAULT


def provider_problem(error: Exception) -> ProviderProblem:
    """The page for what went wrong; details stay in the server's log."""
    current_app.logger.warning("single sign-on: %s: %s", type(error).__name__, error)
    if isinstance(error, OAuthError) and error.error in OURS_TO_MEND:
        refused = OURS_TO_MEND[error.error]
        text = f"The provider refuses our {refused}. Another try does not help: an admin has to correct it."
        return ProviderProblem("Single sign-on is set up wrongly", text, 503, is_lasting=True)
    if isinstance(error, OAuthError) and error.error == "access_denied":
        return ProviderProblem("Sign-in refused", "The provider did not let this account in.", 400)
    if isinstance(error, OAuthError | JoseError):
        text = "The provider's answer does not belong to this sign-in. Press Try again."
        return ProviderProblem("Sign-in not finished", text, 400)
    if isinstance(error, Invalid):
        text = "The provider sent no usable e-mail address for this account. Ask its administrators."
        return ProviderProblem("Sign-in not finished", text, 400)
    return ProviderProblem(
        "Single sign-on does not answer", "The provider is down, slow, or answers nonsense.", 503
    )
