"""Bounds of the server alone at the network.

Open files, and connections of one address that ask for nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import resource
from collections import Counter
from contextlib import suppress
from functools import lru_cache

log = logging.getLogger(__name__)

SPARE_FILES = 600  # beside the streams: database, files, and requests on their way
# An office behind one address, each browser with six connections that are idle for a moment.
IDLE_PER_ADDRESS = 200


def fit_open_files(streams: int) -> str:
    """Raise the soft limit of open files to the hard one.

    Returns the sentence for the console where that does not fit `streams` open event streams; empty where it
    does.
    """
    needed = streams + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (hard == resource.RLIM_INFINITY or soft < hard):
        aim = max(needed, soft) if hard == resource.RLIM_INFINITY else hard
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (aim, hard))
            soft = aim
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays at %s: %s", soft, error)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    return (
        f"Only {soft:,} open files are allowed, {needed:,} are needed for {streams:,} live screens: "
        f"set LimitNOFILE={needed} in the unit, or ulimit -n {needed}."
    )


class IdleConnections:
    """Connections by address that have not asked yet, or not again.

    `proxies`: networks that are not counted, as all come through them (default: FORWARDED_ALLOW_IPS). `most`:
    connections of one address.
    """

    def __init__(self, proxies: str | None = None, most: int = IDLE_PER_ADDRESS):
        self.most = most
        self._counts: Counter[str] = Counter()
        given = os.environ.get("FORWARDED_ALLOW_IPS", "") if proxies is None else proxies
        self._proxies = networks(given)

    def begin(self, address: str) -> bool:
        """Count one more. False where this address has too many already; then nothing is counted."""
        network = network_of(address)
        if not network or self._is_proxy(address):
            return True
        if self._counts[network] >= self.most:
            return False
        self._counts[network] += 1
        return True

    def _is_proxy(self, address: str) -> bool:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0]) if self._proxies else None
        return any(found in network for network in self._proxies)

    def end(self, address: str) -> None:
        """Count one less, for each `begin` that counted; below zero nothing is counted."""
        network = network_of(address)
        if self._counts.get(network, 0) > 1:
            self._counts[network] -= 1
        else:
            self._counts.pop(network, None)

    def count(self, address: str) -> int:
        """How many connections are counted for this address and the others of its network (`network_of`)."""
        return self._counts.get(network_of(address), 0)


def networks(given: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The networks of FORWARDED_ALLOW_IPS; `*` is all of them.

    What is none (a path of a socket) is left out.
    """
    parts = [part.strip() for part in given.split(",")]
    found = [ipaddress.ip_network(all_of) for all_of in ("0.0.0.0/0", "::/0") if "*" in parts]
    for part in parts:
        with suppress(ValueError):
            found.append(ipaddress.ip_network(part, strict=False))
    return found


@lru_cache(4096)
def network_of(address: str) -> str:
    """What connections are counted by: an IPv4 address, or the /64 that one customer gets of IPv6.

    Empty for this machine's own addresses, where a proxy stands, and for what is no address (a Unix socket).
    """
    try:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback:
        return ""
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found), 64), strict=False))
