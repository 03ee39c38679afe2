"""Headers, forms and compression of every answer."""

from __future__ import annotations

import secrets

from flask import Flask, g, request
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from majorops import clock
from majorops.signing import keys_of

csrf = CSRFProtect()
compress = Compress()


def csp_nonce() -> str:
    """The nonce of this answer's scripts and styles (Flask-Admin's templates need one)."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def let_be_framed() -> None:
    """Pages of other sites may show this answer in a frame; no answer may be shown so without this."""
    g.may_be_framed = True


def add_headers(response: Response) -> Response:
    """Security headers for every answer, and `no-store` unless the view said who may keep it.

    To the page's script it says the server's time: `X-Now`, in milliseconds since 1970.
    """
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    style = f" '{g.style_hash}'" if "style_hash" in g else ""
    may_be_framed = g.get("may_be_framed", False)
    framing = "*" if may_be_framed else "'none'"
    # What is installed is staff's alone: no other page registers a worker or names a manifest.
    installed = "'self'" if request.path.startswith("/admin") else "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'{nonce}{style}; "
        f"img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors {framing}; "
        f"form-action 'self'; worker-src {installed}; manifest-src {installed}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not may_be_framed:
        response.headers["X-Frame-Options"] = "DENY"
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if "HX-Request" in request.headers:
        response.headers["X-Now"] = str(int(clock.now().timestamp() * 1000))  # the page's clocks run by it
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    # What only some may read must not lie in a shared cache or come back with the Back key after sign-out.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def init_app(app: Flask) -> None:
    """Set up CSRF tokens, compression, and the headers of every answer."""
    app.config.update(
        WTF_CSRF_SECRET_KEY=keys_of(app.config),  # a form that was open while the key changed is taken
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open for a whole night; the session bounds it
        WTF_CSRF_SSL_STRICT=False,  # proxies drop the Referer; the token and SameSite do the work
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIN_SIZE=600,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=6,
    )
    csrf.init_app(app)
    compress.init_app(app)
    app.after_request(add_headers)
