"""A mail server and a web server that do what receivers do in a bad night."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.waiting import NEVER


class MailServer:
    """`mode`: good, refuses (the recipient), busy (451), hangs, dies (takes the text, hangs up before
    the answer), drips.
    """

    def __init__(self, mode: str = "good"):
        self.mode, self.mails = mode, []
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with suppress(ConnectionError, ValueError):
                    server.talk(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def talk(self, line) -> None:
        def say(text: str) -> None:
            line.wfile.write(f"{text}\r\n".encode())

        if self.mode == "hangs":
            return time.sleep(NEVER)
        if self.mode == "drips":
            while True:
                line.wfile.write(b"2")
                time.sleep(0.3)
        say("220 tests")
        while command := line.rfile.readline().decode().strip().upper():
            if command.startswith("RCPT") and self.mode == "refuses":
                say("550 nobody here")
            elif command.startswith("MAIL") and self.mode == "busy":
                say("451 later")
            elif command == "DATA":
                say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += line.rfile.readline()
                if self.mode == "dies":
                    self.mails.append(text.decode())
                    return line.connection.shutdown(socket.SHUT_RDWR)
                self.mails.append(text.decode())
                say("250 taken")
            else:
                say("250 tests")
        return None

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class WebServer:
    """`answers(count, headers) -> status`, called for each request; `delay`: seconds that each takes."""

    def __init__(self, answers=lambda count, headers: 200, delay: float = 0.0, location: str = ""):
        self.heard: list[tuple[dict, bytes]] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(delay)
                with server._lock:
                    status = answers(len(server.heard) + 1, self.headers)
                    server.heard.append((dict(self.headers), body))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?room=1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
