"""HTTP faces: IAP's JSON-RPC at the root, Twilio's below ``/twilio``, and what was taken.

IAP: the module `sms` of Odoo 19, `tools/sms_api.py`; its parameter `sms.endpoint` points here.
Twilio: https://www.twilio.com/docs/messaging/api/message-resource (seen 2026-11).
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from urllib.parse import urlencode

from starlette.routing import Route

from sandbox import jsonx
from sandbox.sms.outbox import BROKEN, ENDINGS, is_unreached, report
from sandbox.wire import Reply

CREDIT = 0.05
IAP_PATH = "/api/sms/3/send"
TWILIO_PATH = "/2010-04-01/Accounts/{sid}/Messages.json"
NUMBER = re.compile(r"\+\d{7,15}")


def routes():
    """Return the routes at the root: IAP's."""
    return [Route(IAP_PATH, iap_send, methods=["POST"])]


def twilio_routes():
    """Return the routes below ``/twilio``."""
    return [Route(TWILIO_PATH, twilio_send, methods=["POST"])]


def control_routes(endpoint):
    """Return the routes below ``/_control``."""
    return [
        Route("/sms", endpoint(list_messages)),
        Route("/sms", endpoint(forget), methods=["DELETE"]),
    ]


# === CONTROL === #


def list_messages(request, values):
    """List what was taken, oldest first; ``?number=`` of one number."""
    number = request.query_params.get("number")
    return {"items": request.app.state.sms.of_number(number)}


def forget(request, values):
    request.app.state.sms.clear()
    return {"cleared": True}


# === IAP === #


async def iap_send(request):
    """Take a batch, and answer each message by its uuid."""
    try:
        asked = jsonx.loads(await request.body())
        params = asked["params"]
        batch = [
            (to["uuid"], to["number"], message["content"])
            for message in params["messages"]
            for to in message["numbers"]
        ]
    except (ValueError, KeyError, TypeError):
        return Reply.of(400, {"error": "malformed"}).response()
    if any(number.endswith(BROKEN) for _uuid, number, _body in batch):
        return Reply(500, b"<h1>Internal Server Error</h1>", "text/html").response()
    outbox, url = request.app.state.sms, params.get("webhook_url")
    results = [_iap_take(outbox, url, *item) for item in batch]
    answer = {"jsonrpc": "2.0", "id": asked.get("id"), "result": results}
    return Reply.of(200, answer).response()


def _iap_take(outbox, url, identity, number, body):
    if not NUMBER.fullmatch(number or ""):
        return {"uuid": identity, "state": "wrong_number_format"}
    if number[-4:] in ENDINGS:
        return {"uuid": identity, "state": ENDINGS[number[-4:]][0]}
    if identity in outbox.known:
        return {"uuid": identity, "state": "duplicate_message"}
    message = outbox.take("iap", identity, number, body)
    status = "not_delivered" if is_unreached(number) else "delivered"
    news = {"message_statuses": [{"sms_status": status, "uuids": [identity]}]}
    call = {"jsonrpc": "2.0", "method": "call", "params": news}
    report(message, url, jsonx.encode(call), {"Content-Type": "application/json"})
    return {"uuid": identity, "state": "success", "credit": CREDIT}


# === TWILIO === #


async def twilio_send(request):
    """Take one message as Twilio does: a form, with the account's id and token."""
    sid, token = _basic_auth(request)
    if not token or sid != request.path_params["sid"]:
        return _twilio_error(401, 20003, "Authenticate")
    form = {name: str(value) for name, value in (await request.form()).items()}
    number, sender = form.get("To", ""), form.get("From", "")
    if number.endswith(BROKEN):
        return _twilio_error(500, 20500, "Internal Server Error")
    if code := _twilio_refusal(number, sender):
        return _twilio_error(400, code, "The message was refused.")
    identity = f"SM{uuid.uuid4().hex}"
    message = request.app.state.sms.take("twilio", identity, number, form.get("Body", ""))
    _twilio_report(message, form.get("StatusCallback"), sid, token, sender)
    return Reply.of(
        201,
        {
            "account_sid": sid,
            "api_version": "2010-04-01",
            "sid": identity,
            "status": "queued",
            "from": sender,
            "to": number,
            "body": message["body"],
            "error_code": None,
            "error_message": None,
        },
    ).response()


def _basic_auth(request):
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(value, validate=True).decode() if kind == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    sid, _, token = decoded.partition(":")
    return sid, token


def _twilio_refusal(number, sender):
    """Return the code of what Twilio refuses, 0 for nothing."""
    if not sender:
        return 21603
    if not number:
        return 21604
    if number == sender:
        return 21266
    if not NUMBER.fullmatch(number):
        return 21211
    return ENDINGS.get(number[-4:], ("", 0))[1]


def _twilio_error(status, code, message):
    info = {"code": code, "message": message, "status": status}
    return Reply.of(
        status, {**info, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    ).response()


def _twilio_report(message, url, sid, token, sender):
    """Report by a form, signed over the address and its fields (HMAC-SHA1 with the token)."""
    is_lost = is_unreached(message["number"])
    fields = {
        "AccountSid": sid,
        "From": sender,
        "MessageSid": message["id"],
        "MessageStatus": "undelivered" if is_lost else "delivered",
        "SmsSid": message["id"],
        "SmsStatus": "undelivered" if is_lost else "delivered",
        "To": message["number"],
    }
    if is_lost:
        fields["ErrorCode"] = "30003"
    signed = f"{url}{''.join(f'{name}{value}' for name, value in sorted(fields.items()))}"
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    report(message, url, urlencode(fields).encode(), headers)
