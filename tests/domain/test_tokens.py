"""What a token looks like: a prefix, entropy, and a checksum that tells a mistyped one."""

from __future__ import annotations

import re
import zlib

import pytest

from majorops.domain.access import GRANTS, SCOPES, Actor, Permission
from majorops.domain.enums import AccountRole
from majorops.domain.tokens import digest, is_token, new_token

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_its_form_and_its_checksum():
    made = {new_token() for _ in range(50)}
    assert len(made) == 50
    for token in made:
        assert re.fullmatch(r"mops_[0-9A-Za-z]{36}", token)
        assert is_token(token)
        value = 0
        for letter in token[-6:]:
            value = value * 62 + ALPHABET.index(letter)
        assert value == zlib.crc32(token[5:35].encode())


@pytest.mark.parametrize("place", range(0, 41, 5))
def test_one_wrong_letter_is_seen(place):
    token = new_token()
    other = "x" if token[place] != "x" else "y"
    assert not is_token(token[:place] + other + token[place + 1 :])


def test_what_is_none():
    token = new_token()
    for text in ("", "mops_", "mops_" + "a" * 36, token + "a", " " + token, token + "\n", "ü" * 41):
        assert not is_token(text)


def test_what_is_kept_is_no_token():
    token = new_token()
    assert re.fullmatch("[0-9a-f]{64}", digest(token))
    assert token not in digest(token)


def test_each_permission_may_be_a_scope():
    assert set(SCOPES) == set(Permission)


@pytest.mark.parametrize("role", AccountRole)
@pytest.mark.parametrize("scope", Permission)
def test_a_token_may_what_both_its_person_and_its_scopes_may(role, scope):
    person = Actor("Maya", role)
    bot = Actor("Maya", role, token="bot", scopes=frozenset({scope}))
    none = Actor("Maya", role, token="bot")
    for permission in Permission:
        assert person.can(permission) == (permission in GRANTS[role])
        assert bot.can(permission) == (person.can(permission) and permission is scope)
        assert not none.can(permission)
        assert bool(bot.refusal(permission)) != bot.can(permission)


def test_why_a_token_may_not():
    bot = Actor("Maya", AccountRole.MIM, token="deploy bot", scopes=frozenset({Permission.INCIDENT_READ}))
    assert bot.refusal(Permission.PUBLISH) == "The token deploy bot does not have the scope incident:publish."
    assert bot.refusal(Permission.DATA_MANAGE) == "MIM accounts may not do this."


def test_which_incidents_a_token_sees():
    assert Actor("Maya", AccountRole.MIM).sees(())
    bot = Actor("Maya", AccountRole.MIM, token="bot", only_system="payments-api")
    assert bot.sees(["search", "payments-api"])
    assert not bot.sees(["search"])


def test_the_name_under_an_act_fits_its_column():
    bot = Actor("N" * 120, AccountRole.MIM, token="t" * 40)
    assert len(bot.signed) <= 120
    assert Actor("Maya Okafor", AccountRole.MIM, token="bot").signed == "Maya Okafor by token bot"
