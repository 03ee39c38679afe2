"""An authenticator in software: what a browser answers to a page, right or wrong on purpose."""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One key for one account. `count`: how often it signed; 0 for ever where `counts` is off."""

    def __init__(self, origin: str = "http://localhost", *, counts: bool = True):
        self.origin, self.counts, self.count = origin, counts, 0
        self.key, self.id = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        self.flags = PRESENT | VERIFIED

    def create(self, options: dict) -> str:
        """The answer to `navigator.credentials.create`, as the page's script sends it."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        about = self._about(options["rp"]["id"], self.flags | ATTESTED) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def get(self, options: dict) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += self.counts
        client = self._client("webauthn.get", options["challenge"])
        about = self._about(options["rpId"], self.flags)
        signature = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(about),
                "signature": text(signature),
            }
        )

    def _about(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict) -> str:
        name = text(self.id)
        given = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps(given | {"response": response})


def asked(page: str) -> tuple[dict, str]:
    """The options and the ticket of the passkey form on a page."""
    options = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', page)[1]))
    return options, re.search(r'ticket" value="([^"]*)"', page)[1]
