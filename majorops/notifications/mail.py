"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from majorops.domain.notices import NO_MAIL
from majorops.notifications.message import Message, NotSent
from majorops.notifications.net import READ_TIMEOUT, abort, deadline

LONG = policy.SMTP.clone(
    max_line_length=900
)  # a folded link in List-Unsubscribe is none that programs can follow
REFUSED = 500  # an SMTP answer from here on is final


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Hand one mail to the server of `MAJOROPS_SMTP_URL`. Raises NotSent."""
    if not settings["SMTP_URL"]:
        raise NotSent(NO_MAIL, is_unset=True)
    server = urlsplit(settings["SMTP_URL"])
    mail = compose(message, settings["MAIL_FROM"], settings["ORG_NAME"])
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


def compose(message: Message, sender: str, organisation: str) -> EmailMessage:
    """The mail. Its Message-ID stays the same when it is sent again."""
    mail = EmailMessage(LONG)
    domain = parseaddr(sender)[1].partition("@")[2] or "majorops.invalid"
    mail["Message-ID"] = f"<{message.key[:32]}@{domain}>"  # short: a folded one is read wrongly by some
    mail["From"], mail["To"] = sender, message.address
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = formatdate()
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers:
        mail[name] = value
    mail.set_content("\n\n".join(filter(None, (message.body, message.link, f"-- \n{organisation}"))) + "\n")
    return mail


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"The mail server answered {code}: {' '.join(words.split())[:200]}"
