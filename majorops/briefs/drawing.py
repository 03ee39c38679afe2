"""What all briefs share: drawn from frozen values, kept by no cache."""

from __future__ import annotations

from flask import current_app, make_response, render_template, request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.ai import rules
from majorops.domain.briefs import QUESTION_LENGTH
from majorops.domain.drafting import composed
from majorops.domain.enums import BriefPage, Helper
from majorops.domain.text import clean_line
from majorops.i18n import DEFAULT, LANGUAGES
from majorops.projections.brief import questions_from
from majorops.projections.brief_values import BriefIncident


def draw(
    found: BriefIncident,
    page: BriefPage,
    asked_from: str,
    *,
    address: str,
    typed: str = "",
    error: str = "",
    status: int = 200,
    link: str = "",
) -> Response:
    """A brief as it is now.

    `asked_from`: whose questions stand on it; `address`: where a question goes; `typed`, `error`: of a
    question that was refused; `link`: whom the link is for, empty for accounts.
    """
    now = clock.now()
    values = {
        "b": found,
        "page": page,
        "now": now,
        "by_record": composed(Helper.BRIEF, rules.brief(found, now)),
        "org": current_app.config["ORG_NAME"],
        "said_of": LANGUAGES[DEFAULT].section("play"),
        "questions": questions_from(found.number, asked_from),
        "question_length": QUESTION_LENGTH,
        "base": current_app.config["BASE_URL"] or request.host_url.rstrip("/"),
        "address": address,
        "typed": typed,
        "error": error,
        "link": link,
    }
    return unkept(make_response(render_template(f"briefs/{page.value}.html", **values), status))


def unkept(response: Response) -> Response:
    """No cache keeps the page, no search engine lists it, no other site learns of its address."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def question_in(form) -> str:
    """The question as typed, made one line."""
    return clean_line(form.get("question", ""))
