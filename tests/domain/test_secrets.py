from __future__ import annotations

import pytest

from majorops.domain.secrets import MASK, mask

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQ\nabc\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "github_pat_" + "11ABCDEFG0abcdefghijklmnop",
        "glpat-" + "abcdefghij0123456789",
        "xoxb-" + "123456789012-abcdefghijkl",
        "sk-proj-" + "abcdefghijklmnopqrstuvwxyz0123",
        "sk_live_" + "abcdefghijklmnopqrstuvwx",
        "AIza" + "SyA1234567890abcdefghijklmnopqrstu",
        "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "0123456789abcdef0123456789abcdef01234567",
        KEY,
    ],
)
def test_shapes_of_tokens_are_masked(secret):
    assert mask(f"Vendor sent {secret} for the export.") == f"Vendor sent {MASK} for the export."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password: hunter22 works", f"password: {MASK} works"),
        ("The DB password is hunter22.", f"The DB password is {MASK}"),
        ('{"api_key": "abcd1234"}', f'{{"api_key": "{MASK}"}}'),
        ("TOKEN=abcd1234;x", f"TOKEN={MASK};x"),
        ("Authorization: Bearer abcdef123456789", f"Authorization: Bearer {MASK}"),
        ("postgres://app:s3cret@db/x", f"postgres://{MASK}@db/x"),
        ("https://x.example.org/a?sig=abc%2Fdef&b=1", f"https://x.example.org/a?sig={MASK}&b=1"),
    ],
)
def test_what_is_called_a_secret_is_one(text, left):
    assert mask(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Rollback of release 4.18.2 at 2/6 pods, case PL-88213, 1,240 customers since 14:01:22 UTC.",
        "payments-api and checkout-web-eu-central-1 do not respond: HTTP 503.",
        "https://meet.example.com/abc-defg-hij",
        "commit 5f3eedf of 2026-11-23",
        "The password reset page is down.",
    ],
)
def test_what_people_write_all_day_stays(text):
    assert mask(text) == text
