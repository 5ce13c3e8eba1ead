"""A customer with a phone pays by each gateway: at once, after a refusal, later, or not at all.

With PG_SCREENS set to a folder, pictures of the way are left there.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.browser import DESKTOP, PHONE, chromium
from tests.suite.gateways import GATEWAYS

#: What the payer presses at the sandbox's own page to fail.
DECLINE = {"stripe_checkout": "decline", "paypal_orders": "decline"}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def device():
    return PHONE


@pytest.fixture
def page(browser, device):
    """Return a page; a JavaScript error on it fails the test."""
    errors = []
    context = browser.new_context(**device, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(params=GATEWAYS)
def code(request):
    return request.param


class Payer:
    """One customer at one gateway."""

    BUTTONS = {("paypal_orders", "pay"): "approve"}

    def __init__(self, platform, page, code):
        self.platform, self.page, self.code = platform, page, code
        self.gateway = GATEWAYS[code](platform)

    def choose(self):
        """Go to the gateway's page by clicking; keep the order's address."""
        page, label = self.page, self.gateway.label
        page.goto(f"{self.platform.base_url}/topup/island-mobile")
        page.fill("input[name=number]", self.platform.number())
        page.click("main button[type=submit]")
        page.locator("li.offer a").first.click()
        page.fill("input[name=email]", "kila@customer.example")
        page.locator(f"label.provider:has(b:text-is('{label}'))").click()
        self.shoot("choose")
        page.click("form[action$='/pay'] button[type=submit]")
        self.at_gateway()
        self.fits()
        self.shoot("page")
        [row] = self.platform.sql(
            "SELECT t.access_token FROM pg_topup t JOIN payment_transaction x"
            " ON x.pg_topup_id = t.id JOIN payment_provider p ON p.id = x.provider_id"
            " WHERE p.code = %s ORDER BY x.id DESC LIMIT 1",
            self.code,
        )
        self.token = row["access_token"]

    def at_gateway(self):
        where = {"pgpay": "/payment/pgpay/approve/", "paypal_orders": "/paypal/checkoutnow"}
        self.page.wait_for_url(re.compile(where.get(self.code, "/stripe/pay/cs_")))

    def fits(self):
        """Nothing is wider than the phone."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def shoot(self, name):
        if folder := os.environ.get("PG_SCREENS"):
            self.page.screenshot(path=Path(folder) / f"{self.code}-{name}.png")

    def press(self, outcome):
        """Press a button of the sandbox, or approve on the wallet's phone."""
        if self.code != "pgpay":
            name = self.BUTTONS.get((self.code, outcome), outcome)
            self.page.click(f"button[value={name}]")
            return
        tx = self.gateway.transaction(self)
        self.platform.sandbox.pay(tx["pg_checkout_ref"], outcome)

    def ask_wallet(self):
        """At PGPay the payer first says how: the request goes to the wallet's phone."""
        if self.code == "pgpay":
            self.page.locator("label.channel", has_text="CellMoni").click()
            self.page.fill("input[name=number]", "7000 1234")
            self.page.click("button.main")
            expect(self.page.locator("h1")).to_have_text("Approve on your phone")
            self.shoot("wait")

    def open_order(self):
        self.page.goto(f"{self.platform.base_url}/topup/island-mobile/order/{self.token}")

    def title(self, text):
        expect(self.page.locator("h1")).to_have_text(text, timeout=90_000)

    def assert_nothing_paid(self):
        assert self.platform.transfers(self) == []
        assert self.platform.entries(self) == []
        states = self.platform.sql(
            "SELECT x.state FROM payment_transaction x JOIN pg_topup t ON t.id = x.pg_topup_id"
            " WHERE t.access_token = %s",
            self.token,
        )
        assert "done" not in {row["state"] for row in states}


@pytest.fixture
def payer(platform, page, code):
    payer = Payer(platform, page, code)
    payer.choose()
    return payer


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pay(platform, payer):
    payer.ask_wallet()
    payer.press("pay")
    payer.page.wait_for_url(re.compile(r"/order/"), timeout=40_000)
    payer.title("Delivered")
    payer.fits()
    payer.shoot("delivered")
    assert len(platform.transfers(payer)) == 1
    assert "paid" in platform.entries(payer)


def test_decline_then_cancel(platform, payer):
    """A refusal is told in words, nothing is charged, and the order can be paid another way."""
    payer.ask_wallet()
    payer.press(DECLINE.get(payer.code, "reject"))
    if payer.code == "pgpay":
        payer.title("The payment did not go through")
        payer.shoot("declined")
        payer.page.click("a.main")
    elif payer.code == "stripe_checkout":
        expect(payer.page.locator("[role=alert]")).to_contain_text("declined")
        payer.shoot("declined")
        payer.page.click("button[value=cancel]")
    payer.page.wait_for_url(re.compile(r"/order/"))
    if payer.code != "stripe_checkout":  # there the payer may try again before coming back
        # PayPal refuses once a worker asks for the money: the page that waits for it must tell.
        payer.title("The payment did not go through")
        expect(payer.page.locator("#payform")).to_be_visible()
        payer.shoot("refused")
    payer.fits()
    payer.assert_nothing_paid()


def test_cancel_and_come_back_later(platform, payer):
    """The payer goes back, closes the browser, and pays the same order from its address."""
    if payer.code == "pgpay":
        payer.ask_wallet()
        payer.page.click("form[action*='/withdraw/'] button")
        payer.title("The payment was stopped")
        payer.page.click("a.main")
    else:
        payer.page.click("button[value=cancel]")
    payer.page.wait_for_url(re.compile(r"/order/"))
    payer.title("Waiting for payment")
    payer.fits()
    payer.shoot("cancelled")
    payer.assert_nothing_paid()
    payer.page.goto("about:blank")
    payer.open_order()
    label = payer.gateway.label
    payer.page.locator(f"label.provider:has(b:text-is('{label}'))").click()
    payer.page.click("#payform button[type=submit]")
    payer.at_gateway()
    payer.ask_wallet()
    payer.press("close")
    payer.open_order()
    payer.title("Delivered")
    assert len(platform.transfers(payer)) == 1
    assert payer.gateway.count_money_taken(payer.gateway.transaction(payer)) == 1
