"""Photographs the catalogue's screens, as a manager, the platform's administrator and a new seller.

Part of `make screenshots`. Takes what the running platform has: rules, offers that need attention
and a price list are made when there are none. With the sandbox's account at full size
(`full_catalogue`) and a sync before, the pictures show the whole catalogue.
"""

import contextlib
import os
import re
from datetime import date

from playwright.sync_api import TimeoutError

from scripts.backoffice import BackOffice
from scripts.browser import DESKTOP, log_in
from scripts.common import PROJECT, say

TARGET = PROJECT / "docs" / "screens" / "catalogue"
PASSWORD = "minutes-demo"
ROWS, CARDS, FORM = ".o_data_row", ".o_kanban_record:not(.o_kanban_ghost)", ".o_form_view"
EMPTY = ".o_view_nocontent"
NEW_SELLER, NEW_LOGIN = "Coral Coast Reload", "manager@coral-coast"
RULES = [
    {"name": "Small amounts", "percent": 8, "fixed": 0.8, "rounding": "0.10", "amount_to": 10},
    {"name": "Vouchers end in .99", "percent": 12, "rounding": "x.99", "kind": "voucher"},
    {
        "name": "December",
        "percent": 7.5,
        "kind": "bundle",
        "date_from": f"{date.today().year}-12-01",
        "date_to": f"{date.today().year}-12-31",
    },
    {"name": "Everything else", "percent": 11, "rounding": "0.05", "sequence": 50},
]


class CatalogueRooms:
    """One walk through the screens of the catalogue."""

    def __init__(self, browser, base_url):
        self.browser = browser
        self.base_url = base_url
        self.manager = self.office("manager@island-mobile", PASSWORD)

    def office(self, login, password):
        return BackOffice(self.base_url, os.environ["PG_DATABASE"], login, password, timeout=120)

    def page(self, login, password=PASSWORD):
        page = self.browser.new_context(**DESKTOP, locale="en-US").new_page()
        page.set_default_timeout(30_000)
        log_in(page, self.base_url, login, password)
        return page

    def open(self, page, path, wait, name=None):
        page.goto(f"{self.base_url}/odoo/{path}")
        page.locator(wait).first.wait_for()
        if name:
            self.shoot(page, name)

    def shoot(self, page, name):
        page.mouse.move(0, 0)
        page.wait_for_timeout(900)
        page.screenshot(path=TARGET / f"{name}.png")
        say(f"docs/screens/catalogue/{name}.png")

    # === DATA === #

    def prepare(self):
        """Make what a seller would have after some weeks, unless it is there."""
        office = self.manager
        if not office.read("pg.price.rule", [], ["id"]):
            office.call("pg.price.rule", "create", RULES)
        if not office.read("product.pricelist", [("name", "=", "Resellers")], ["id"]):
            item = {"compute_price": "percentage", "percent_price": 3}
            values = {"name": "Resellers", "item_ids": [[0, 0, item]]}
            office.call("product.pricelist", "create", values)

    # === MANAGER === #

    def walk_manager(self):
        """From the first steps to offers, operators, SKUs, rules and price lists."""
        page = self.page("manager@island-mobile")
        self.open(page, "prepaid-start", FORM, "start")
        self.open(page, "prepaid-offers", ROWS, "offers")
        self.walk_offers(page)
        self.open(page, "prepaid-offers?view_type=kanban", CARDS, "offers-kanban")
        self.open(page, "prepaid-offers-attention", f"{ROWS}, {EMPTY}", "offers-attention")
        self.open(page, "prepaid-operators", CARDS, "operators")
        page.click(".o_search_panel_category_value header:has-text('Papua New Guinea')")
        page.locator(".o_search_panel section:has-text('Region')").first.wait_for()
        page.evaluate("document.querySelector('.o_search_panel').scrollTop = 0")
        self.shoot(page, "operators-country")
        page.click(f"{CARDS}:has-text('Digicel Papua New Guinea')")
        page.locator(FORM).wait_for()
        self.shoot(page, "operator-form")
        self.open(page, "prepaid-skus", ROWS, "skus")
        (price,) = self.manager.read(
            "pg.sku.price", [], ["sku_id"], order="effective_at desc, id", limit=1
        )
        self.open(page, f"prepaid-skus/{price['sku_id'][0]}", FORM, "sku-form")
        self.open(page, "prepaid-price-rules", ROWS, "rules")
        page.locator(f"{ROWS} td[name=name]").first.click()
        page.locator(FORM).wait_for()
        self.shoot(page, "rule-form")
        self.open(page, "prepaid-promotions", ROWS, "promotions")
        self.open(page, "prepaid-price-lists", ROWS)
        page.locator(f"{ROWS} td:has-text('Resellers')").first.click()
        page.locator(FORM).wait_for()
        self.shoot(page, "price-list")

    def walk_offers(self, page):
        """What is done with the list of offers: explain, change many, add, import."""
        page.locator("button[name=action_pg_explain]").first.click()
        page.locator(".modal .o_data_row").first.wait_for()
        self.shoot(page, "explain-price")
        page.click(".modal .btn-close")
        page.locator("thead .o_list_record_selector input").check()
        page.click("button[name=action_pg_bulk]")
        page.locator(".modal .o_data_row").first.wait_for()
        self.shoot(page, "bulk-change")
        self.open(page, "prepaid-offers", ROWS)
        page.locator(f"{ROWS} button[name=action_pg_open]").first.click()
        page.locator(FORM).wait_for()
        self.shoot(page, "offer-form")
        self.open(page, "prepaid-offers", ROWS)
        page.click(".o_list_button_add")
        page.fill(".modal [name=country_id] input", "Samoa")
        page.get_by_role("option", name="Samoa", exact=True).click()
        page.locator(".modal .o_data_row").first.wait_for()
        self.shoot(page, "add-from-catalogue")
        self.open(page, "prepaid-offers", ROWS)
        page.locator(".o_cp_action_menus .dropdown-toggle").click()
        page.click(".o-dropdown-item:has-text('Import records')")
        page.locator("a[href$='/offers_import.csv']").wait_for()
        self.shoot(page, "offers-import")

    # === PLATFORM === #

    def walk_platform(self):
        """The shared supplier, at rest and while it is synced."""
        page = self.page("admin", "admin")
        self.open(page, "prepaid-suppliers", ROWS, "suppliers")
        page.locator(f"{ROWS} td[name=name]").first.click()
        page.locator(FORM).wait_for()
        self.shoot(page, "supplier-form")
        page.click("button[name=action_sync]")
        with contextlib.suppress(TimeoutError):  # The small catalogue is read too fast to be seen.
            page.get_by_text(re.compile("^(Reading|Writing)")).wait_for(timeout=15_000)
        self.shoot(page, "sync-now")
        self.open(page, "prepaid-supplier-calls", ROWS, "calls")

    # === NEW SELLER === #

    def walk_new_seller(self):
        """What somebody sees who has nothing yet."""
        self.make_new_seller()
        page = self.page(NEW_LOGIN)
        self.open(page, "prepaid-start", FORM, "start-todo")
        self.open(page, "prepaid-offers", EMPTY, "offers-empty")
        self.open(page, "prepaid-price-rules", EMPTY, "rules-empty")

    def make_new_seller(self):
        admin = self.office("admin", "admin")
        if admin.read("res.users", [("login", "=", NEW_LOGIN)], ["id"]):
            return
        names = [("module", "=", "pg_base"), ("name", "=", "group_manager")]
        (group,) = admin.read("ir.model.data", names, ["res_id"])
        (fiji,) = admin.read("res.country", [("code", "=", "FJ")], ["currency_id"])
        company = admin.call(
            "res.company",
            "create",
            {"name": NEW_SELLER, "country_id": fiji["id"], "currency_id": fiji["currency_id"][0]},
        )
        admin.call(
            "res.users",
            "create",
            {
                "name": "Tevita (Manager)",
                "login": NEW_LOGIN,
                "password": PASSWORD,
                "company_id": company,
                "company_ids": [[6, 0, [company]]],
                "group_ids": [[6, 0, [group["res_id"]]]],
            },
        )


def shoot_catalogue_rooms(browser, base_url):
    """Photograph every screen of the catalogue."""
    TARGET.mkdir(parents=True, exist_ok=True)
    rooms = CatalogueRooms(browser, base_url)
    rooms.prepare()
    rooms.walk_manager()
    rooms.walk_platform()
    rooms.walk_new_seller()
