import logging
import socket
import threading
import time

from odoo.addons.pg_base.http import HttpClient, check_endpoint
from odoo.addons.pg_base.outcomes import NotSent, Unknown
from odoo.tests import BaseCase, tagged


class Wire:
    """A TCP server that answers each connection with fixed bytes, as a broken vendor would."""

    def __init__(self, answer, *, pause=0):
        self.answer, self.pause, self.received = answer, pause, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _address = self.socket.accept()
            except OSError:
                return
            with connection:
                self.received.append(connection.recv(65536))
                time.sleep(self.pause)
                connection.sendall(self.answer)

    def close(self):
        self.socket.close()


def http_answer(body, status="200 OK", length=None):
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@tagged("post_install", "-at_install", "pg")
class TestHttpClient(BaseCase):
    def wire(self, answer, **options):
        wire = Wire(answer, **options)
        self.addCleanup(wire.close)
        return wire

    def test_answer_of_any_status_is_returned_once(self):
        wire = self.wire(http_answer(b'{"a": 0.10}', "500 Oops"))
        answer = HttpClient(wire.url, headers={"api_key": "k"}).request("POST", "/x", json={"b": 1})
        self.assertEqual(answer.status, 500)
        self.assertEqual(str(answer.json()["a"]), "0.10")
        self.assertEqual(len(wire.received), 1)
        self.assertIn(b"api_key: k", wire.received[0])

    def test_refused_connection_was_not_sent(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with self.assertRaises(NotSent):
            HttpClient(f"http://127.0.0.1:{port}").request("GET", "/")

    def test_broken_answers_are_unknown(self):
        cases = {
            "empty": b"",
            "garbage": b"not http at all\r\n\r\n",
            "cut": http_answer(b"half", length=400),
        }
        for name, raw in cases.items():
            wire = self.wire(raw)
            with self.subTest(name), self.assertRaises(Unknown):
                HttpClient(wire.url).request("GET", "/")
            self.assertEqual(len(wire.received), 1, "never sent twice")

    def test_too_large_is_unknown(self):
        wire = self.wire(http_answer(b"x" * 200_000))
        with self.assertRaises(Unknown):
            HttpClient(wire.url, max_bytes=100_000).request("GET", "/")

    def test_redirects_are_not_followed(self):
        wire = self.wire(http_answer(b"", "302 Found"))
        self.assertEqual(HttpClient(wire.url).request("GET", "/").status, 302)

    def test_log_has_no_query_and_no_header(self):
        wire = self.wire(http_answer(b"{}"))

        with self.assertLogs("odoo.addons.pg_base.http.client", logging.INFO) as log:
            HttpClient(wire.url, headers={"api_key": "planted"}).request(
                "GET", "/Get", params={"accountNumber": "67570001234"}
            )
        self.assertEqual(len(log.output), 1)
        self.assertNotIn("67570001234", log.output[0])
        self.assertNotIn("planted", log.output[0])

    def test_endpoints(self):
        check_endpoint("https://api.example.com", live=True)
        check_endpoint("http://127.0.0.1:8190/x", live=False)
        check_endpoint("http://localhost:8190", live=False)
        for url, live in (
            ("http://api.example.com", True),
            ("http://api.example.com", False),
            ("http://127.0.0.1:1", True),
            ("https://localhost", True),
            ("https://user:pw@example.com", False),
            ("ftp://example.com", False),
            ("", False),
        ):
            with self.subTest(url), self.assertRaises(ValueError):
                check_endpoint(url, live)


@tagged("post_install", "-at_install", "pg")
class TestTimeout(BaseCase):
    def test_silence_is_unknown(self):
        """A quiet vendor is given up after the read limit, and counts as unknown.

        Odoo's harness lifts limits below ten seconds, so the limit is set on the adapter here.
        """
        wire = Wire(http_answer(b"{}"), pause=3)
        self.addCleanup(wire.close)
        client = HttpClient(wire.url, read_timeout=11)
        adapter = client._session.get_adapter(wire.url)
        send = adapter.send
        adapter.send = lambda request, timeout=None, **kw: send(request, timeout=0.3, **kw)
        with self.assertRaises(Unknown):
            client.request("GET", "/")
        self.assertEqual(len(wire.received), 1)
