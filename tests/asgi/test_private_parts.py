"""What the front touches of others that they promise to nobody: one file each, and the versions that were
read. A new version fails here: read what it changed, then write it down."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import httptools
import pytest
import uvicorn
from a2wsgi.wsgi import WSGIResponder
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from majorops.asgi.bridge import BufferedBridge
from majorops.asgi.protocol import PublicPagesProtocol

ROOT = Path(__file__).resolve().parents[2]
READ = {"uvicorn": "0.54.0", "httptools": "0.9.0", "a2wsgi": "1.10.10"}
OVERRIDDEN = {
    "connection_made": ["self", "transport"],
    "connection_lost": ["self", "exc"],
    "data_received": ["self", "data"],
    "on_message_begin": ["self"],
    "on_url": ["self", "url"],
    "on_header": ["self", "name", "value"],
    "on_headers_complete": ["self"],
    "on_message_complete": ["self"],
    "on_response_complete": ["self"],
    "send_400_response": ["self", "msg"],
}
CALLED = {"_unset_keepalive_if_required": ["self"], "timeout_keep_alive_handler": ["self"]}
OF_THE_PROTOCOL = {
    "access_log",
    "client",
    "cycle",
    "flow",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "scheme",
    "scope",
    "server_state",
    "timeout_keep_alive",
    "timeout_keep_alive_task",
    "transport",
}
OF_THE_CYCLE = {
    "disconnected",
    "keep_alive",
    "message_event",
    "more_body",
    "response_complete",
    "response_started",
}


@pytest.mark.parametrize("name", READ)
def test_the_version_is_the_one_that_was_read_and_the_pin(name):
    assert version(name) == READ[name]
    assert re.findall(rf"^{name}==(.*)$", (ROOT / "requirements.txt").read_text(), re.M) == [READ[name]]


@pytest.mark.parametrize(("name", "where"), [("uvicorn", "protocol.py"), ("a2wsgi", "bridge.py")])
def test_one_file_imports_it(name, where):
    asks = re.compile(rf"^\s*(from|import) {name}\b", re.M)
    found = [path for path in (ROOT / "majorops").rglob("*.py") if asks.search(path.read_text())]
    assert found == [ROOT / "majorops/asgi" / where]


def parameters(method) -> list[str]:
    return list(inspect.signature(method).parameters)


@pytest.mark.parametrize(("name", "expected"), (OVERRIDDEN | CALLED).items())
def test_uvicorns_methods_are_there(name, expected):
    assert parameters(getattr(HttpToolsProtocol, name)) == expected


def test_every_method_that_is_overridden_is_named_here():
    ours = {name for cls in PublicPagesProtocol.__mro__[:2] for name in vars(cls) if name[:2] != "__"}
    assert ours & set(vars(HttpToolsProtocol)) == set(OVERRIDDEN)


def test_uvicorns_attributes_are_there():
    config = uvicorn.Config(lambda: None, log_config=None)
    made = HttpToolsProtocol(config, ServerState(), {}, _loop=object())
    assert set(vars(made)) >= OF_THE_PROTOCOL
    assert set(vars(ServerState())) >= {"default_headers", "total_requests"}
    names = set(inspect.getsource(RequestResponseCycle.__init__).replace(":", " ").split())
    assert names >= {f"self.{name}" for name in OF_THE_CYCLE}
    assert "self.write_paused" in inspect.getsource(FlowControl.__init__).split()
    for name in ("get_method", "get_http_version", "should_upgrade", "should_keep_alive", "feed_data"):
        assert callable(getattr(httptools.HttpRequestParser, name))


def test_a2wsgis_methods_are_there():
    assert parameters(WSGIResponder.__init__) == ["self", "app", "executor", "send_queue_size"]
    assert parameters(WSGIResponder.wsgi) == ["self", "environ", "start_response"]
    assert parameters(WSGIResponder.send) == ["self", "message"]
    assert parameters(WSGIResponder.sender) == ["self", "send"]
    assert {"__call__", "send", "sender", "wsgi"} <= set(vars(WSGIResponder))
    assert issubclass(BufferedBridge, WSGIResponder)
