"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formataddr, formatdate, parseaddr
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from majorops.domain.colours import ink_on
from majorops.domain.notices import NO_MAIL
from majorops.domain.text import ADDRESS
from majorops.notifications.message import Message, NotSent, Part
from majorops.notifications.net import READ_TIMEOUT, abort, deadline

LONG = policy.SMTP.clone(
    max_line_length=900
)  # a folded link in List-Unsubscribe is none that programs can follow
TEMPLATES = Path(__file__).resolve().parents[2] / "templates/notifications"
SHOWN = "png"  # of the formats of a logo what mail programs show
LOGO = "logo@majorops"
PLAIN = "#0a0a0a"  # where the organisation has no colour
PRODUCT = "MajorOps"  # the sender's name where nobody has set one
REFUSED = 500  # an SMTP answer from here on is final


def _unheard(_step: str) -> None:
    pass


def send(message: Message, settings: Mapping[str, Any], say: Callable[[str], None] = _unheard) -> None:
    """Hand one mail to the server of `MAJOROPS_SMTP_URL`. Raises NotSent.

    `say`: is told each step when it is done, in one line: DNS, connect, TLS, login, accepted.
    """
    if not settings["SMTP_URL"]:
        raise NotSent(NO_MAIL, is_unset=True)
    server = urlsplit(settings["SMTP_URL"])
    mail = compose(message, sender_of(settings), look_of(settings))
    try:
        _hand_over(server, mail, settings["MAIL_FROM"], message.address, say)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise NotSent(_said(code, text), is_final=code >= REFUSED) from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(_said(error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"{server.hostname}: {str(error) or type(error).__name__}") from None


def sender_of(settings: Mapping[str, Any]) -> str:
    """The sender: under the organisation's name where MAJOROPS_MAIL_FROM gives none of its own."""
    name, address = parseaddr(settings["MAIL_FROM"])
    return formataddr((settings["ORG_NAME"] if name in ("", PRODUCT) else name, address))


def _line(is_secure: bool) -> smtplib.SMTP:
    if not is_secure:
        return smtplib.SMTP(timeout=READ_TIMEOUT, local_hostname="majorops")
    context = ssl.create_default_context()
    return smtplib.SMTP_SSL(timeout=READ_TIMEOUT, local_hostname="majorops", context=context)


def _hand_over(server, mail: EmailMessage, sender: str, recipient: str, say: Callable[[str], None]) -> None:
    secure = server.scheme == "smtps"
    port = server.port or (465 if secure else 25)
    line = _line(secure)
    if say is not _unheard:  # the connection looks the name up by itself
        rows = socket.getaddrinfo(server.hostname, port, type=socket.SOCK_STREAM)
        addresses = ", ".join(dict.fromkeys(str(row[4][0]) for row in rows))
        say(f"DNS: {server.hostname} is {addresses}")
    with deadline(lambda: abort(line.sock)):
        try:
            code, greeting = line.connect(server.hostname, port)
            say(f"connect: port {port} answered {code} {_plain(greeting)}")
            if not secure:
                _secure(line, server)
            say(f"TLS: {_version(line)}")
            if server.username:
                line.login(unquote(server.username), unquote(server.password or ""))
            say(f"login: as {unquote(server.username)}" if server.username else "login: none, no user is set")
            line.send_message(mail, parseaddr(sender)[1], [recipient])
            say(f"accepted: from {parseaddr(sender)[1]}, for {recipient}")
        finally:
            line.close()  # QUIT would be one more step to wait for; the message is handed over


def _version(line: smtplib.SMTP) -> str:
    version = line.sock.version() if isinstance(line.sock, ssl.SSLSocket) else None
    return version or "none, the server offers none: the mail can be read on its way"


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
    if message.calendar:
        _add_appointment(mail, message.calendar)
    if look.logo:
        shown = cast(EmailMessage, mail.get_body(("html",)))
        shown.add_related(_file(look.logo), "image", SHOWN, cid=f"<{LOGO}>", disposition="inline")
    return mail


def _add_appointment(mail: EmailMessage, file: bytes) -> None:
    """As programs for mail look for it: one more way to read the same, with its method (RFC 6047)."""
    text = file.decode()
    method = next(line for line in text.splitlines() if line.startswith("METHOD:"))
    params = {"method": method.removeprefix("METHOD:")}
    mail.add_alternative(text, subtype="calendar", params=params, cte="base64")


def _encoding(text: str) -> str | None:
    """Other letters go as quoted-printable, as not every server takes 8 bits; None: what fits best."""
    return None if text.isascii() else "quoted-printable"


def as_text(message: Message, organisation: str) -> str:
    """The whole message as plain text."""
    parts = ["\n".join(filter(None, _lines(part))) for part in message.parts]
    foot = "\n".join(filter(None, (message.foot, message.foot_link)))
    if message.foot_link and message.foot_label:
        foot = f"{message.foot}\n{message.foot_label}: {message.foot_link}"
    texts = (message.body, *parts, message.link, foot, f"-- \n{organisation}")
    return "\n\n".join(filter(None, texts)) + "\n"


def _lines(part: Part) -> Iterator[str]:
    """A part as lines of plain text; the page of all of it stands where its own lines are not all."""
    yield part.heading
    for line in part.lines:
        yield from line
    yield part.text
    if part.text or not part.lines:
        yield part.link


def as_html(message: Message, look: Look) -> str:
    """The same as HTML, in the one layout of all mails (templates/notifications/mail.html)."""
    given = {"message": message, "look": look, "logo": LOGO, "ink": ink_on(look.accent or PLAIN)}
    return _layout().render(**given, accent=look.accent or PLAIN)


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
    return f"The mail server answered {code}: {_plain(text)}"


def _plain(text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
