"""Our key at push services, and what is encrypted for one browser.

The two RFCs in full, and nothing else of them: one record of `aes128gcm` (RFC 8291), and a signed note of
who sends (RFC 8292).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from majorops import clock
from majorops.domain.push import as_text, unpadded

CURVE = ec.SECP256R1()
ORDER = CURVE.group_order
RECORD = 4_096  # bytes that a push service has to take (RFC 8030, 7.2)
OVERHEAD = 16 + 4 + 1 + 65 + 1 + 16  # of the head, the end mark and the tag
GOOD_FOR = 12 * 3_600  # seconds; push services refuse more than a day


def private_key(settings: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    """The key of `MAJOROPS_VAPID_PRIVATE_KEY`; else one that follows from the secret key.

    So every process and machine has the same one, and it is kept where that is kept.
    """
    if given := settings["VAPID_PRIVATE_KEY"]:
        return ec.derive_private_key(int.from_bytes(unpadded(given)), CURVE)
    made = _hkdf(settings["SECRET_KEY"].encode(), b"majorops", b"vapid private key", 48)
    return ec.derive_private_key(int.from_bytes(made) % (ORDER - 1) + 1, CURVE)


def public_key(settings: Mapping[str, Any]) -> str:
    """What a browser wants to be told of us when it subscribes: the public key, in base64url."""
    return as_text(_point(private_key(settings).public_key()))


def authorization(address: str, settings: Mapping[str, Any]) -> str:
    """The header that says to this push service who sends: the same sender as when the browser subscribed."""
    parts = urlsplit(address)
    key = private_key(settings)
    base = settings["BASE_URL"] or ""
    contact = base if base.startswith("https://") else f"mailto:{parseaddr(settings['MAIL_FROM'])[1]}"
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(clock.now().timestamp()) + GOOD_FOR,
        "sub": contact,
    }
    token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(key))
    return f"vapid t={token}, k={as_text(_point(key.public_key()))}"


def encrypt(
    text: bytes,
    key: bytes,
    auth: bytes,
    *,
    ours: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """One record of `aes128gcm` that only this browser reads (RFC 8291, 3.4).

    `key`, `auth`: what the browser gave. `ours` and `salt` are made anew for each message; only the example
    of the RFC gives its own. Raises ValueError for a key that is no point of the curve, and for more text
    than a record holds.
    """
    if len(text) + OVERHEAD > RECORD:
        raise ValueError("more than a push message holds")
    ours, salt = ours or ec.generate_private_key(CURVE), salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
    mine = _point(ours.public_key())
    shared = _hkdf(ours.exchange(ec.ECDH(), theirs), auth, b"WebPush: info\0" + key + mine, 32)
    content = _hkdf(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(shared, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(content).encrypt(nonce, text + b"\x02", None)  # 2: the last record
    return salt + RECORD.to_bytes(4) + bytes([len(mine)]) + mine + sealed


def is_point(key: bytes) -> bool:
    """Whether this is the public key of a browser."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
    except ValueError:
        return False
    return True


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
