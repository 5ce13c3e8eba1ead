"""Calls that are neither sessions nor refunds, and what all answers share: lists, expansion."""

from sandbox.merchant import public
from sandbox.stripe import params as form
from sandbox.stripe.account import API_VERSION, new_id, now
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.wire import is_loopback_url

# fields that hold the id of another object: (field, shelf)
LINKS = {
    "payment_intent": "intent",
    "latest_charge": "charge",
    "charge": "charge",
    "balance_transaction": "transaction",
    "failure_balance_transaction": "transaction",
    "customer": "customer",
}
CUSTOMER_FIELDS = ("email", "name", "phone", "description")
CUSTOMER_KNOWN = {*CUSTOMER_FIELDS, "metadata", "address", "preferred_locales", "expand"}
ENDPOINT_KNOWN = {"url", "enabled_events", "description", "metadata", "api_version", "expand"}


def expanded(account, document, paths):
    """Return the public form of an object with the links in ``paths`` replaced by objects.

    :raise StripeError: when a path leads nowhere
    """
    document = public(document)
    for path in paths or ():
        field, _, rest = path.partition(".")
        if field not in LINKS:
            raise StripeError(
                f"This property cannot be expanded ({path}).", param="expand", status=400
            )
        reference = document.get(field)
        if isinstance(reference, dict):
            linked = reference
        elif reference:
            linked = account.get(LINKS[field], reference)
        else:
            continue
        document[field] = expanded(account, linked, [rest] if rest else [])
    return document


def page(account, kind, url, params, filters=()):
    """Return a list answer: newest first, ``limit`` and ``starting_after``.

    :param filters: names of parameters that must equal the field of the same name
    """
    wanted = {name: params[name] for name in filters if params.get(name)}
    found = account.newest(kind, **wanted)
    if params.get("starting_after"):
        ids = [d["id"] for d in found]
        if params["starting_after"] not in ids:
            account.get(kind, params["starting_after"])
            found = []
        else:
            found = found[ids.index(params["starting_after"]) + 1 :]
    limit = form.integer(params, "limit", 10, least=1)
    if limit > 100:
        raise invalid("limit", "This value must be less than or equal to 100.")
    paths = [p.removeprefix("data.") for p in params.get("expand", [])]
    return {
        "object": "list",
        "data": [_listed(account, d, paths) for d in found[:limit]],
        "has_more": len(found) > limit,
        "url": url,
    }


def _listed(account, document, paths):
    return expanded(account, document, paths)


def create_customer(account, params):
    """Create a customer."""
    form.refuse_unknown(params, CUSTOMER_KNOWN)
    customer = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": params.get("address"),
        "balance": 0,
        "created": now(),
        "currency": None,
        "delinquent": False,
        **{name: params.get(name) for name in CUSTOMER_FIELDS},
        "invoice_prefix": new_id("x", 8)[2:].upper(),
        "livemode": False,
        "metadata": form.metadata(params),
        "preferred_locales": params.get("preferred_locales") or [],
    }
    return account.put("customer", customer)


def update_customer(account, params, reference):
    """Change a customer."""
    form.refuse_unknown(params, CUSTOMER_KNOWN)
    customer = account.get("customer", reference)
    customer.update({k: v for k, v in params.items() if k in CUSTOMER_FIELDS})
    customer["metadata"] = form.metadata(params, customer["metadata"])
    return account.put("customer", customer)


def create_endpoint(account, params):
    """Register a webhook endpoint; the secret is in this answer and in no later one."""
    form.refuse_unknown(params, ENDPOINT_KNOWN)
    events, url = params.get("enabled_events"), params.get("url", "")
    if not url:
        raise required("url")
    if not is_loopback_url(url):
        raise StripeError(
            "Invalid URL: the sandbox delivers to this machine only (127.0.0.1, localhost).",
            code="url_invalid",
            param="url",
        )
    if not isinstance(events, list) or not events:
        raise required("enabled_events")
    endpoint = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version") or API_VERSION,
        "application": None,
        "created": now(),
        "description": params.get("description"),
        "enabled_events": events,
        "livemode": False,
        "metadata": form.metadata(params),
        "status": "enabled",
        "url": url,
        "_secret": new_id("whsec", 32),
    }
    account.put("endpoint", endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


def delete_endpoint(account, params, reference):
    """Remove a webhook endpoint."""
    account.get("endpoint", reference)
    account.discard("endpoint", reference)
    return {"id": reference, "object": "webhook_endpoint", "deleted": True}


def balance(account):
    """Return the balance: the sum of all balance transactions, by currency."""
    sums = {}
    for transaction in account.shelves["transaction"].values():
        sums[transaction["currency"]] = sums.get(transaction["currency"], 0) + transaction["net"]
    sums = sums or {account.currency.lower() or "usd": 0}
    rows = [{"amount": v, "currency": k, "source_types": {"card": v}} for k, v in sums.items()]
    empty = [{"amount": 0, "currency": k, "source_types": {"card": 0}} for k in sums]
    return {"object": "balance", "available": empty, "livemode": False, "pending": rows}
