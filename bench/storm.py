"""Sends many alerts within some seconds, from a process of its own, again and again until each is taken.

`python -m bench.storm ADDRESS SECRET NAME ALERTS SECONDS`: prints, as JSON, the time of each answer in ms,
and how many were sent again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

GROUPS, SENDERS = 25, 8
AGAIN, PATIENCE = 0.2, 120.0  # seconds between tries of a sender, and until all must be taken in


class Storm:
    """A storm on its way. `name`: stands in the keys of its alerts."""

    def __init__(self, address: str, secret: str, name: str, alerts: int, seconds: float):
        command = [sys.executable, "-m", "bench.storm", address, secret, name, str(alerts), str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    @property
    def is_over(self) -> bool:
        """Every alert was taken, or PATIENCE is over."""
        return self._process.poll() is not None

    def wait(self) -> tuple[list[float], int]:
        """Wait for the end. Returns the times of the answers in ms, sorted, and how many were sent again."""
        out, _ = self._process.communicate(timeout=2 * PATIENCE)
        times, again = json.loads(out)
        return sorted(times), again


def alert(name: str, n: int) -> dict[str, object]:
    """A notification of Alertmanager with one alert of a system of the catalogue."""
    labels = {"alertname": f"{name}{n % GROUPS}", "instance": f"{name}-{n}", "service": "payments-api"}
    one = {"status": "firing", "labels": labels, "fingerprint": f"{name}-{n}", "annotations": {}}
    return {"version": "4", "groupKey": f"{{}}:{name}{n % GROUPS}", "status": "firing", "alerts": [one]}


class _Sender:
    """Keeps a connection for each thread, as Alertmanager does."""

    def __init__(self, address: str, secret: str, name: str):
        self.at, self.name = urlsplit(address), name
        self.headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self.times: list[float] = []
        self.again = 0
        self._own = threading.local()

    def send(self, n: int) -> None:
        """Send the alert until it is taken, or PATIENCE is over."""
        body = json.dumps(alert(self.name, n)).encode()
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            began = time.perf_counter()
            if self._try(body) == 202:
                self.times.append((time.perf_counter() - began) * 1000)
                return
            self.again += 1
            time.sleep(AGAIN)

    def _try(self, body: bytes) -> int:
        try:
            if getattr(self._own, "connection", None) is None:
                self._own.connection = HTTPConnection(self.at.hostname, self.at.port, timeout=10)
            self._own.connection.request("POST", self.at.path, body, self.headers)
            answer = self._own.connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self._own.connection.close()
            self._own.connection = None
            return 0
        return answer.status


def main() -> None:
    """Send as the command line says."""
    address, secret, name, alerts, seconds = sys.argv[1:]
    sender, began = _Sender(address, secret, name), time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        for n in range(int(alerts)):
            time.sleep(max(0.0, began + float(seconds) * n / int(alerts) - time.perf_counter()))
            pool.submit(sender.send, n)
    print(json.dumps([sender.times, sender.again]))


if __name__ == "__main__":
    main()
