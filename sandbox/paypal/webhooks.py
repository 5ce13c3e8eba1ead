"""PayPal's events and endpoints, and the call that verifies a delivery."""

import copy
import json
import re

from sandbox import delivery
from sandbox.paypal import certs, views
from sandbox.paypal.account import new_id, stamp
from sandbox.paypal.errors import malformed
from sandbox.wire import is_loopback_url

# event: summary
EVENTS = {
    "CHECKOUT.ORDER.APPROVED": "An order has been approved by buyer",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": "A payment has been reversed after approval.",
    "PAYMENT.CAPTURE.COMPLETED": "Payment completed",
    "PAYMENT.CAPTURE.PENDING": "Payment pending",
    "PAYMENT.CAPTURE.DENIED": "Payment denied",
    "PAYMENT.CAPTURE.DECLINED": "Payment declined",
    "PAYMENT.CAPTURE.REFUNDED": "A refund was issued",
    "PAYMENT.CAPTURE.REVERSED": "A payment was reversed",
    "CUSTOMER.DISPUTE.CREATED": "A new dispute opened",
    "CUSTOMER.DISPUTE.RESOLVED": "A dispute was resolved",
}
RESOURCES = {"order": "checkout-order", "approval": "payment-approval"}
BEFORE_KEY, BEFORE_VALUE = re.compile(r"[\s,{]*"), re.compile(r"[\s:]*")
REQUIRED = {
    *("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time"),
    *("webhook_id", "webhook_event"),
}


def emit(account, events):
    """Write events and send them to the endpoints that listen.

    :param events: [(type, kind of object, object)] of one happening, in order
    """
    batch = []
    for name, kind, subject in events:
        event = {
            "id": f"WH{new_id(17)}",
            "event_version": views.EVENT_VERSION,
            "create_time": stamp(),
            "resource_type": RESOURCES.get(kind, kind),
            "resource_version": views.RESOURCE_VERSION,
            "event_type": name,
            "summary": EVENTS[name],
            "resource": _resource(account, kind, subject),
            "_base": subject["_base"],
        }
        batch.append(account.put("event", event))
    delivery.send(account, batch)


def _resource(account, kind, subject):
    if kind != "approval":
        return copy.deepcopy(views.of(account, kind, subject))
    names = ("reference_id", "custom_id", "invoice_id")
    units = [{k: u[k] for k in names if k in u} for u in subject["purchase_units"]]
    return {
        "order_id": subject["id"],
        "purchase_units": units,
        "payment_source": copy.deepcopy(subject.get("payment_source", {})),
    }


# === ENDPOINTS === #


def create_endpoint(account, body, base):
    """Register an address of this machine for events.

    :raise PayPalError: when the address is not local or an event is unknown
    """
    url, kinds = body.get("url"), body.get("event_types")
    if not isinstance(url, str) or not is_loopback_url(url):
        raise malformed("INVALID_PARAMETER_VALUE", "/url", url)
    if not isinstance(kinds, list) or not kinds:
        raise malformed("MISSING_REQUIRED_PARAMETER", "/event_types")
    names = [kind.get("name") if isinstance(kind, dict) else None for kind in kinds]
    for name in names:
        if name != "*" and name not in EVENTS:
            raise malformed("INVALID_PARAMETER_VALUE", "/event_types", name)
    for endpoint in account.shelves["endpoint"].values():
        if endpoint["url"] == url:
            raise malformed("INVALID_PARAMETER_VALUE", "/url", f"{url} already exists")
    rows = [{"name": n, "description": EVENTS.get(n, "All events")} for n in names]
    endpoint = {"id": new_id(), "url": url, "event_types": rows, "_base": base}
    return account.put("endpoint", endpoint)


def event_types():
    """Return every type of event that there is."""
    rows = [{"name": n, "description": d, "status": "ENABLED"} for n, d in EVENTS.items()]
    return {"event_types": rows}


# === VERIFICATION === #


def verify(account, body, raw):
    """Say whether a delivery came from here: ``SUCCESS`` or ``FAILURE``.

    :param body: the decoded request
    :param raw: its bytes; the event is taken from them as it is, not written anew
    :raise PayPalError: when something is missing
    """
    for name in sorted(REQUIRED):
        if not body.get(name):
            raise malformed("MISSING_REQUIRED_PARAMETER", f"/{name}")
    authority = certs.of(account.store)
    text = certs.signed_text(
        body["transmission_id"],
        body["transmission_time"],
        body["webhook_id"],
        slice_of(raw, "webhook_event"),
    )
    good = (
        body["auth_algo"] == certs.ALGORITHM
        and is_loopback_url(body["cert_url"])
        and body["cert_url"].endswith(certs.PATH + authority.name)
        and body["webhook_id"] in account.shelves["endpoint"]
        and authority.verifies(str(body["transmission_sig"]), text)
    )
    return {"verification_status": "SUCCESS" if good else "FAILURE"}


def slice_of(raw, name):
    """Return the bytes of one member of a JSON object, untouched.

    :raise ValueError: when there is no such member
    """
    text, decoder = raw.decode(), json.JSONDecoder()
    at = BEFORE_KEY.match(text).end()
    while text[at : at + 1] == '"':
        key, at = decoder.raw_decode(text, at)
        start = BEFORE_VALUE.match(text, at).end()
        _value, at = decoder.raw_decode(text, start)
        if key == name:
            return text[start:at].encode()
        at = BEFORE_KEY.match(text, at).end()
    raise ValueError(f"no {name}")
