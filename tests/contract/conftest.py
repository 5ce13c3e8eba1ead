"""A running sandbox, clients that check every exchange against the vendors' OpenAPI files."""

import contextlib
import http.server
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import stripe

from sandbox.client import SandboxClient
from tests.contract.callers import PayPal, Pgecom, PgPay, invented

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT.parent / "shared" / "contracts"
# what `make contract` installs and runs beside the rest
collect_ignore = [] if os.environ.get("PG_PEERS") else ["test_peers.py"]


@contextlib.contextmanager
def running(*arguments):
    """Start ``python -m sandbox`` on a free port; yield its address; stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("sandbox: http://"), line
        client = SandboxClient(line.split()[1])
        for _ in range(100):
            with contextlib.suppress(OSError):
                client.health()
                break
            time.sleep(0.05)
        yield client
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="session")
def sandbox():
    """A SandboxClient on a process of its own."""
    with running() as client:
        yield client


@pytest.fixture(scope="session")
def spec():
    """Return name -> SpecCheck of a vendor's file; tests are skipped where the folder is absent."""
    if not (CONTRACTS / "spec_check.py").exists():
        pytest.skip("the vendors' OpenAPI files are not beside this project (../shared/contracts)")
    loader = importlib.util.spec_from_file_location("spec_check", CONTRACTS / "spec_check.py")
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    cache = {}

    def load(name):
        if name not in cache:
            cache[name] = module.SpecCheck(CONTRACTS / name)
        return cache[name]

    return load


class Ding:
    """A DingConnect caller. Each request and each JSON answer is checked unless told not to."""

    def __init__(self, sandbox, check, **values):
        self.sandbox = sandbox
        self.check = check
        self.account = sandbox.create_account("dingconnect", **values)
        self.key = self.account["api_key"]

    def raw(self, method, body=None, query="", headers=None, timeout=10):
        """Return (status, bytes) of one call, unchecked."""
        request = urllib.request.Request(
            f"{self.sandbox.dingconnect_url}/api/V1/{method}{query}",
            data=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"api_key": self.key, "Content-Type": "application/json", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def call(self, method, body=None, query=(), valid=True, headers=None):
        """Return (status, decoded answer) after checking both directions.

        :param valid: False for a request that the contract forbids
        """
        path, verb = f"/api/V1/{method}", "get" if body is None else "post"
        if valid and body is not None:
            assert self.check.request(verb, path, json.dumps(body)) == []
        text = "?" + urllib.parse.urlencode(query) if query else ""
        status, content = self.raw(method, body, text, headers)
        data = json.loads(content)
        assert self.check.response(verb, path, status, data) == []
        assert invented(self.check, verb, path, status, data) == []
        return status, data

    def send(self, valid=True, headers=None, **changes):
        """Call SendTransfer for PGK 17.50 to a real-looking number, with changes."""
        order = {
            "SkuCode": "PG_DC_TopUp",
            "SendValue": 5.0,
            "AccountNumber": "67571234567",
            "DistributorRef": "T-1",
            "ValidateOnly": False,
            **changes,
        }
        order = {k: v for k, v in order.items() if v is not ...}
        return self.call("SendTransfer", order, valid=valid, headers=headers)

    def list(self, take=10, **filters):
        """Call ListTransferRecords; return the answer."""
        return self.call("ListTransferRecords", {"Take": take, **filters})[1]

    @property
    def balance(self):
        """The balance by GetBalance, as text."""
        return f"{self.call('GetBalance')[1]['Balance']:.2f}"


@pytest.fixture
def ding(sandbox, spec):
    """A fresh distributor with 100 US dollars."""
    return Ding(sandbox, spec("dingconnect.openapi.json"), balance="100.00")


@pytest.fixture
def make_ding(sandbox, spec):
    """Return a maker of distributors."""
    return lambda **values: Ding(sandbox, spec("dingconnect.openapi.json"), **values)


class CheckedTransport(stripe.RequestsClient):
    """The SDK's own transport; what it sends and gets is checked against Stripe's OpenAPI file."""

    def __init__(self, check, prefix):
        super().__init__(timeout=10)
        self.check = check
        self.prefix = prefix
        self.checking = True
        self.headers_seen = []

    def request(self, method, url, headers, post_data=None):
        path = urllib.parse.urlsplit(url).path.removeprefix(self.prefix)
        if self.checking:
            assert self.check.request(method, path, post_data or "") == []
        content, status, answered = super().request(method, url, headers, post_data)
        self.headers_seen.append(answered)
        if self.checking:
            data = json.loads(content)
            assert self.check.response(method, path, status, data) == []
            assert invented(self.check, method, path, status, data) == []
        return content, status, answered


class Merchant:
    """A Stripe merchant: the real SDK on a fresh sandbox account."""

    def __init__(self, sandbox, check, **values):
        self.sandbox = sandbox
        self.check = check
        self.account = sandbox.create_account("stripe", **values)
        self.transport = CheckedTransport(check, "/stripe")
        self.client = stripe.StripeClient(
            self.account["secret_key"],
            base_addresses={"api": sandbox.stripe_url},
            http_client=self.transport,
        )
        self.api = self.client.v1

    def params(self, amount=1250, currency="pgk", **changes):
        """Return the parameters of a session as the payment room sends them."""
        tags = {"odoo_ref": "T-1", "odoo_db": "db"}
        return {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "client_reference_id": "T-1",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency,
                        "unit_amount": amount,
                        "product_data": {"name": "T-1"},
                    },
                }
            ],
            "success_url": "http://127.0.0.1:9/return?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/cancel?reference=T-1",
            "customer_email": "meri@example.com",
            "locale": "en",
            "submit_type": "pay",
            "expires_at": int(time.time()) + 3600,
            "metadata": tags,
            "payment_intent_data": {"description": "T-1", "metadata": tags},
            "adaptive_pricing": {"enabled": False},
            **changes,
        }

    def session(self, key=None, **changes):
        """Create a session."""
        options = {"idempotency_key": key} if key else {}
        return self.api.checkout.sessions.create(self.params(**changes), options)

    def paid(self, **changes):
        """Create and pay a session; return it as it is then."""
        session = self.session(**changes)
        self.sandbox.pay(session.id)
        return self.api.checkout.sessions.retrieve(session.id)


@pytest.fixture
def merchant(sandbox, spec):
    """A fresh merchant."""
    return Merchant(sandbox, spec("stripe.min.openapi.json"), name="Kumul Mobile")


@pytest.fixture
def make_merchant(sandbox, spec):
    """Return a maker of merchants."""
    return lambda **values: Merchant(sandbox, spec("stripe.min.openapi.json"), **values)


class Receiver:
    """A webhook endpoint on loopback that keeps what it gets and answers what it is told."""

    def __init__(self):
        self.got = []
        self.headers = []
        self.lock = threading.Lock()
        self.answers = []
        self.pause = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                row = (body, self.headers["Stripe-Signature"], time.monotonic())
                with receiver.lock:  # one place for a post in both lists
                    receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                    receiver.got.append(row)
                time.sleep(receiver.pause)
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128  # the default of 5 makes bursts wait a second

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, count, timeout=8):
        """Wait for ``count`` posts, then return all that came, decoded."""
        end = time.monotonic() + timeout
        while len(self.got) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [json.loads(body) for body, _signature, _at in self.got]


@pytest.fixture
def receiver():
    """A fresh webhook endpoint."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def paypal(sandbox, spec):
    """A fresh PayPal merchant that settles in the currency of each order."""
    return PayPal(sandbox, spec("paypal.min.openapi.json"), name="Kumul Mobile")


@pytest.fixture
def make_paypal(sandbox, spec):
    """Return a maker of PayPal merchants."""
    return lambda **values: PayPal(sandbox, spec("paypal.min.openapi.json"), **values)


@pytest.fixture
def pgpay(sandbox, spec):
    """A fresh PGPay merchant without an endpoint in the portal."""
    return PgPay(sandbox, spec("pgpay.openapi.json"), name="Kumul Mobile")


@pytest.fixture
def make_pgpay(sandbox, spec):
    """Return a maker of PGPay merchants."""
    return lambda **values: PgPay(sandbox, spec("pgpay.openapi.json"), **values)


@pytest.fixture
def pgecom(sandbox):
    """A fresh PGecom merchant."""
    return Pgecom(sandbox)


@pytest.fixture(scope="session")
def run_sandbox():
    """Return the context manager that starts another sandbox process."""
    return running
