"""Network addresses that a message may be sent to: nothing behind our own door, however it is written."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Ranges in which an IPv6 address stands for another one, or that are out of use: a gateway
# may lead them inside.
STANDS_FOR_ANOTHER = tuple(
    ipaddress.ip_network(one)
    for one in (
        "::/96",  # IPv4-compatible, out of use (RFC 4291)
        "::ffff:0:0:0/96",  # translated IPv4 (RFC 2765)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 of one network (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056)
        "fec0::/10",  # site-local, out of use (RFC 3879)
    )
)


def is_public(address: Address) -> bool:
    """An address of the open Internet, also where IPv6 only wraps an IPv4 one."""
    inner = getattr(address, "ipv4_mapped", None) or address
    return not stands_for_another(inner) and inner.is_global and not inner.is_multicast


def stands_for_another(address: Address) -> bool:
    """An IPv6 address that wraps another one or is out of use; never so for IPv4."""
    return address.version == 6 and any(address in network for network in STANDS_FOR_ANOTHER)


def webhook_problem(link: str) -> str:
    """Why nothing can be sent to this web address, as a sentence for its field; empty when it can be tried.

    Where a name leads is not looked up here.
    """
    parts = urlsplit(link)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        return "A port is a number from 1 to 65535."
    try:
        address = ipaddress.ip_address((parts.hostname or "").split("%")[0])
    except ValueError:
        return ""  # a name: where it leads is looked at each time
    if stands_for_another(address) or address.is_multicast or address.is_unspecified:
        return (
            f"{address} is no address that a message can be sent to. Use a name, such as hooks.example.org."
        )
    return ""
