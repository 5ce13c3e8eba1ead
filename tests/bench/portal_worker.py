"""What `make bench-portal` prepares inside Odoo, in a process of its own.

Reads a JSON object {"part", …}; its last line is a JSON object.
"""

import json
import os
import sys

from odoo.addons.pg_base.tools.steps import step

from tests.inside import open_registry

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_notrack": True}
BATCH = 500


def part_offers(values):
    """Read the supplier's catalogue and sell all of it; return the counts."""
    registry = open_registry(values["database"])
    with step(registry) as env:
        supplier = env["pg.supplier"].search([("code", "=", "dingconnect")], limit=1)
        supplier._sync_catalogue()
    with step(registry) as env:
        company = env["res.company"].search([("pg_slug", "=", values["slug"])])
        Offer = env["product.template"].with_company(company).with_context(**QUIET)
        sold = Offer.search([("company_id", "=", company.id)]).pg_sku_id
        supplier = env["pg.supplier"].search([("code", "=", "dingconnect")], limit=1)
        domain = [("supplier_id", "=", supplier.id), ("id", "not in", sold.ids)]
        ids = env["pg.sku"].search(domain, limit=values["offers"]).ids
    for start in range(0, len(ids), BATCH):
        with step(registry) as env:
            _sell(env, values["slug"], ids[start : start + BATCH])
    with step(registry) as env:
        return {
            "skus": env["pg.sku"].search_count([]),
            "offers": env["product.template"].search_count([("pg_sku_id", "!=", False)]),
        }


def _sell(env, slug, ids):
    company = env["res.company"].search([("pg_slug", "=", slug)])
    Offer = env["product.template"].with_company(company).with_context(**QUIET)
    Offer.create(
        [
            {
                "name": sku.name,
                "type": "service",
                "company_id": company.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 10,
            }
            for sku in env["pg.sku"].browse(ids)
        ]
    )


def part_shop(values):
    """Publish a product in Odoo's own shop; return its address."""
    registry = open_registry(values["database"])
    with step(registry) as env:
        product = env["product.template"].create(
            {"name": "Minutes", "type": "service", "list_price": 10, "is_published": True}
        )
        return {"path": product.website_url}


if __name__ == "__main__":
    task = json.loads(sys.stdin.read())
    print(json.dumps(globals()[f"part_{sys.argv[1]}"](task)), flush=True)
    os._exit(0)
