"""Webhooks of PayPal: proof first, then the few facts that tell where to look."""

import json
from datetime import UTC, datetime

from odoo.addons.pg_base.outcomes import Rejected, Unknown

from ..ports import GatewayEvent, SignatureError
from . import paypal_cert, paypal_client
from .paypal_const import DISPUTE_OUTCOME, EVENT_KINDS

VERIFY = "v1/notifications/verify-webhook-signature"

#: What reading a body raises that is not what PayPal sends; nobody has proven it yet.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)

#: Marks our invoice ids: the start of the database's uuid, then the reference.
SEPARATOR = "-"
DATABASE_CHARS = 8


def make_invoice_id(database, reference):
    """Return an invoice id that no other database makes, within PayPal's 127 characters."""
    return f"{database[:DATABASE_CHARS]}{SEPARATOR}{reference}"


def parse(raw, headers, account, transport):
    """Return the event in a webhook body, once PayPal itself says that it is its own.

    :param bytes raw: the body as it came.
    :raise SignatureError: when it is not proven to be PayPal's.
    :raise OutsideError: when PayPal does not answer: nothing is known then.
    """
    values = paypal_cert.read_headers(headers)
    event = _read(raw)
    paypal_cert.check(values, raw, account)
    _ask(values, raw, account, transport)
    return event


def _read(raw):
    try:
        body = json.loads(raw)
        return _event(body)
    except UNREADABLE as error:
        raise SignatureError(f"unreadable body ({type(error).__name__})") from None


def _ask(values, raw, account, transport):
    """Let PayPal verify; the body is put in as it came, since writing it anew may change it."""
    head = json.dumps({**values, "webhook_id": account.webhook_id})
    body = head[:-1].encode() + b', "webhook_event": ' + raw + b"}"
    try:
        answer = paypal_client.call(transport, "webhook.verify", "POST", VERIFY, body)
    except Rejected as refusal:
        if refusal.temporary:
            raise  # Our credentials are refused: that says nothing of the event.
        raise SignatureError(f"PayPal cannot verify it ({refusal.code})") from None
    status = answer.get("verification_status")
    if status == "FAILURE":
        raise SignatureError("PayPal says that it is not its own")
    if status != "SUCCESS":
        raise Unknown("PayPal neither confirms nor denies the webhook")


def _event(body):
    kind, thing = str(body["event_type"]), body["resource"]
    ours = _find_ours(thing)
    invoice = ours.get("invoice_id") or ours.get("invoice_number") or ""
    database, mark, _reference = invoice.partition(SEPARATOR)
    return GatewayEvent(
        event_id=str(body["id"]),
        type=kind,
        kind=EVENT_KINDS.get(kind, "other"),
        created=_moment(body.get("create_time")),
        reference=str(ours.get("custom_id") or ours.get("custom") or ""),
        database=database if mark and len(database) == DATABASE_CHARS else "",
        **_ids(kind, thing),
    )


def _find_ours(thing):
    """Return the part of a resource that carries our names for it."""
    for name in ("purchase_units", "disputed_transactions"):
        if thing.get(name):
            return thing[name][0]
    return thing


def _ids(kind, thing):
    """Return the ids of the objects that an event is about."""
    if kind.startswith("CHECKOUT."):
        return {"checkout_id": str(thing.get("order_id") or thing.get("id") or "")}
    if kind.startswith("CUSTOMER.DISPUTE."):
        code = (thing.get("dispute_outcome") or {}).get("outcome_code") or ""
        return {
            "payment_id": _find_ours(thing).get("seller_transaction_id") or "",
            "outcome": DISPUTE_OUTCOME.get(code, code),
        }
    if EVENT_KINDS.get(kind) in ("refund", "reversal"):
        return {"payment_id": find_capture_id(thing), "refund_id": str(thing["id"])}
    related = (thing.get("supplementary_data") or {}).get("related_ids") or {}
    return {"payment_id": str(thing.get("id") or ""), "checkout_id": related.get("order_id") or ""}


def find_capture_id(refund):
    """Return the capture of a refund: the last part of its link `up`."""
    for link in refund.get("links") or ():
        if link.get("rel") == "up" and "/captures/" in link.get("href", ""):
            return link["href"].rsplit("/", 1)[-1]
    return ""


def _moment(text):
    """Return a moment of PayPal as naive UTC, None when there is none."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
