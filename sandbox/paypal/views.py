"""Objects as PayPal shows them."""

from sandbox.merchant import public

EVENT_VERSION, RESOURCE_VERSION = "1.0", "2.0"


def of(account, kind, document):
    """Return an object of any kind in PayPal's shape."""
    if kind == "order":
        return order(account, document)
    return {**public(document), "links": links(kind, document)} if "_base" in document else document


def minimal(account, document):
    """Return what a create or capture call answers without ``Prefer: return=representation``."""
    whole = order(account, document)
    kept = {k: whole[k] for k in ("id", "status", "links")}
    if document["status"] == "COMPLETED":
        kept.update({k: whole[k] for k in ("purchase_units", "payer", "payment_source")})
        for unit in kept["purchase_units"]:
            for name in set(unit) - {"reference_id", "payments"}:
                del unit[name]
    elif "payment_source" in whole:
        kept["payment_source"] = whole["payment_source"]
    return kept


def order(account, document):
    """Return an order with its captures and refunds."""
    shown = public(document)
    units = [dict(unit) for unit in document["purchase_units"]]
    captures = [
        of(account, "capture", c)
        for c in account.shelves["capture"].values()
        if c["_order"] == document["id"]
    ]
    if captures:
        ids = {c["id"] for c in captures}
        refunds = [
            of(account, "refund", r)
            for r in account.shelves["refund"].values()
            if r["_capture"] in ids
        ]
        for capture in captures:
            del capture["supplementary_data"]
        units[0]["payments"] = {"captures": captures}
        if refunds:
            units[0]["payments"]["refunds"] = refunds
    shown["purchase_units"] = units
    shown["links"] = links("order", document)
    return shown


def links(kind, document):
    """Return the links of an object."""
    base, key = document["_base"] + "/paypal", document["id"]
    if kind == "order":
        return _order_links(base, document)
    if kind == "capture":
        path = f"{base}/v2/payments/captures/{key}"
        rows = [("self", path, "GET"), ("refund", f"{path}/refund", "POST")]
        rows.append(("up", f"{base}/v2/checkout/orders/{document['_order']}", "GET"))
    elif kind == "refund":
        rows = [("self", f"{base}/v2/payments/refunds/{key}", "GET")]
        rows.append(("up", f"{base}/v2/payments/captures/{document['_capture']}", "GET"))
    elif kind == "dispute":
        rows = [("self", f"{base}/v1/customer/disputes/{key}", "GET")]
    elif kind == "endpoint":
        path = f"{base}/v1/notifications/webhooks/{key}"
        rows = [("self", path, "GET"), ("update", path, "PATCH"), ("delete", path, "DELETE")]
    else:
        path = f"{base}/v1/notifications/webhooks-events/{key}"
        rows = [("self", path, "GET"), ("resend", f"{path}/resend", "POST")]
    return [_link(*row) for row in rows]


def _link(rel, href, method):
    return {"href": href, "rel": rel, "method": method}


def payer_link(document):
    """Return where the payer is sent, as a link."""
    rel = "payer-action" if document["_wallet"] else "approve"
    return _link(rel, f"{document['_base']}/paypal/checkoutnow?token={document['id']}", "GET")


def _order_links(base, document):
    path = f"{base}/v2/checkout/orders/{document['id']}"
    rows = [_link("self", path, "GET")]
    if document["status"] in ("CREATED", "PAYER_ACTION_REQUIRED"):
        rows.append(payer_link(document))
    if document["status"] in ("CREATED", "APPROVED"):
        rows.append(_link("update", path, "PATCH"))
        rows.append(_link("capture", f"{path}/capture", "POST"))
    return rows
