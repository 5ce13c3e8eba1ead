"""Text messages: what Odoo's `sms` and `sms_twilio` send, and what they hear back."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

SID, TOKEN = "AC" + "7" * 32, "token"
GOOD = "+67570123456"


@pytest.fixture
def listener():
    """What the sandbox reports, as (path, headers, body)."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.got, server.url = got, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def wait_for(got, count=1):
    end = time.monotonic() + 10
    while len(got) < count and time.monotonic() < end:
        time.sleep(0.02)
    assert len(got) == count
    return got


def post(url, body, headers):
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        is_json = error.headers["Content-Type"].startswith("application/json")
        return error.code, json.loads(text) if is_json else text


def iap(sandbox, numbers, url="", text="Hello"):
    """Send as `SmsApi._send_sms_batch`; return (status, results by number)."""
    batch = [{"uuid": uuid.uuid4().hex, "number": number} for number in numbers]
    params = {"messages": [{"content": text, "numbers": batch}], "webhook_url": url}
    body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": "1"}).encode()
    address = f"{sandbox.base_url}/api/sms/3/send"
    status, answer = post(address, body, {"Content-Type": "application/json"})
    return status, answer, batch


def twilio(sandbox, to=GOOD, sid=SID, token=TOKEN, **fields):
    """Send as `SmsApiTwilio`."""
    form = {"From": "+67570111111", "To": to, "Body": "Hello", **fields}
    login = base64.b64encode(f"{sid}:{token}".encode()).decode()
    return post(
        f"{sandbox.twilio_url}/2010-04-01/Accounts/{SID}/Messages.json",
        urllib.parse.urlencode(form).encode(),
        {
            "Authorization": f"Basic {login}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


def test_iap_takes_and_reports(sandbox, listener):
    status, answer, [sent] = iap(sandbox, [GOOD], f"{listener.url}/sms/status")
    assert status == 200
    [result] = answer["result"]
    assert (result["uuid"], result["state"]) == (sent["uuid"], "success")
    assert sandbox.sms(GOOD)[-1]["body"] == "Hello"
    [(path, _headers, body)] = wait_for(listener.got)
    news = json.loads(body)["params"]["message_statuses"]
    assert (path, news) == (
        "/sms/status",
        [{"sms_status": "delivered", "uuids": [sent["uuid"]]}],
    )


@pytest.mark.parametrize(
    ("number", "state"),
    [
        ("+67571230001", "wrong_number_format"),
        ("70123456", "wrong_number_format"),
        ("+67571230002", "insufficient_credit"),
        ("+67571230003", "country_not_supported"),
    ],
)
def test_iap_refuses_by_the_number(sandbox, number, state):
    _status, answer, _batch = iap(sandbox, [number])
    assert [result["state"] for result in answer["result"]] == [state]
    assert sandbox.sms(number) == []


def test_iap_knows_what_it_has_sent(sandbox):
    number = "+67570129876"
    batch = [{"uuid": "a" * 32, "number": number}] * 2
    params = {"messages": [{"content": "Once", "numbers": batch}]}
    body = json.dumps({"params": params}).encode()
    address = f"{sandbox.base_url}/api/sms/3/send"
    _status, answer = post(address, body, {"Content-Type": "application/json"})
    states = [result["state"] for result in answer["result"]]
    assert states == ["success", "duplicate_message"]
    assert len(sandbox.sms(number)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"params": {"messages": [{}]}}'])
def test_iap_malformed(sandbox, body):
    address = f"{sandbox.base_url}/api/sms/3/send"
    assert post(address, body, {"Content-Type": "application/json"})[0] == 400


def test_the_service_breaks(sandbox):
    number = "+67571230009"
    assert iap(sandbox, [number])[0] == 500
    assert twilio(sandbox, number)[0] == 500
    assert sandbox.sms(number) == []


def test_twilio_takes_and_reports_signed(sandbox, listener):
    url = f"{listener.url}/sms_twilio/status/{'b' * 32}"
    status, answer = twilio(sandbox, "+67570125555", StatusCallback=url)
    assert (status, answer["status"], answer["sid"][:2]) == (201, "queued", "SM")
    [(_path, headers, body)] = wait_for(listener.got)
    fields = dict(urllib.parse.parse_qsl(body.decode()))
    assert (fields["SmsStatus"], fields["SmsSid"]) == ("delivered", answer["sid"])
    signed = url + "".join(f"{name}{value}" for name, value in sorted(fields.items()))
    digest = hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
    assert headers["X-Twilio-Signature"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"token": ""}, 401, 20003),
        ({"sid": "AC" + "8" * 32}, 401, 20003),
        ({"From": ""}, 400, 21603),
        ({"to": ""}, 400, 21604),
        ({"to": "+67570111111"}, 400, 21266),
        ({"to": "70123456"}, 400, 21211),
        ({"to": "+67571230001"}, 400, 21211),
    ],
)
def test_twilio_refuses(sandbox, fields, status, code):
    before = len(sandbox.sms())
    answer = twilio(sandbox, **fields)
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert len(sandbox.sms()) == before


def test_no_report_leaves_this_machine(sandbox):
    number = "+67570126666"
    twilio(sandbox, number, StatusCallback="http://192.0.2.1/x")
    time.sleep(0.5)
    assert sandbox.sms(number)[-1]["reported"] is None
