"""The storefront for everybody: no barriers on a desktop, no JavaScript, Back, both amounts."""

import re

import pytest
from playwright.sync_api import expect

from scripts.axe import find_barriers, install_axe
from scripts.browser import DESKTOP, PHONE, chromium
from scripts.common import Problem

START = "/topup/island-mobile"


@pytest.fixture(scope="module")
def browser():
    try:
        install_axe()
    except Problem as problem:
        pytest.skip(str(problem))
    with chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser):
    contexts = []

    def make(device, **options):
        context = browser.new_context(**device, locale="en-US", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield make
    for context in contexts:
        context.close()


def walk(page, platform):
    """Yield the name of each page up to the payment page, as a customer meets them."""
    page.goto(platform.base_url + START)
    yield "start"
    page.fill("input[name=number]", "12")
    page.click("main form button[type=submit]")
    page.wait_for_selector("[role=alert]")
    yield "wrong number"
    page.fill("input[name=number]", platform.number())
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"/offers"))
    yield "offers"
    page.locator("li.offer > a").first.click()
    page.wait_for_url(re.compile(r"/review"))
    yield "review"
    page.click("form[action$='/pay'] button[type=submit]")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))


def watch(page):
    """Pay and yield the pages of the order."""
    page.click("button[value=pay]")
    page.wait_for_url(re.compile(r"/order/"))
    expect(page.locator("h1")).to_have_text("Delivered", timeout=30_000)
    yield "delivered"
    page.goto(page.url.split("?")[0] + "/receipt")
    yield "receipt"


def test_no_serious_barrier_on_a_desktop(platform, new_page):
    """On a phone test_customer_rooms.py looks at these pages and all others."""
    page = new_page(DESKTOP)
    found = {}
    for name in walk(page, platform):
        found[name] = find_barriers(page)
    for name in watch(page):
        found[name] = find_barriers(page)
    assert list(found) == ["start", "wrong number", "offers", "review", "delivered", "receipt"]
    assert not any(found.values()), found


def test_up_to_the_payment_page_without_javascript(platform, new_page):
    page = new_page(PHONE, java_script_enabled=False)
    page.goto(platform.base_url + START)
    page.fill("input[name=number]", platform.number())
    page.click("main form button[type=submit]")
    page.locator("form[data-quote] input[name=pay]").first.fill("20")
    page.locator("form[data-quote] button[type=submit]").first.click()
    page.click("form[action$='/pay'] button[type=submit]")
    page.click("button[form=gateway-form]")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))


def test_both_sides_of_an_amount_follow_each_other(platform, new_page):
    page = new_page(PHONE)
    page.goto(platform.base_url + START)
    page.fill("input[name=number]", platform.number())
    page.click("main form button[type=submit]")
    form = page.locator("form[data-quote]").first
    form.locator("input[id^=receive]").type("20")
    expect(form.locator("input[id^=pay]")).to_have_value(re.compile(r"^\d+\.\d\d$"))
    form.locator("input[id^=pay]").fill("50")
    expect(form.locator(".estimate")).to_contain_text("they receive")
    form.locator("button[type=submit]").click()
    page.wait_for_url(re.compile(r"/review\?.*pay=50"))
    assert "receive=" not in page.url


def test_back_from_the_payment_page_pays_the_same_order(platform, new_page):
    page = new_page(PHONE)
    for _name in walk(page, platform):
        pass
    session = re.search(r"cs_\w+", page.url).group()
    page.go_back()
    if not re.search(r"/review", page.url):
        page.go_back()
    page.click("form[action$='/pay'] button[type=submit]")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
    assert re.search(r"cs_\w+", page.url).group() == session
