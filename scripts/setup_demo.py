"""Fills a database for showing, training and tests; runs inside `odoo-bin shell`.

Two sellers with users of every role, a shared DingConnect account and three gateways each (Stripe,
PayPal, PGPay) at the local sandbox, offers, exchange rates. May run again: what is there is kept or
brought up to date.

Reads the environment: PG_BASE_URL, PG_SANDBOX_URL, PG_ROOT (access.json is written there).
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, os.environ.get("PG_PROJECT") or os.getcwd())

from sandbox.client import SandboxClient  # noqa: E402
from scripts.setup_gateways import set_up_gateways  # noqa: E402

BASE_URL = os.environ["PG_BASE_URL"].rstrip("/")
SANDBOX_URL = os.environ["PG_SANDBOX_URL"].rstrip("/")
PASSWORD = "minutes-demo"
WIDGET_KEY = "Corner store"

# Currency units for one US dollar; made up, but near the truth of 2026.
RATES = {
    "USD": 1.0,
    "PGK": 4.1,
    "FJD": 2.27,
    "VUV": 119.0,
    "PHP": 57.5,
    "AUD": 1.53,
    "EUR": 0.92,
    "NZD": 1.68,
    "SBD": 8.3,
    "WST": 2.75,
    "TOP": 2.38,
    "INR": 86.0,
    "NGN": 1530.0,
    "MXN": 18.9,
}

SELLERS = [
    {
        "name": "Island Mobile",
        "slug": "island-mobile",
        "country": "base.pg",
        "currency": "PGK",
        "tz": "Pacific/Port_Moresby",
        "color": "#0b6e4f",
        "tagline": "Top up any phone in Papua New Guinea in a minute",
        "street": "12 Ela Beach Road",
        "city": "Port Moresby",
        "phone": "+675 7000 1000",
        "email": "hello@island-mobile.example",
        "margin": 12,
        "countries": ("PG", "FJ", "VU", "PH"),
    },
    {
        "name": "Suva Reload",
        "slug": "suva-reload",
        "country": "base.fj",
        "currency": "FJD",
        "tz": "Pacific/Fiji",
        "color": "#1b4fa0",
        "tagline": "Minutes for home, from wherever you are",
        "street": "4 Victoria Parade",
        "city": "Suva",
        "phone": "+679 990 1000",
        "email": "hello@suva-reload.example",
        "margin": 9,
        "countries": ("FJ", "PH"),
    },
]
ROLES = [
    ("admin", "Admin", "Ana"),
    ("manager", "Manager", "Moses"),
    ("operator", "Operator", "Olive"),
    ("viewer", "Viewer", "Vere"),
]


def main(env):
    """Set everything up and write the list of addresses and logins."""
    sandbox = SandboxClient(SANDBOX_URL)
    env["ir.config_parameter"].set_param("web.base.url", BASE_URL)
    env["ir.config_parameter"].set_param("web.base.url.freeze", "True")
    # Messages of the demo reach nobody: they stay in Odoo's queue for whoever wants to read them.
    env["ir.config_parameter"].set_param("sms.endpoint", SANDBOX_URL)
    set_up_rates(env)
    companies = [set_up_seller(env, values) for values in SELLERS]
    supplier = set_up_supplier(env, sandbox)
    for company, values in zip(companies, SELLERS, strict=True):
        set_up_offers(env, supplier, company, values)
        set_up_gateways(env, sandbox, company)
    shop_url = set_up_widget(env, companies[0])
    set_up_platform_admin(env, companies)
    env.cr.commit()
    write_access(shop_url)


def set_up_rates(env):
    """Activate the currencies of the region and give each a rate, once."""
    for code, rate in RATES.items():
        currency = env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
        currency.active = True
        known = env["res.currency.rate"].search(
            [("currency_id", "=", currency.id), ("company_id", "=", False)], limit=1
        )
        if not known:
            env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "company_id": False,
                    "rate": rate,
                    "name": "2026-01-01",
                }
            )


def set_up_seller(env, values):
    """Return the seller's company, with a user of each role."""
    company = env["res.company"].search([("pg_slug", "=", values["slug"])])
    fields = {
        "name": values["name"],
        "pg_is_seller": True,
        "pg_slug": values["slug"],
        "pg_tz": values["tz"],
        "pg_brand_color": values["color"],
        "pg_tagline": values["tagline"],
        "country_id": env.ref(values["country"]).id,
        "currency_id": env.ref(f"base.{values['currency']}").id,
        "street": values["street"],
        "city": values["city"],
        "phone": values["phone"],
        "email": values["email"],
    }
    if not company:
        company = env["res.company"].create(fields)
    for role, label, first_name in ROLES:
        set_up_user(
            env,
            f"{role}@{values['slug']}",
            f"{first_name} ({label})",
            env.ref(f"pg_base.group_{role}"),
            company,
            values["tz"],
        )
    set_up_user(
        env,
        f"customer@{values['slug']}",
        "Kila (Customer)",
        env.ref("base.group_portal"),
        company,
        values["tz"],
    )
    return company


def set_up_user(env, login, name, group, company, tz):
    """Create a user once."""
    if env["res.users"].search([("login", "=", login)]):
        return
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": name,
                "login": login,
                "email": f"{login}.example",
                "password": PASSWORD,
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, group.ids)],
                "tz": tz,
            }
        )
    )
    if group == env.ref("base.group_portal"):
        user.partner_id.company_id = company


def set_up_supplier(env, sandbox):
    """Return the shared DingConnect account, its catalogue read."""
    supplier = env["pg.supplier"].search([("code", "=", "dingconnect"), ("company_id", "=", False)])
    if not supplier:
        account = sandbox.create_account(
            "dingconnect", name="Prepaid platform", currency="USD", balance="25000"
        )
        supplier = env["pg.supplier"].create(
            {
                "name": "DingConnect",
                "code": "dingconnect",
                "company_id": False,
                "environment": "test",
                "base_url": f"{SANDBOX_URL}/dingconnect",
                "ding_api_key": account["api_key"],
            }
        )
    supplier.base_url = f"{SANDBOX_URL}/dingconnect"
    supplier._sync_catalogue()
    return supplier


def set_up_offers(env, supplier, company, values):
    """Sell every SKU of the seller's countries, at the seller's margin."""
    Offer = env["product.template"].with_company(company)
    sold = (
        Offer.with_context(active_test=False)
        .search([("company_id", "=", company.id), ("pg_sku_id", "!=", False)])
        .pg_sku_id
    )
    skus = (
        env["pg.sku"]
        .search([("supplier_id", "=", supplier.id)])
        .filtered(
            lambda sku: sku.operator_id.country_id.code in values["countries"] and sku not in sold
        )
    )
    Offer.create(
        [
            {
                "name": sku.name,
                "type": "service",
                "company_id": company.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": values["margin"],
            }
            for sku in skus
        ]
    )


def set_up_widget(env, company):
    """Return the address of a site on another origin, the sandbox's, with the seller's widget."""
    Key = env["pg.publishable.key"]
    domain = [("company_id", "=", company.id), ("revoked_at", "=", False)]
    key = Key.search(domain + [("name", "=", WIDGET_KEY)], limit=1)
    values = {"name": WIDGET_KEY, "company_id": company.id, "origins": SANDBOX_URL}
    key = key or Key.create(values)
    key.origins = SANDBOX_URL
    query = {"server": BASE_URL, "key": key.key, "slug": company.pg_slug}
    return f"{SANDBOX_URL}/shop?{urlencode(query)}"


def set_up_platform_admin(env, companies):
    """Let the administrator see every seller."""
    admin = env.ref("base.user_admin")
    admin.password = "admin"
    admin.company_ids = [(4, company.id) for company in companies]


def write_access(shop_url):
    """Write addresses and logins for `make run` to print."""
    first = SELLERS[0]
    store = f"{BASE_URL}/topup/{first['slug']}"
    rows = [
        {"label": "Storefront", "url": store, "login": "no login", "password": ""},
        {"label": "Storefront 2", "url": f"{BASE_URL}/topup/{SELLERS[1]['slug']}"},
        {
            "label": "Portal, customer",
            "url": f"{BASE_URL}/my",
            "login": f"customer@{first['slug']}",
            "password": PASSWORD,
        },
    ]
    rows += [
        {
            "label": f"Back office, {label.lower()}",
            "url": f"{BASE_URL}/odoo",
            "login": f"{role}@{first['slug']}",
            "password": PASSWORD,
        }
        for role, label, _name in ROLES
    ]
    rows += [
        {
            "label": "Back office, platform",
            "url": f"{BASE_URL}/odoo",
            "login": "admin",
            "password": "admin",
        },
        {"label": "Widget on another site", "url": shop_url},
        {"label": "Sandbox", "url": f"{SANDBOX_URL}/", "login": "no login", "password": ""},
    ]
    target = Path(os.environ.get("PG_ROOT", "var/run")) / "access.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, indent=1))


main(env)  # noqa: F821 - given by Odoo's shell
