"""Which network addresses a message may go to (RFC 6890 and the translation ranges of IPv6)."""

from __future__ import annotations

import ipaddress

import pytest

from majorops.domain.addresses import is_public, webhook_problem

INSIDE = """
127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254
100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1
::1 :: fe80::1 fc00::1 fec0::1 feff::1 ff02::1 2001:db8::1
::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::10.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8
64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 2002:0a00:0001::1 2002:0808:0808::1 2001:0:a00:1::1
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_that_lead_inside_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet_are(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://hooks.example.org:99999/x", "A port is a number from 1 to 65535."),
        ("https://hooks.example.org:0/x", "A port is a number from 1 to 65535."),
        ("https://hooks.example.org:x/", "A port is a number from 1 to 65535."),
        ("https://[64:ff9b::8.8.8.8]/x", "64:ff9b::808:808 is no address that a message can be sent to."),
        ("https://[fec0::1]/x", "fec0::1 is no address that a message can be sent to."),
        ("https://[2002:808:808::1]:8443/", "2002:808:808::1 is no address"),
        ("https://0.0.0.0/", "0.0.0.0 is no address"),
        ("https://hooks.example.org/x", ""),
        ("https://hooks.example.org:65535/x", ""),
        ("https://[2606:4700::1111]/", ""),
        ("http://10.0.0.5:8080/", ""),  # allowed where MAJOROPS_WEBHOOK_PRIVATE is on
    ],
)
def test_webhook_addresses_are_refused_with_a_sentence(link, words):
    said = webhook_problem(link)
    assert said.startswith(words) if words else said == ""
