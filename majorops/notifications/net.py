"""Connections that end in time, and only go where they may."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from majorops.domain.addresses import is_public
from majorops.notifications.message import NotSent

READ_TIMEOUT = 7.0  # seconds that one step of a conversation may take
TOTAL_TIMEOUT = 25.0  # seconds for a whole conversation, however slowly the other side sends


@contextmanager
def deadline(close: Callable[[], None], seconds: float = TOTAL_TIMEOUT) -> Iterator[None]:
    """Call `close` when the block takes longer: time-outs of sockets start anew with every byte."""
    timer = threading.Timer(seconds, close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def abort(line: socket.socket | None) -> None:
    """End a conversation that another thread is in."""
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def resolve(host: str, port: int, *, may_be_private: bool) -> str:
    """The address to connect to.

    One that is not public is refused, unless that is allowed: the name of a webhook must not lead to a host
    of our own network. It is this address that is connected to, not the name once more. Raises NotSent.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent(f"The name {host} is not known.") from None
    addresses = [ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in found]
    if not may_be_private and not all(is_public(address) for address in addresses):
        raise NotSent(f"{host} leads to a private address. Not allowed here.", is_final=True)
    return str(addresses[0])
