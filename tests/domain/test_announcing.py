"""When a digest is due, and what belongs to whom of the addresses that chat services give out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from majorops.domain.announcing import digest_act, digest_end
from majorops.domain.chat import Chat, chat_of, chat_problem
from majorops.domain.enums import Frequency


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "now", "end"),
    [
        (Frequency.DAILY, "2026-11-25T07:00:59", "2026-11-24T07:00"),
        (Frequency.DAILY, "2026-11-25T07:01", "2026-11-25T07:00"),
        (Frequency.DAILY, "2026-11-25T23:59", "2026-11-25T07:00"),
        (Frequency.WEEKLY, "2026-11-25T12:00", "2026-11-23T07:00"),  # a Wednesday
        (Frequency.WEEKLY, "2026-11-23T06:00", "2026-11-16T07:00"),
        (Frequency.WEEKLY, "2026-11-23T07:01", "2026-11-23T07:00"),
        (Frequency.WEEKLY, "2026-01-01T00:00", "2025-12-29T07:00"),
    ],
)
def test_up_to_when_a_digest_tells(frequency, now, end):
    assert digest_end(frequency, at(now)) == at(end)


def test_the_names_of_digests_sort_by_time():
    days = [at(f"{year}-{month:02d}-07T07:00") for year in (2025, 2026) for month in range(1, 13)]
    acts = [digest_act(Frequency.DAILY, day) for day in days]
    assert acts == sorted(acts)


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", Chat.SLACK),
        ("https://HOOKS.slack.com/triggers/T0/1/x", Chat.SLACK),
        ("https://prod-12.westeurope.logic.azure.com:443/workflows/a?sig=b", Chat.TEAMS),
        ("https://default1.environment.api.powerplatform.com/powerautomate/x", Chat.TEAMS),
        ("https://hooks.slack.com.evil.example/services/T0/B0/x", None),
        ("https://evil.example/hooks.slack.com", None),
        ("https://evillogic.azure.com/x", None),
        ("https://hooks.example.org/", None),
    ],
)
def test_whose_address_it_is(address, service):
    assert chat_of(address) is service
    assert chat_problem(address) == ""


def test_the_connectors_that_were_switched_off_are_named():
    assert "Workflows" in chat_problem("https://org.webhook.office.com/webhookb2/x")
