"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from majorops.domain.notices import NO_MAIL
from majorops.domain.text import ADDRESS
from majorops.notifications.message import Message, NotSent
from majorops.notifications.net import READ_TIMEOUT, abort, deadline

LONG = policy.SMTP.clone(
    max_line_length=900
)  # a folded link in List-Unsubscribe is none that programs can follow
TEMPLATES = Path(__file__).resolve().parents[2] / "templates/notifications"
SHOWN = "png"  # of the formats of a logo what mail programs show
LOGO = "logo@majorops"
PLAIN = "#0a0a0a"  # where the organisation has no colour
REFUSED = 500  # an SMTP answer from here on is final


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Hand one mail to the server of `MAJOROPS_SMTP_URL`. Raises NotSent."""
    if not settings["SMTP_URL"]:
        raise NotSent(NO_MAIL, is_unset=True)
    server = urlsplit(settings["SMTP_URL"])
    mail = compose(message, settings["MAIL_FROM"], look_of(settings))
    try:
        _hand_over(server, mail, settings["MAIL_FROM"], message.address)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise NotSent(_said(code, text), is_final=code >= REFUSED) from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(_said(error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"{server.hostname}: {str(error) or type(error).__name__}") from None


def _line(is_secure: bool) -> smtplib.SMTP:
    if not is_secure:
        return smtplib.SMTP(timeout=READ_TIMEOUT, local_hostname="majorops")
    context = ssl.create_default_context()
    return smtplib.SMTP_SSL(timeout=READ_TIMEOUT, local_hostname="majorops", context=context)


def _hand_over(server, mail: EmailMessage, sender: str, recipient: str) -> None:
    secure = server.scheme == "smtps"
    line = _line(secure)
    with deadline(lambda: abort(line.sock)):
        try:
            line.connect(server.hostname, server.port or (465 if secure else 25))
            if not secure:
                _secure(line, server)
            if server.username:
                line.login(unquote(server.username), unquote(server.password or ""))
            line.send_message(mail, parseaddr(sender)[1], [recipient])
        finally:
            line.close()  # QUIT would be one more step to wait for; the message is handed over


def _secure(line: smtplib.SMTP, server) -> None:
    """STARTTLS where it is offered; `?tls=always` insists on it, and so does a password."""
    line.ehlo()
    if line.has_extn("starttls"):
        line.starttls(context=ssl.create_default_context())
        line.ehlo()
    elif server.username or parse_qs(server.query).get("tls") == ["always"]:
        raise smtplib.SMTPException("offers no TLS, and a password is not sent without")


@dataclass(frozen=True)
class Look:
    """What a mail shows of the organisation. `accent`: a colour such as #0057b8; `logo`: a file, or none."""

    organisation: str
    accent: str = ""
    logo: Path | None = None


def look_of(settings: Mapping[str, Any]) -> Look:
    """The look by the settings. A logo in a format that mail programs do not show (SVG, WebP) is left out."""
    logo = Path(settings["LOGO"]) if settings.get("LOGO") else None
    is_shown = logo is not None and logo.suffix == f".{SHOWN}"
    return Look(settings["ORG_NAME"], settings.get("ACCENT") or "", logo if is_shown else None)


def compose(message: Message, sender: str, look: Look) -> EmailMessage:
    """The mail, as text and as HTML. Its Message-ID stays the same when it is sent again."""
    mail = EmailMessage(LONG)
    domain = parseaddr(sender)[1].partition("@")[2] or "majorops.invalid"
    mail["Message-ID"] = f"<{message.key[:32]}@{domain}>"  # short: a folded one is read wrongly by some
    mail["From"], mail["To"] = sender, message.address
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = formatdate()
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers:
        mail[name] = value
    text, html = as_text(message, look.organisation), as_html(message, look)
    mail.set_content(text, cte=_encoding(text))
    mail.add_alternative(html, subtype="html", cte=_encoding(html))
    if look.logo:
        shown = cast(EmailMessage, mail.get_body(("html",)))
        shown.add_related(_file(look.logo), "image", SHOWN, cid=f"<{LOGO}>", disposition="inline")
    return mail


def _encoding(text: str) -> str | None:
    """Other letters go as quoted-printable, as not every server takes 8 bits; None: what fits best."""
    return None if text.isascii() else "quoted-printable"


def as_text(message: Message, organisation: str) -> str:
    """The whole message as plain text."""
    parts = ["\n".join(filter(None, (part.heading, part.text, part.link))) for part in message.parts]
    foot = "\n".join(filter(None, (message.foot, message.foot_link)))
    if message.foot_link and message.foot_label:
        foot = f"{message.foot}\n{message.foot_label}: {message.foot_link}"
    texts = (message.body, *parts, message.link, foot, f"-- \n{organisation}")
    return "\n\n".join(filter(None, texts)) + "\n"


def as_html(message: Message, look: Look) -> str:
    """The same as HTML, in the one layout of all mails (templates/notifications/mail.html)."""
    given = {"message": message, "look": look, "logo": LOGO, "ink": ink_on(look.accent or PLAIN)}
    return _layout().render(**given, accent=look.accent or PLAIN)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour such as #0057b8 (by WCAG's luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#000000" if luminance > 0.179 else "#ffffff"


def linked(text: str) -> Markup:
    """Text from anybody as HTML: web addresses can be followed, line ends stay."""
    shown = Markup("")
    for one in ADDRESS.split(text):
        shown += Markup('<a href="{0}">{0}</a>').format(one) if ADDRESS.fullmatch(one) else one
    return Markup("<br>\n").join(shown.split("\n"))


@cache
def _layout():
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters["linked"] = linked
    return environment.get_template("mail.html")


@cache
def _file(path: Path) -> bytes:
    return path.read_bytes()


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"The mail server answered {code}: {' '.join(words.split())[:200]}"
