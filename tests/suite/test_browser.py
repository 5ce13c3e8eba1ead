"""A customer and the seller's operator in a real browser."""

import io
import re

import pytest
from playwright.sync_api import expect
from PyPDF2 import PdfReader

from scripts.browser import DESKTOP, PHONE, chromium, log_in


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser):
    """Return a maker of pages; a JavaScript error on any of them fails the test."""
    contexts, errors = [], []

    def make(device):
        context = browser.new_context(**device, accept_downloads=True, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def choose(page, platform, number):
    """Go to the payment page by clicking, as a new customer does."""
    page.goto(f"{platform.base_url}/topup/island-mobile")
    page.fill("input[name=number]", number)
    page.click("main button[type=submit]")
    page.locator("li.offer a").first.click()
    page.fill("input[name=email]", "kila@customer.example")
    page.click("form[action$='/pay'] button[type=submit]")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))


def token_of(page):
    return re.search(r"/order/([^/?]+)", page.url).group(1)


both = pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])


class Found:
    """An order known by its address only."""

    def __init__(self, token):
        self.token = token


@both
def test_buy_watch_receipt_and_find_it_in_the_back_office(platform, new_page, device):
    page = new_page(device)
    choose(page, platform, platform.number())
    # Slow enough that the page is there before the delivery: it must change by itself.
    platform.sandbox.add_fault(platform.ding, on="SendTransfer", fault="delay", seconds=3)
    page.click("button[value=pay]")
    page.wait_for_url(re.compile(r"/order/"))
    page.evaluate("window.notReloaded = true")
    expect(page.locator("h1")).not_to_have_text("Delivered", timeout=100)
    expect(page.locator("h1")).to_have_text("Delivered", timeout=20_000)
    assert page.evaluate("window.notReloaded") is True
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    order = Found(token_of(page))
    name = platform.name_of(order)
    with page.expect_download() as download:
        page.click("a[href$='receipt.pdf']")
    with open(download.value.path(), "rb") as file:
        assert name in PdfReader(io.BytesIO(file.read())).pages[0].extract_text()

    assert len(platform.transfers(order)) == 1
    assert platform.entries(order) == ["delivered", "fee", "paid"]
    platform.wait_until(lambda: len(platform.documents(order)) == 3)
    find_in_back_office(new_page(DESKTOP), platform, name)


def find_in_back_office(page, platform, name):
    """The operator finds the top-up, its attempt and its entries."""
    log_in(page, platform.base_url, "operator@island-mobile", "minutes-demo")
    page.goto(f"{platform.base_url}/odoo/top-ups")
    page.fill(".o_searchview_input", name)
    page.wait_for_selector(".o_searchview_autocomplete .o-dropdown-item, .o_menu_item")
    page.keyboard.press("Enter")
    expect(page.locator(".o_searchview_facet")).to_have_count(1)
    expect(page.locator(".o_data_row")).to_have_count(1)
    page.click(f".o_data_row td:has-text('{name}')")
    expect(page.locator("div[name=event_ids] .o_data_row")).to_have_count(6)
    page.click("a[name=attempts]")
    rows = page.locator("div[name=attempt_ids] .o_data_row")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Delivered")
    page.click("button[name=action_open_entries]")
    expect(page.locator(".o_data_row")).to_have_count(3)


@both
def test_declined_card_in_the_browser(platform, new_page, device):
    page = new_page(device)
    choose(page, platform, platform.number())
    page.click("button[value=decline]")
    expect(page.locator("[role=alert]")).to_contain_text("declined")
    page.click("button[value=cancel]")
    page.wait_for_url(re.compile(r"/order/"))
    order = Found(token_of(page))
    expect(page.locator("h1")).to_have_text("Waiting for payment")
    platform.assert_nothing_happened(order)


@both
def test_tab_closed_after_paying(platform, new_page, device):
    """The customer never comes back; another device shows the truth."""
    page = new_page(device)
    choose(page, platform, platform.number())
    session = re.search(r"cs_\w+", page.url).group()
    page.click("button[value=close]")
    expect(page.locator("h1")).to_have_text("Payment complete")
    page.close()
    [row] = platform.sql(
        "SELECT t.access_token FROM pg_topup t JOIN payment_transaction p ON p.pg_topup_id = t.id"
        " WHERE p.pg_checkout_ref = %s",
        session,
    )
    order = Found(row["access_token"])
    other = new_page(DESKTOP)
    other.goto(f"{platform.base_url}/topup/island-mobile/order/{order.token}")
    expect(other.locator("h1")).to_have_text("Delivered")
    assert len(platform.transfers(order)) == 1


@both
def test_refused_is_refunded_before_the_customers_eyes(platform, new_page, device):
    page = new_page(device)
    choose(page, platform, platform.number(5))
    page.click("button[value=pay]")
    page.wait_for_url(re.compile(r"/order/"))
    page.evaluate("window.notReloaded = true")
    expect(page.locator("h1")).to_have_text("Refunded", timeout=30_000)
    assert page.evaluate("window.notReloaded") is True
    order = Found(token_of(page))
    assert platform.transfers(order) == []
    assert platform.entries(order) == ["fee", "paid", "refunded"]
