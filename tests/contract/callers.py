"""Callers of PayPal, PGPay and PGecom that check every exchange against the OpenAPI files."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid


def invented(check, verb, path, status, data):
    """Return the fields of an answer that the contract does not name."""
    _template, operation = check.operation(verb, path)
    answers = operation["responses"]
    answer = check.deref(answers.get(str(status)) or answers["default"])
    content = answer.get("content", {}).get("application/json")
    return check.unknown(data, content["schema"]) if content else []


def http(verb, url, body=None, headers=None, timeout=10):
    """Return (status, bytes, headers with small letters) of one call."""
    request = urllib.request.Request(url, method=verb, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read(), _small(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), _small(error.headers)


def _small(headers):
    return {k.lower(): v for k, v in headers.items()}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keep a redirection as an answer."""

    def redirect_request(self, *arguments):
        return None


def press(url, outcome, **fields):
    """Press a button of a page; return (status, where the browser is sent or None, text)."""
    data = urllib.parse.urlencode({"outcome": outcome, **fields}).encode()
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, data), timeout=10) as answer:
            return answer.status, None, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location"), error.read().decode()


class Caller:
    """What the callers share: a fresh account and checked calls."""

    kind = ""

    def __init__(self, sandbox, check=None, base=None, **values):
        self.sandbox = sandbox
        self.check = check
        self.account = sandbox.create_account(self.kind, **values)
        self.base = base or f"{sandbox.base_url}/{self.kind}"

    def sign(self, verb, target, raw, headers):
        """Return the headers that prove who calls."""
        return {}

    def raw(self, verb, path, body=None, headers=None, timeout=10):
        """Return (status, bytes, headers) of one call, unchecked.

        :param body: bytes, or anything that becomes JSON
        """
        raw = body
        if body is not None and not isinstance(body, bytes):
            raw = json.dumps(body, separators=(",", ":")).encode()  # Prism writes it like this anew
        base = {"Content-Type": "application/json", "Accept": "application/json"}
        headers = {**base, **self.sign(verb, path, raw or b"", headers or {}), **(headers or {})}
        headers = {k: v for k, v in headers.items() if v is not None}
        return http(verb, self.base + path, raw, headers, timeout)

    def call(self, verb, path, body=None, valid=True, headers=None):
        """Return (status, decoded answer) after checking both directions.

        :param valid: False for a request that the contract forbids
        """
        route = path.partition("?")[0]
        if valid and body is not None:
            assert self.check.request(verb, route, json.dumps(body)) == []
        status, content, self.answered = self.raw(verb, path, body, headers)
        data = json.loads(content) if content else None
        if data is not None and not (status == 400 and not valid):
            assert self.check.response(verb, route, status, data) == []
            assert invented(self.check, verb, route, status, data) == []
        return status, data

    def events(self):
        """Return the types of the events, oldest first."""
        rows = self.sandbox.events(self.account)
        return [row.get("event_type") or row["type"] for row in rows]


class PayPal(Caller):
    """A PayPal merchant."""

    kind = "paypal"
    _token = None

    def basic(self, client=None, secret=None):
        """Return the header of the token call."""
        client = client or self.account["client_id"]
        secret = secret or self.account["client_secret"]
        return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()

    def get_token(self, form="grant_type=client_credentials", basic=None):
        """Return (status, answer) of the token call, checked."""
        headers = {
            "Authorization": basic or self.basic(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = self.base + "/v1/oauth2/token"
        status, content, _headers = http("POST", url, form.encode(), headers)
        data = json.loads(content)
        if status in (200, 401):
            assert self.check.response("POST", "/v1/oauth2/token", status, data) == []
        return status, data

    def sign(self, verb, target, raw, headers):
        if self._token is None:
            self._token = self.get_token()[1]["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    @staticmethod
    def unit(value="12.50", currency="USD", **changes):
        """Return a purchase unit as the payment room sends it."""
        unit = {
            "reference_id": "T-1",
            "custom_id": "T-1",
            "invoice_id": f"T-{uuid.uuid4()}",
            "amount": {"currency_code": currency, "value": value},
        }
        return {k: v for k, v in {**unit, **changes}.items() if v is not ...}

    def params(self, value="12.50", currency="USD", wallet=True, **unit):
        """Return the body of a create call."""
        context = {
            "return_url": "http://127.0.0.1:9/return?reference=T-1",
            "cancel_url": "http://127.0.0.1:9/cancel",
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "brand_name": "Kumul Mobile",
            "locale": "en-PG",
        }
        body = {"intent": "CAPTURE", "purchase_units": [self.unit(value, currency, **unit)]}
        if wallet:
            body["payment_source"] = {"paypal": {"experience_context": context}}
        else:
            names = ("return_url", "cancel_url", "brand_name")
            body["application_context"] = {k: context[k] for k in names}
        return body

    def order(self, key=None, whole=True, **changes):
        """Create an order and return it."""
        status, order = self.call(
            "POST", "/v2/checkout/orders", self.params(**changes), headers=self._with(key, whole)
        )
        assert status in (200, 201)
        return order

    @staticmethod
    def _with(key, whole):
        headers = {"Prefer": "return=representation"} if whole else {}
        return {**headers, "PayPal-Request-Id": key} if key else headers

    def capture(self, order, key=None, whole=True):
        """Return (status, answer) of a capture call."""
        path = f"/v2/checkout/orders/{order['id']}/capture"
        return self.call("POST", path, {}, headers=self._with(key, whole))

    def captured(self, outcome="pay", **changes):
        """Create, approve and capture; return the capture as it is then."""
        order = self.order(**changes)
        self.sandbox.pay(order["id"], outcome)
        status, done = self.capture(order)
        assert status == 201
        (capture,) = done["purchase_units"][0]["payments"]["captures"]
        return self.get_capture(capture)

    def get_order(self, order):
        """Read an order."""
        return self.call("GET", f"/v2/checkout/orders/{order['id']}")[1]

    def get_capture(self, capture):
        """Read a capture."""
        return self.call("GET", f"/v2/payments/captures/{capture['id']}")[1]

    def refund(self, capture, value=None, currency="USD", key=None, valid=True, **more):
        """Return (status, answer) of a refund call."""
        body = dict(more)
        if value is not None:
            body["amount"] = {"currency_code": currency, "value": value}
        path = f"/v2/payments/captures/{capture['id']}/refund"
        return self.call("POST", path, body, valid, self._with(key, True))

    def webhook(self, url, *names):
        """Register an endpoint for events, all when none are named."""
        kinds = [{"name": name} for name in names or ("*",)]
        body = {"url": url, "event_types": kinds}
        status, webhook = self.call("POST", "/v1/notifications/webhooks", body)
        assert status == 201
        return webhook


def issue_of(answer):
    """Return (status, issue) of a PayPal refusal."""
    status, data = answer
    return status, data["details"][0]["issue"]


class PgPay(Caller):
    """A PGPay merchant. ``key_id`` and ``secret`` may be changed to call as somebody else."""

    kind = "pgpay"

    def __init__(self, *arguments, **values):
        super().__init__(*arguments, **values)
        self.key_id, self.secret = self.account["key_id"], self.account["secret"]
        self.age = 0

    def sign(self, verb, target, raw, headers):
        moment = int(time.time()) - self.age
        text = f"{moment}.{verb}.{target}.".encode() + raw
        mac = hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()
        signed = {"PGPay-Key-Id": self.key_id, "PGPay-Signature": f"t={moment},v1={mac}"}
        if verb == "POST":
            signed["Idempotency-Key"] = uuid.uuid4().hex
        return signed

    def params(self, **changes):
        """Return the body of a create call, K12.50 by CellMoni."""
        body = {
            "reference": f"T-{uuid.uuid4()}",
            "amount": 1250,
            "currency": "PGK",
            "channel": "cellmoni",
            "payer": {"msisdn": "+67570001234"},
            "description": "Order T-1",
            "return_url": "http://127.0.0.1:9/return?reference=T-1",
            "cancel_url": "http://127.0.0.1:9/cancel",
            "expires_in": 600,
            "metadata": {"odoo_db": "db"},
            **changes,
        }
        return {k: v for k, v in body.items() if v is not ...}

    def create(self, key=None, valid=True, **changes):
        """Return (status, answer) of a create call."""
        headers = {"Idempotency-Key": key} if key else None
        return self.call("POST", "/v1/payments", self.params(**changes), valid, headers)

    def payment(self, **changes):
        """Create a payment and return it."""
        status, payment = self.create(**changes)
        assert status == 201
        return payment

    def paid(self, **changes):
        """Create a payment that the payer approves; return it as it is then."""
        payment = self.payment(**changes)
        self.sandbox.pay(payment["id"], "approve")
        return self.get(payment)

    def get(self, payment):
        """Read a payment."""
        return self.call("GET", f"/v1/payments/{payment['id']}")[1]

    def refund(self, payment, amount, key=None, valid=True, **changes):
        """Return (status, answer) of a refund call."""
        body = {"reference": f"R-{uuid.uuid4()}", "amount": amount, "currency": "PGK", **changes}
        headers = {"Idempotency-Key": key} if key else None
        return self.call("POST", f"/v1/payments/{payment['id']}/refunds", body, valid, headers)


def code_of(answer):
    """Return (status, code) of a PGPay refusal."""
    status, data = answer
    return status, data["error"]["code"]


class Pgecom(Caller):
    """A PGecom merchant. There is no OpenAPI file to check against."""

    kind = "pgecom"

    def call(self, verb, path, body=None, headers=None):
        """Return (status, decoded answer)."""
        status, content, _headers = self.raw(verb, path, body, headers)
        return status, json.loads(content)

    def create(self, **changes):
        """Return (status, answer) of a create call over 55 gourdes."""
        body = {
            "userID": self.account["user_id"],
            "amount": 55,
            "currency": "htg",
            "orderId": f"T-{uuid.uuid4()}",
            "successUrl": "http://127.0.0.1:9/success",
            "errorUrl": "http://127.0.0.1:9/error",
            **changes,
        }
        return self.call("POST", "/api/pgpay/token", body)

    def verify(self, order):
        """Return (status, answer) of the call that asks by token."""
        body = {"pgPayToken": order["metadata"]["token"]}
        return self.call("POST", "/api/pgpay/order", body)
