"""`make screenshots`: photographs the running platform for the README, into docs/screens/."""

import json
import os
import re
import subprocess
from pathlib import Path

from scripts.browser import DESKTOP, PHONE, chromium, log_in
from scripts.common import PROJECT, main, say
from scripts.screens_catalogue import shoot_catalogue_rooms
from scripts.screens_customer import shoot_customer_rooms

TARGET = PROJECT / "docs" / "screens"
SLUG, NUMBER, PASSWORD = "island-mobile", "7012 3456", "minutes-demo"


class Photographer:
    """Walks through the platform and takes a picture at each stop."""

    def __init__(self, browser, base_url):
        self.browser = browser
        self.base_url = base_url

    def page(self, device):
        page = self.browser.new_context(**device, accept_downloads=True).new_page()
        page.set_default_timeout(20_000)
        return page

    def shoot(self, page, name):
        page.wait_for_timeout(400)
        page.screenshot(path=TARGET / f"{name}.png")
        say(f"docs/screens/{name}.png")

    def buy(self, device, suffix):
        """Buy once as a customer; return the receipt's path."""
        page = self.page(device)
        page.goto(f"{self.base_url}/topup/{SLUG}")
        page.fill("input[name=number]", NUMBER)
        self.shoot(page, f"storefront-{suffix}")
        page.click("main button[type=submit]")
        self.shoot(page, f"offers-{suffix}")
        page.locator("li.offer a").nth(1).click()
        page.fill("input[name=email]", "kila@customer.example")
        self.shoot(page, f"review-{suffix}")
        page.click("form[action$='/pay'] button[type=submit]")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
        self.shoot(page, f"payment-{suffix}")
        page.click("button[value=pay]")
        page.wait_for_url(re.compile(r"/order/"))
        page.wait_for_selector("h1:has-text('Delivered')")
        self.shoot(page, f"delivered-{suffix}")
        with page.expect_download() as download:
            page.click("a[href$='receipt.pdf']")
        return Path(download.value.path())

    def back_office(self):
        """The seller's own screens."""
        page = self.page(DESKTOP)
        log_in(page, self.base_url, f"admin@{SLUG}", PASSWORD)
        for name, path, selector in (
            ("topups-list", "/odoo/top-ups", ".o_data_row"),
            ("topups-kanban", "/odoo/top-ups?view_type=kanban", ".o_kanban_record"),
        ):
            page.goto(f"{self.base_url}{path}")
            page.wait_for_selector(selector)
            self.shoot(page, name)
        page.goto(f"{self.base_url}/odoo/top-ups")
        page.locator(".o_data_row td.o_data_cell").first.click()
        page.wait_for_selector("div[name=event_ids] .o_data_row")
        self.shoot(page, "topup-form")
        page.click("button[name=action_open_entries]")
        page.wait_for_selector(".o_data_row")
        self.shoot(page, "ledger-entries")


def draw_receipt(pdf):
    """Turn the receipt into a picture."""
    subprocess.run(
        ["pdftoppm", "-r", "90", "-png", "-singlefile", pdf, TARGET / "receipt"], check=True
    )
    say("docs/screens/receipt.png")


def find_shop():
    """Return the address of the site with the widget, as scripts/setup_demo.py left it."""
    rows = json.loads((Path(os.environ["PG_ROOT"]) / "access.json").read_text())
    return next(row["url"] for row in rows if "/shop?" in row["url"])


def entry():
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        photographer = Photographer(browser, os.environ["PG_BASE_URL"])
        photographer.buy(PHONE, "phone")
        draw_receipt(photographer.buy(DESKTOP, "desktop"))
        photographer.back_office()
        shoot_catalogue_rooms(browser, photographer.base_url)
        shoot_customer_rooms(browser, photographer.base_url, find_shop())


if __name__ == "__main__":
    main(entry)
