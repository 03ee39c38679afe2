"""Each source as its documents show it: verified over its bytes, and read."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.enums import AlertState, HookVerdict, SourceKind
from majorops.integrations import INTEGRATIONS, datadog, grafana, pagerduty_events
from majorops.integrations.base import NotReadError, Sent, hex_hmac, time_of
from tests.integrations import payloads
from tests.integrations.payloads import as_bytes

FIRING, ACK, CLEARED = AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.CLEARED
OK, WRONG, OLD = HookVerdict.ACCEPTED, HookVerdict.WRONG_SECRET, HookVerdict.TOO_OLD
SECRET, SECRETS = "s" * 32, ["s" * 32, "o" * 32]
NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def sent(body, headers=None, **given) -> Sent:
    return Sent(headers or {}, body if isinstance(body, bytes) else as_bytes(body), **given)


def parse(kind: SourceKind, body, headers=None, **given):
    return INTEGRATIONS[kind].parse(sent(body, headers, **given))


def verify(kind: SourceKind, body, headers, **given) -> HookVerdict:
    return INTEGRATIONS[kind].verify(sent(body, headers, **given), SECRETS, NOW)


def test_every_kind_has_its_file():
    assert set(INTEGRATIONS) == set(SourceKind)


@pytest.mark.parametrize("kind", list(SourceKind))
@pytest.mark.parametrize(
    "body", [[], {}, "x", 7, None, {"alerts": {}}, {"event": []}, {"alert": 1}, {"action": {}, "alert": []}]
)
def test_what_is_none_of_it_is_refused_in_words_or_read_as_little(kind, body):
    with suppress(NotReadError):
        assert all(one.title and one.key for one in parse(kind, body))


class TestGrafana:
    def test_it_is_read(self):
        [one, left_out] = parse(SourceKind.GRAFANA, payloads.GRAFANA)
        assert (one.key, one.group) == (
            "org 2 57c6d9296de2ad39",
            'org 2 {}:{alertname="High memory"}',
        )
        assert (one.title, one.severity, one.state) == ("High memory", "warning", FIRING)
        assert one.started_at == datetime(2026, 11, 23, 14, 1, 0, 123456, UTC)
        assert left_out.state is CLEARED

    @pytest.mark.parametrize("name", grafana.SIGNATURES)
    def test_signed_over_the_body(self, name):
        body = as_bytes(payloads.GRAFANA)
        for secret in SECRETS:
            assert verify(SourceKind.GRAFANA, body, {name: hex_hmac(secret, body).upper()}) is OK
        assert verify(SourceKind.GRAFANA, body + b" ", {name: hex_hmac(SECRET, body)}) is WRONG
        assert verify(SourceKind.GRAFANA, body, {name: "\u00e4"}) is WRONG

    def test_signed_with_a_time(self):
        body = as_bytes(payloads.GRAFANA)

        def at(stamp: str, **more: str) -> HookVerdict:
            headers = {"x-sig": hex_hmac(SECRET, f"{stamp}:".encode() + body), "x-at": stamp} | more
            return verify(SourceKind.GRAFANA, body, headers, header="X-Sig X-At")

        assert at(STAMP) is OK
        assert at(str(int(STAMP) - 301)) is OLD
        assert at(str(int(STAMP) + 301)) is OLD
        assert at("soon") is OLD
        assert at(STAMP, **{"x-at": str(int(STAMP) + 1)}) is WRONG

    def test_unsigned_the_secret_itself_is_asked_for(self):
        headers = {"authorization": f"Bearer {SECRET}"}
        assert verify(SourceKind.GRAFANA, {}, headers) is OK
        assert verify(SourceKind.GRAFANA, {}, {}) is WRONG


class TestPagerDutyEvents:
    KIND = SourceKind.PAGERDUTY_EVENTS

    def test_it_is_read(self):
        [one] = parse(self.KIND, payloads.pagerduty_event(SECRET))
        assert (one.key, one.state, one.group) == ("samplekeyhere", FIRING, "prod-datapipe")
        assert one.labels["component"] == "payments-api"
        assert one.labels["ping time"] == "1500"
        assert (one.severity, one.link) == ("critical", "https://example.com/")
        assert one.detail == "free space: 1%\nping time: 1500"
        [one] = parse(self.KIND, payloads.pagerduty_event(SECRET, "resolve", payload=None))
        assert one.state is CLEARED

    def test_details_that_are_a_text(self):
        payload = {"summary": "s", "custom_details": "no object"}
        assert parse(self.KIND, payloads.pagerduty_event("", payload=payload))[0].detail == "no object"

    def test_the_routing_key_is_the_secret(self):
        assert verify(self.KIND, payloads.pagerduty_event(SECRET), {}) is OK
        for body in (payloads.pagerduty_event("x"), {"routing_key": 7}, [], b"{", b"[" * 99_999):
            assert verify(self.KIND, body, {}) is WRONG

    def test_it_is_answered_as_pagerduty_does(self):
        found = pagerduty_events.answer(sent(payloads.pagerduty_event(SECRET)))
        assert found.status == 202
        assert not found.kept
        assert found.body == {
            "status": "success",
            "message": "Event processed",
            "dedup_key": "samplekeyhere",
        }

    def test_a_key_is_made_up_and_kept(self):
        body = payloads.pagerduty_event(SECRET, dedup_key=None)
        found = pagerduty_events.answer(sent(body))
        [one] = parse(self.KIND, body, found.kept)
        assert one.key == found.body["dedup_key"]
        assert len(one.key) == 32

    @pytest.mark.parametrize(
        "changed",
        [
            {"action": "open"},
            {"action": "resolve", "dedup_key": ""},
            {"action": "acknowledge", "dedup_key": ""},
            {"dedup_key": "k" * 256},
            {"payload": {"severity": "info"}},
        ],
    )
    def test_what_pagerduty_refuses(self, changed):
        with pytest.raises(NotReadError, match="'"):
            pagerduty_events.answer(sent(payloads.pagerduty_event(SECRET, **changed)))


class TestPagerDuty:
    KIND = SourceKind.PAGERDUTY

    def test_it_is_read(self):
        [one] = parse(self.KIND, payloads.pagerduty())
        assert (one.key, one.state, one.title) == ("PT4KHLK", FIRING, "A little bump in the road")
        assert one.labels["conference_url"] == "https://example.com/meet"
        assert (one.labels["service"], one.severity) == ("payments-api", "p1")
        assert one.said_at - one.started_at == timedelta(seconds=5)

    @pytest.mark.parametrize(
        ("kind", "status", "state", "taken_back"),
        [
            ("incident.acknowledged", "acknowledged", ACK, False),
            ("incident.unacknowledged", "triggered", FIRING, True),
            ("incident.reopened", "triggered", FIRING, True),
            ("incident.resolved", "resolved", CLEARED, False),
            ("incident.priority_updated", "acknowledged", ACK, False),
            ("incident.escalated", "triggered", FIRING, False),
        ],
    )
    def test_its_events(self, kind, status, state, taken_back):
        [one] = parse(self.KIND, payloads.pagerduty(kind, status))
        assert (one.state, one.is_taken_back) == (state, taken_back)

    def test_its_test_is_no_alert(self):
        event = {
            "event_type": "pagey.ping",
            "data": {"message": "Hello from your friend Pagey!", "type": "ping"},
        }
        assert parse(self.KIND, {"event": event}) == []

    def test_signed_over_the_body_several_while_the_secret_turns(self):
        body = as_bytes(payloads.pagerduty())
        right = f"v1={hex_hmac(SECRET, body)}"
        for header in (right, f"v1=00,{right}", f"{right}, v1=00"):
            assert verify(self.KIND, body, {"x-pagerduty-signature": header}) is OK
        for header in ("", "v1=", right[:-1], f"v1={hex_hmac('x', body)}"):
            assert verify(self.KIND, body, {"x-pagerduty-signature": header}) is WRONG


class TestDatadog:
    KIND = SourceKind.DATADOG

    def test_it_is_read(self):
        [one] = parse(self.KIND, payloads.DATADOG)
        assert (one.key, one.group, one.state, one.severity) == ("6344563", "monitor 77", FIRING, "p2")
        assert one.labels["service"] == "payments-api"
        assert one.labels["role"] == "computing-node"
        assert "org" not in one.labels
        assert one.labels["monitor"] == "77"

    @pytest.mark.parametrize(
        ("transition", "state"),
        [("Re-Triggered", FIRING), ("No Data", FIRING), ("Warn", FIRING), ("Recovered", CLEARED)],
    )
    def test_its_transitions(self, transition, state):
        assert parse(self.KIND, payloads.DATADOG | {"transition": transition})[0].state is state

    def test_variables_that_datadog_left_as_they_are(self):
        bare = {name: f"${name.upper()}" for name in payloads.DATADOG}
        [one] = parse(self.KIND, bare)
        assert (one.title, one.labels) == ("Alert without a title", {})
        [one] = parse(self.KIND, bare | {"monitor": "7", "scope": "a:b", "type": "success"})
        assert (one.key, one.state) == ("7 a:b", CLEARED)

    def test_what_is_pasted_is_what_is_read(self):
        assert set(json.loads(datadog.TEMPLATE)) == set(payloads.DATADOG)

    def test_the_secret_in_a_header_that_the_source_names(self):
        assert verify(self.KIND, {}, {"x-majorops-secret": SECRET}) is OK
        assert verify(self.KIND, {}, {"x-own": SECRET}, header="X-Own") is OK
        assert verify(self.KIND, {}, {"x-majorops-secret": SECRET}, header="X-Own") is WRONG


class TestOpsgenie:
    KIND = SourceKind.OPSGENIE

    def test_it_is_read(self):
        [one] = parse(self.KIND, payloads.OPSGENIE)
        assert (one.key, one.title, one.severity) == ("aliastest", "host1 is down", "p1")
        assert one.labels["service"] == "payments-api"
        assert one.labels["number"] == "23"
        assert abs(one.started_at - one.said_at) < timedelta(seconds=1)

    @pytest.mark.parametrize(
        ("action", "states"),
        [
            ("Acknowledge", [ACK]),
            ("UnAcknowledge", [FIRING]),
            ("Close", [CLEARED]),
            ("Delete", [CLEARED]),
            ("AddNote", []),
            ("AssignOwnership", []),
        ],
    )
    def test_its_actions(self, action, states):
        found = parse(self.KIND, payloads.OPSGENIE | {"action": action})
        assert [one.state for one in found] == states

    def test_without_an_alias_the_number_is_the_key(self):
        alert = payloads.OPSGENIE["alert"] | {"alias": "", "tags": None}
        [one] = parse(self.KIND, payloads.OPSGENIE | {"alert": alert})
        assert one.key == "052652ac-5d1c-464a-812a-7dd18bbfba8c"


class TestCloudEvents:
    KIND = SourceKind.CLOUDEVENTS
    STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
    MAPPING = "key = $.data.alarm.id\nstate = $.data.alarm.state"

    def test_structured(self):
        [one] = parse(self.KIND, payloads.CLOUDEVENT, self.STRUCTURED)
        assert (one.key, one.title) == ("/monitors/eu A234-1234-1234", "queue depth")
        assert (one.severity, one.state, one.labels["ce-type"]) == ("high", FIRING, "com.example.alarm")
        assert one.started_at == datetime(2026, 11, 23, 14, 1, tzinfo=UTC)

    def test_its_mapping(self):
        [one] = parse(self.KIND, payloads.CLOUDEVENT, self.STRUCTURED, mapping=self.MAPPING)
        assert (one.key, one.state, one.severity) == ("7", CLEARED, "high")

    def test_a_batch(self):
        headers = {"content-type": "application/cloudevents-batch+json"}
        assert len(parse(self.KIND, [payloads.CLOUDEVENT] * 3, headers)) == 3

    def test_binary(self):
        headers = {f"ce-{name}": text for name, text in payloads.CLOUDEVENT.items() if isinstance(text, str)}
        headers |= {"content-type": "application/json", "ce-subject": "queue%20depth"}
        [one] = parse(self.KIND, payloads.CLOUDEVENT["data"], headers, mapping=self.MAPPING)
        assert (one.key, one.title, one.state) == ("7", "queue depth", CLEARED)

    def test_data_in_base64(self):
        event = {name: text for name, text in payloads.CLOUDEVENT.items() if name != "data"}
        data = base64.b64encode(as_bytes({"title": "inside"})).decode()
        assert parse(self.KIND, event | {"data_base64": data})[0].title == "inside"
        with pytest.raises(NotReadError, match="not JSON"):
            parse(self.KIND, event | {"data_base64": "!"})

    def test_what_lacks_an_attribute(self):
        with pytest.raises(NotReadError, match="no id, source"):
            parse(self.KIND, {"type": "x", "specversion": "1.0"})

    def test_a_mapping_that_cannot_be_read(self):
        with pytest.raises(NotReadError, match="Line 1"):
            parse(self.KIND, payloads.CLOUDEVENT, mapping="key")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1795442482, datetime(2026, 11, 23, 14, 1, 22, tzinfo=UTC)),
        (1795442482000, datetime(2026, 11, 23, 14, 1, 22, tzinfo=UTC)),
        ("1795442482", datetime(2026, 11, 23, 14, 1, 22, tzinfo=UTC)),
        ("2026-11-23T14:01:22.7392668Z", datetime(2026, 11, 23, 14, 1, 22, 739266, UTC)),
        ("2026-11-23 14:01", datetime(2026, 11, 23, 14, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+09:00", None),
        ("yesterday", None),
        ("", None),
        (True, None),
        (-5, None),
        (1e300, None),
        ("9" * 400, None),
        ([], None),
    ],
)
def test_times_in_all_their_forms(value, found):
    assert time_of(value) == found
