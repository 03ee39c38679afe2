"""Which Apprise addresses are taken, by what Apprise says of its own services; without it by their scheme."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from majorops.operations import apprise_address
from majorops.operations.apprise_address import apprise_problem, is_installed


def service(name: str, *schemes: str, enabled: bool = True, packages: tuple[str, ...] = ()) -> dict:
    return {
        "service_name": name,
        "enabled": enabled,
        "protocols": schemes,
        "secure_protocols": None,
        "requirements": {"packages_required": list(packages)},
        "details": {"templates": ("{schema}://{host}/{token}",)},
        "setup_url": f"https://appriseit.com/services/{schemes[0]}/",
    }


class Made:
    def __init__(self, address: str):
        self.address = address

    def url(self) -> str:
        return "slack://T/A/D" if self.address.startswith("https://hooks.slack.com/") else self.address


class Apprise:
    """As Apprise 2.2.0 answers, for three services."""

    def details(self, show_requirements: bool, show_disabled: bool) -> dict:
        services = [service("Gotify", "gotify"), service("Slack", "slack"), service("JSON", "json")]
        services.append(service("SMPP", "smpp", enabled=False, packages=("smpplib",)))
        return {"schemas": services}

    @staticmethod
    def instantiate(address: str) -> Made | None:
        whole = ("gotify://host/token", "slack://T/A/D", "https://hooks.slack.com/services/T/A/D")
        return Made(address) if address in whole else None


@pytest.fixture(params=["installed", "missing"])
def installed(request, monkeypatch):
    module = ModuleType("apprise")
    module.Apprise = Apprise
    monkeypatch.setitem(sys.modules, "apprise", module if request.param == "installed" else None)
    apprise_address._services.cache_clear()
    yield request.param == "installed"
    apprise_address._services.cache_clear()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("slack", "Use an Apprise address such as slack://"),
        ("slack:T/A/D", "Use an Apprise address such as slack://"),
        ("http://[::1", "Use an Apprise address such as slack://"),
        ("json://example.org", "json:// posts to any address and reaches no person. Use the kind Webhook"),
        ("XMLS://example.org", "xmls:// posts to any address"),
        ("form://example.org", "Use the kind Webhook"),
        ("syslog://", "syslog:// writes to the machine that MajorOps runs on"),
        ("dbus://", "writes to the machine that MajorOps runs on"),
        ("exec://rm", "writes to the machine that MajorOps runs on"),
        ("mqtt://broker/topic", "feeds a message queue"),
        ("apprise://host/token", "hands the message to another Apprise server"),
        ("mailtos://a:b@example.org", "Use the kind E-mail with the plain address"),
    ],
)
def test_what_reaches_nobody_is_refused_with_a_sentence(installed, address, says):
    assert says in apprise_problem(address)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("gotify://host/token", ""),
        ("https://hooks.slack.com/services/T/A/D", ""),
        (
            "gotify://host",
            "Something is missing for Gotify: its addresses look like gotify://<host>/<token>.",
        ),
        ("smpp://a:b@host", "SMPP needs smpplib on the server"),
        ("zzz://host", "Apprise knows no service called zzz://."),
        ("https://example.org/x", "is a webhook: choose that kind"),
    ],
)
def test_apprise_itself_says_the_rest_where_it_is_installed(installed, address, says):
    found = apprise_problem(address)
    assert is_installed() is installed
    assert (says in found and bool(says) == bool(found)) if installed else found == ""
