"""A push service with its own certificate, and a browser that subscribed there: it decrypts what it gets, by
the RFCs and not by our code, and checks who sent it.
"""

from __future__ import annotations

import base64
import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Request, Response

AUTH = b"sixteen bytes..!"
# As a browser gives them: a point of the curve and sixteen bytes, in base64url.
DEVICE = {
    "address": "https://push.example/1",
    "key": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "name": "Chrome on Android",
}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Pushed:
    """One message as the service and the browser saw it."""

    headers: dict[str, str]
    told: dict
    claims: dict
    sender: str  # the public key that signed
    size: int


class PushService:
    """`status`: what it answers; `pushed`: what it took."""

    def __init__(self, folder):
        self.status, self.pushed = 201, list[Pushed]()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.authority, context = certificate(folder)
        self.server = HTTPServer(host="127.0.0.1", port=0, ssl_context=context, threaded=True)
        self.server.expect_request("/push/1", method="POST").respond_with_handler(self._take)
        self.server.start()
        self.origin = f"https://127.0.0.1:{self.server.port}"
        self.address = f"{self.origin}/push/1"

    @property
    def subscription(self) -> dict[str, str]:
        """What a browser gives of it, as our form takes it."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"address": self.address, "key": b64(point), "auth": b64(AUTH)}

    def stop(self) -> None:
        self.server.clear()
        self.server.stop()

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        claims, sender = verified(request.headers["Authorization"])
        assert claims["aud"] == self.origin
        told = json.loads(decrypted(body, self.key))
        self.pushed.append(Pushed(dict(request.headers), told, claims, sender, len(body)))
        return Response(status=self.status)


def verified(header: str) -> tuple[dict, str]:
    """The claims of a VAPID header and the key that signed them (RFC 8292). Raises InvalidSignature."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parts["t"].split(".")
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    sign = raw(signature)
    numbers = encode_dss_signature(int.from_bytes(sign[:32]), int.from_bytes(sign[32:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(parts["k"]))
    key.verify(numbers, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(raw(claims)), parts["k"]


def decrypted(body: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """What the browser reads (RFC 8188 and 8291), with HKDF written out."""
    salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(body) <= size == 4096
    mine = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    made = mac(mac(AUTH, shared), b"WebPush: info\0" + mine + theirs + b"\x01")
    first = mac(salt, made)
    content = mac(first, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = mac(first, b"Content-Encoding: nonce\0\x01")[:12]
    text, end = AESGCM(content).decrypt(nonce, sealed, None).rstrip(b"\0"), b"\x02"
    assert text.endswith(end)
    return text[:-1]


def mac(key: bytes, text: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text)
    return made.finalize()


def certificate(folder) -> tuple[str, ssl.SSLContext]:
    """A certificate for 127.0.0.1: the path of the file that whoever asks has to believe, and the server's
    side of it.
    """
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=4_000))
        .not_valid_after(now + timedelta(days=20_000))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "push.pem"
    text = made.public_bytes(Encoding.PEM)
    path.write_bytes(text + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return str(path), context
