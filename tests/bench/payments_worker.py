"""One part of the webhooks' measurement, inside Odoo: makes the payments that news will be about.

    python -m tests.inside tests.bench.payments_worker ours|theirs

Reads a JSON object from standard input; the last line is one, too.
"""

import json
import os
import sys

from odoo.addons.pg_base.tools.steps import step

from tests.inside import open_registry

SECRET = "whsec_" + "b" * 32
AMOUNT = 25.0


def part_ours(values):
    """Open payment pages at the sandbox; return the pages."""
    registry = open_registry(values["database"])
    with step(registry) as env:
        provider = _connect(env, values)
    pages = []
    for index in range(values["count"]):
        with step(registry) as env:
            tx = _create(env, provider, f"OURS-{values['key']}-{index}")
            tx._get_processing_values()
            pages.append(tx.pg_checkout_ref)
    return {"pages": pages, "provider": provider}


def _connect(env, values):
    company = env.ref("base.main_company")
    domain = [("code", "=", "stripe_checkout"), ("company_id", "=", company.id)]
    provider = env["payment.provider"].search(domain, limit=1)
    provider.write(
        {
            "state": "test",
            "is_published": True,
            "pg_secret_key": values["secret_key"],
            "pg_webhook_secret": SECRET,
            "pg_api_base": values["api_base"],
        }
    )
    return provider.id


def part_theirs(values):
    """Make payments of Odoo's own `payment_stripe` as they stand when the payer pays."""
    registry = open_registry(values["database"])
    with step(registry) as env:
        provider = env.ref("payment.payment_provider_stripe")
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "stripe_publishable_key": "pk_test_bench",
                "stripe_secret_key": "sk_test_bench",
                "stripe_webhook_secret": SECRET,
            }
        )
        provider_id = provider.id
    references = []
    for index in range(values["count"]):
        with step(registry) as env:
            name = f"THEIRS-{values['key']}-{index}"
            references.append(_create(env, provider_id, name).reference)
    return {"references": references}


def _create(env, provider_id, reference):
    return env["payment.transaction"].create(
        {
            "provider_id": provider_id,
            "payment_method_id": env.ref("payment.payment_method_card").id,
            "reference": reference,
            "amount": AMOUNT,
            "currency_id": env.ref("base.USD").id,
            "partner_id": env.ref("base.partner_admin").id,
            "operation": "online_redirect",
        }
    )


if __name__ == "__main__":
    values = json.load(sys.stdin)
    values.setdefault("database", os.environ["PG_DATABASE"])
    print(json.dumps(globals()[f"part_{sys.argv[1]}"](values)))
