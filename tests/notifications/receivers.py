"""A mail server that does what mail servers do in a bad night."""

from __future__ import annotations

import asyncio
from email import message_from_string, policy

from aiosmtpd.controller import Controller

from tests.waiting import LIMIT, NEVER


def read(mail: str) -> str:
    """A mail as its reader sees it: the headers, then what is text in it, decoded."""
    found = message_from_string(mail, policy=policy.default)
    heads = [f"{name}: {value}" for name, value in found.items()]
    texts = [part.get_content() for part in found.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*heads, "", *texts])


class MailServer(Controller):
    """`mode`: good, refuses (the recipient), busy (451), hangs, dies (takes the text, hangs up before
    the answer), drips.
    """

    def __init__(self, mode: str = "good"):
        given = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "tests", "ready_timeout": LIMIT}
        super().__init__(self, **given)
        self.mode, self.mails = mode, []
        self.start()
        self.url = f"smtp://127.0.0.1:{self.port}"

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # the system chose it
        super()._trigger_server()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        if self.mode == "hangs":
            await asyncio.sleep(NEVER)
        if self.mode == "drips":
            for _ in range(int(NEVER / 0.3)):
                await server.push("250-tests")
                await asyncio.sleep(0.3)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mode == "busy":
            return "451 later"
        envelope.mail_from = address
        return "250 tests"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "refuses":
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 tests"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope.content.decode())
        if self.mode == "dies":
            server.transport.abort()
        return "250 taken"
