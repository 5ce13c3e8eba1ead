"""Webhooks of Stripe: proof first, then the few facts that tell where to look."""

import json
from datetime import UTC, datetime

import stripe

from ..ports import GatewayEvent, SignatureError
from .stripe_const import EVENT_KINDS

#: Seconds that a signature may be old.
TOLERANCE = 300


def parse(raw, header, secrets):
    """Return the event in a webhook body.

    :param bytes raw: the body as it came.
    :param tuple secrets: one of them must have signed it.
    :raise SignatureError: when it is not proven to be Stripe's, or is not a Stripe event.
    """
    try:
        _verify(raw, header, secrets)
        body = json.loads(raw)
        if body["object"] != "event":
            raise SignatureError("not a Stripe event")
        return _event(body)
    except stripe.SignatureVerificationError as error:
        # Only the sentence: the error also carries the body and the header.
        raise SignatureError(error.user_message or "bad signature") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SignatureError(f"unreadable body ({type(error).__name__})") from None


def _verify(raw, header, secrets):
    """Accept any of the secrets; the error of the first one is the one to tell."""
    first = None
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(raw, header, secret, TOLERANCE)
            return
        except stripe.SignatureVerificationError as error:
            first = first or error
    raise first or SignatureError("no secret is known")


def _event(body):
    thing = body["data"]["object"]
    metadata = thing.get("metadata") or {}
    provider = str(metadata.get("odoo_provider_id") or "")
    created = body.get("created")
    return GatewayEvent(
        event_id=str(body["id"]),
        type=str(body["type"]),
        kind=_kind(str(body["type"])),
        created=datetime.fromtimestamp(created, UTC).replace(tzinfo=None) if created else None,
        reference=metadata.get("odoo_ref") or thing.get("client_reference_id") or "",
        database=metadata.get("odoo_db") or "",
        provider_id=int(provider) if provider.isdigit() else None,
        **_ids(body["type"], thing),
    )


def _kind(event_type):
    return next((kind for start, kind in EVENT_KINDS if event_type.startswith(start)), "other")


def _ids(event_type, thing):
    """Return the ids of the objects that an event is about."""
    if event_type.startswith("checkout.session."):
        return {"checkout_id": thing["id"], "payment_id": _id(thing.get("payment_intent"))}
    if event_type.startswith("payment_intent."):
        return {"payment_id": thing["id"]}
    ids = {"payment_id": _id(thing.get("payment_intent"))}
    if event_type == "charge.dispute.closed":
        ids["outcome"] = thing.get("status") or "closed"
    if event_type.startswith("refund."):
        ids["refund_id"] = thing["id"]
    return ids


def _id(value):
    """Return the id of a reference, expanded or not."""
    return value["id"] if isinstance(value, dict) else value or ""
