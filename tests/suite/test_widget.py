"""The widget in a real browser, on a site of another origin with a strict policy."""

import json
import re

import pytest
from playwright.sync_api import expect

from scripts.browser import DESKTOP, PHONE, chromium, log_in
from tests.suite.conftest import PASSWORD
from tests.suite.host_page import host_site

SMALL = {"viewport": {"width": 280, "height": 653}}
NASTY = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(platform):
    """Return a site whose origin a new key of the demo seller allows."""
    with host_site(platform.base_url) as site:
        [company] = platform.sql("SELECT id FROM res_company WHERE pg_slug = 'island-mobile'")
        site.key = f"pk_suite_{site.origin.rsplit(':', 1)[1]}"
        platform.sql(
            "INSERT INTO pg_publishable_key (name, key, company_id, origins)"
            " VALUES ('Suite', %s, %s, %s)",
            site.key,
            company["id"],
            site.origin,
        )
        yield site
        platform.sql("UPDATE pg_publishable_key SET revoked_at = now() WHERE key = %s", site.key)


@pytest.fixture
def new_page(browser):
    """Return a maker of pages; a JavaScript error on any of them fails the test."""
    contexts, errors = [], []

    def make(device):
        context = browser.new_context(**device, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def choose(page, site, platform, number=None):
    """Go to the review as a customer does."""
    page.goto(f"{site.origin}/top-up")
    page.fill("pg-topup #number", number or platform.number())
    page.click("pg-topup button.main")
    page.locator("pg-topup button.offer").first.click()
    expect(page.locator("pg-topup h2")).to_have_text("Check and pay")


def pay(page, outcome):
    page.click("pg-topup button.main")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
    page.click(f"button[value={outcome}]")


def events(page):
    """Return [name, reason] of what the host page has heard."""
    return [event[:2] for event in json.loads(page.evaluate("sessionStorage.events || '[]'"))]


class Found:
    """An order known by its token only."""

    def __init__(self, page):
        self.token = re.search(r"pg-topup=([\w-]+)", page.url).group(1)


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_sale_and_back_on_the_host_page(platform, site, new_page, device):
    page = new_page(device)
    choose(page, site, platform)
    pay(page, "pay")
    page.wait_for_url(re.compile(re.escape(site.origin) + r"/top-up#pg-topup="))
    expect(page.locator("pg-topup h2")).to_have_text("Delivered", timeout=30_000)
    assert events(page) == [["paid", ""], ["delivered", ""]]
    assert page.evaluate("window.broken") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    order = Found(page)
    assert platform.topup(order)["channel"] == "widget"
    assert len(platform.transfers(order)) == 1
    page.click("pg-topup button.link:has-text('New top-up')")
    expect(page.locator("pg-topup #number")).to_be_visible()
    assert page.evaluate("location.hash") == ""


def test_declined_then_back_and_paid(platform, site, new_page):
    page = new_page(PHONE)
    choose(page, site, platform)
    pay(page, "decline")
    page.click("button[value=cancel]")
    page.wait_for_url(re.compile(re.escape(site.origin)))
    expect(page.locator("pg-topup h2")).to_have_text("Waiting for payment")
    order = Found(page)
    platform.assert_nothing_happened(order)
    # Not paid is not failed: the same order can still be paid.
    assert events(page) == []
    pay(page, "pay")
    expect(page.locator("pg-topup h2")).to_have_text("Delivered", timeout=30_000)
    assert events(page) == [["paid", ""], ["delivered", ""]]
    assert Found(page).token == order.token
    assert len(platform.transfers(order)) == 1


def test_refused_is_told_as_failed(platform, site, new_page):
    page = new_page(PHONE)
    choose(page, site, platform, platform.number(5))
    pay(page, "pay")
    expect(page.locator("pg-topup h2")).to_have_text("Refunded", timeout=30_000)
    assert events(page) == [["paid", ""], ["failed", "delivery"]]
    assert platform.transfers(Found(page)) == []


def test_payment_in_a_window_of_its_own(platform, site, new_page):
    site.attributes = 'data-payment="popup" data-compact'
    page = new_page(DESKTOP)
    choose(page, site, platform)
    with page.expect_popup() as opened:
        page.click("pg-topup button.main")
    window = opened.value
    window.wait_for_url(re.compile(r"/stripe/pay/cs_"))
    expect(page.locator("pg-topup h2")).to_have_text("Waiting for payment")
    window.click("button[value=pay]")
    expect(page.locator("pg-topup h2")).to_have_text("Delivered", timeout=30_000)
    assert events(page) == [["paid", ""], ["delivered", ""]]


def test_double_click_is_one_order(platform, site, new_page):
    page = new_page(PHONE)
    choose(page, site, platform)
    before = platform.sql("SELECT count(*) AS n FROM pg_topup")[0]["n"]
    page.locator("pg-topup button.main").dblclick()
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
    assert platform.sql("SELECT count(*) AS n FROM pg_topup")[0]["n"] == before + 1


def test_the_code_to_copy_works_as_it_is(platform, site, new_page):
    """The back office's code in a page of another origin; with a wrong hash nothing of it runs."""
    [key] = platform.sql("SELECT id FROM pg_publishable_key WHERE key = %s", site.key)
    office = new_page(DESKTOP)
    log_in(office, platform.base_url, "manager@island-mobile", PASSWORD)
    office.goto(f"{platform.base_url}/pg/widget/embed/{key['id']}")
    expect(office.locator("#preview pg-topup #number")).to_be_visible()
    office.check("input[name=compact]")
    expect(office.locator("#code")).to_contain_text("data-compact")
    site.code = office.locator("#code").inner_text()
    assert re.search(r'integrity="sha384-[\w+/=]{64}"', site.code)
    page = new_page(PHONE)
    page.goto(site.origin)
    page.fill("pg-topup #number", platform.number())
    page.click("pg-topup button.main")
    expect(page.locator("pg-topup button.offer").first).to_be_visible()
    assert page.evaluate("window.broken") == []
    site.code = site.code.replace("sha384-", "sha384-AAAA")
    page.goto(f"{site.origin}/once-more")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("customElements.get('pg-topup') === undefined") is True
    assert page.locator("pg-topup #number").count() == 0


def test_the_sandboxes_shop(platform, new_page):
    """The site that `make run` shows: its visitor buys, and the shop hears of it."""
    rows = json.loads((platform.stack.settings.root / "access.json").read_text())
    [shop] = [row["url"] for row in rows if row["label"] == "Widget on another site"]
    page = new_page(PHONE)
    page.goto(shop)
    page.fill("pg-topup #number", platform.number())
    page.click("pg-topup button.main")
    page.locator("pg-topup button.offer").first.click()
    expect(page.locator("pg-topup h2")).to_have_text("Check and pay")
    pay(page, "pay")
    page.wait_for_url(re.compile(re.escape(platform.sandbox.base_url) + "/shop"))
    expect(page.locator("pg-topup h2")).to_have_text("Delivered", timeout=30_000)
    expect(page.locator(".log")).to_contain_text("pg-topup:delivered")
    assert len(platform.transfers(Found(page))) == 1


def test_site_not_allowed_and_key_revoked(platform, site, new_page):
    page = new_page(PHONE)
    platform.sql(
        "UPDATE pg_publishable_key SET origins = 'https://a.example' WHERE key = %s", site.key
    )
    page.goto(site.origin)
    expect(page.locator("pg-topup [role=alert]")).to_contain_text("does not answer")
    platform.sql(
        "UPDATE pg_publishable_key SET origins = %s, revoked_at = now() WHERE key = %s",
        site.origin,
        site.key,
    )
    page.click("pg-topup button:has-text('Try again')")
    expect(page.locator("pg-topup [role=alert]")).to_be_visible()
    expect(page.locator("pg-topup #number")).to_have_count(0)


def test_texts_of_others_stay_texts(platform, site, new_page):
    [operator] = platform.sql(
        "SELECT id, name FROM pg_mobile_operator WHERE name ILIKE '%%digicel%%' AND country_id ="
        " (SELECT id FROM res_country WHERE code = 'PG') LIMIT 1"
    )
    platform.sql("UPDATE pg_mobile_operator SET name = %s WHERE id = %s", NASTY, operator["id"])
    try:
        page = new_page(SMALL)
        choose(page, site, platform)
        expect(page.locator("pg-topup dl")).to_contain_text("<img src=x")
        assert page.locator("pg-topup img[src=x]").count() == 0
        assert page.title() == "Host"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        platform.sql(
            "UPDATE pg_mobile_operator SET name = %s WHERE id = %s",
            operator["name"],
            operator["id"],
        )


def test_offline_is_said_and_goes_on(platform, site, new_page):
    page = new_page(PHONE)
    page.goto(site.origin)
    page.fill("pg-topup #number", platform.number())
    page.context.set_offline(True)
    expect(page.locator("pg-topup .note[role=status]")).to_contain_text("offline")
    page.click("pg-topup button.main")
    expect(page.locator("pg-topup [role=alert]")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("pg-topup .note[role=status]")).to_have_count(0)
    page.click("pg-topup button.main")
    expect(page.locator("pg-topup button.offer").first).to_be_visible()
