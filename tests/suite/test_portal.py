"""The customer's room and a seller's sign-up, in a real browser and by many at once."""

import re
import threading
import uuid

import pytest
import requests
from lxml import html
from playwright.sync_api import expect

from scripts.backoffice import BackOffice
from scripts.browser import DESKTOP, PHONE, chromium
from scripts.customer import Customer

MY = "/portal/island-mobile"
PASSWORD = "seven green parrots"

both = pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser):
    contexts = []

    def make(device):
        context = browser.new_context(**device, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def no_limits(platform):
    """Every test comes from one address; how often one may ask is tested elsewhere."""
    platform.sql("DELETE FROM pg_rate_limit")


def mail_to(platform, address):
    """Return the body of the last mail in Odoo's queue for an address."""
    query = "SELECT body_html FROM mail_mail WHERE email_to = %s ORDER BY id DESC LIMIT 1"
    return platform.wait_until(lambda: platform.sql(query, address), what=address)[0]["body_html"]


def codes_to(platform, address, count=1):
    """Return the codes that were mailed to an address, the last one first, once they are there."""
    query = (
        "SELECT m.body_html FROM mail_mail m JOIN mail_message t ON t.id = m.mail_message_id"
        " WHERE m.email_to = %s AND t.subject LIKE 'Your login code%%' ORDER BY m.id DESC"
    )
    platform.wait_until(lambda: len(platform.sql(query, address)) >= count, what=address)
    bodies = [row["body_html"] for row in platform.sql(query, address)]
    return [re.search(r">\s*(\d{6})\s*<", body)[1] for body in bodies]


def text_to(platform, number):
    """Return the last SMS in Odoo's queue for a number."""
    query = "SELECT body FROM sms_sms WHERE number = %s ORDER BY id DESC LIMIT 1"
    return platform.wait_until(lambda: platform.sql(query, number), what=number)[0]["body"]


def sold(platform, email="", number=None):
    """Return the name of a top-up that was paid and delivered."""
    customer = platform.customer()
    order = customer.order(number or platform.number(), receive=20, email=email)
    platform.sandbox.pay(order.session, "pay")
    platform.wait_until(lambda: platform.topup(order)["state"] == "completed")
    return platform.topup(order)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def ask(page, platform, who):
    page.goto(f"{platform.base_url}{MY}")
    page.fill("#who", who)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/code\?t="))


@both
def test_code_by_mail_and_send_again(platform, new_page, device):
    email = f"kila-{uuid.uuid4().hex[:8]}@customer.example"
    topup = sold(platform, email)
    page = new_page(device)
    ask(page, platform, email)
    [code] = codes_to(platform, email)
    page.fill("#code", code)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(f"{MY}$"))
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".entry")).to_contain_text(topup["name"])
    assert fits(page)
    page.click("text=Send again")
    page.wait_for_url(re.compile(r"/review"))
    assert page.input_value("input[name=email]") == email
    tick = page.locator("input[name=confirmed]")
    if tick.count():
        tick.check()
    page.click("form[action$='/pay'] button[type=submit]")
    if page.locator("input[name=confirmed]").count():
        page.check("input[name=confirmed]")
        page.click("form[action$='/pay'] button[type=submit]")
    page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
    page.click("button[value=pay]")
    expect(page.locator("h1")).to_have_text("Delivered")
    page.goto(f"{platform.base_url}{MY}")
    expect(page.locator(".entry")).to_have_count(2)
    # The number stands on the first page now, one tap from its offers.
    page.goto(f"{platform.base_url}/topup/island-mobile")
    page.locator("nav.own a").click()
    page.wait_for_url(re.compile(r"/offers\?q="))
    page.click("text=My top-ups")
    page.click("text=Log out")
    page.wait_for_url(re.compile(r"/login"))
    page.goto(f"{platform.base_url}{MY}")
    page.wait_for_url(re.compile(r"/login"))


@both
def test_code_by_sms(platform, new_page, device):
    number = platform.number()
    topup = sold(platform, number=number)
    page = new_page(device)
    ask(page, platform, number)
    code = re.search(r"\d{6}", text_to(platform, topup["number"]))[0]
    page.fill("#code", code)
    page.click("main button[type=submit]")
    expect(page.locator(".entry")).to_contain_text(topup["name"])
    assert fits(page)


def test_list_follows_what_moves(platform, new_page):
    """An open list shows the delivery by itself: no reload, and nothing is asked after it."""
    email = f"kila-{uuid.uuid4().hex[:8]}@customer.example"
    order = platform.customer().order(platform.number(), receive=20, email=email)
    page = new_page(PHONE)
    ask(page, platform, email)
    page.fill("#code", codes_to(platform, email)[0])
    page.click("main button[type=submit]")
    expect(page.locator(".entry .state")).to_have_text("Waiting for payment")
    page.evaluate("window.notReloaded = true")
    platform.sandbox.pay(order.session, "pay")
    expect(page.locator(".entry .state")).to_have_text("Delivered", timeout=30_000)
    assert page.evaluate("window.notReloaded") is True
    expect(page.locator("[data-live]")).to_have_count(0)


def form_of(session, url):
    page = html.fromstring(session.get(url).content)
    [form] = [form for form in page.forms if form.method == "POST"]
    return dict(form.form_values())


def at_once(works):
    """Run functions at the same moment, each in a thread; return what they return."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(place, work):
        barrier.wait()
        results[place] = work()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_many_tries_at_once_are_five(platform):
    email = f"race-{uuid.uuid4().hex[:8]}@customer.example"
    sold(platform, email)
    session = requests.Session()
    fields = form_of(session, f"{platform.base_url}{MY}/login")
    answer = session.post(f"{platform.base_url}{MY}/login", {**fields, "who": email})
    [code] = codes_to(platform, email)
    address = f"{platform.base_url}{MY}/code"
    fields = form_of(session, answer.url)
    wrong = [f"{(int(code) + step) % 10**6:06d}" for step in range(1, 17)]

    def guess(value):
        return lambda: (
            requests.post(
                address, {**fields, "code": value}, cookies=session.cookies, allow_redirects=False
            ).status_code
        )

    assert set(at_once([guess(value) for value in wrong])) == {422}
    [login] = platform.sql("SELECT tries, used_at FROM pg_portal_code WHERE value = %s", email)
    assert login == {"tries": 5, "used_at": None}
    assert guess(code)() == 422

    # The right code, used by four at once, opens one session.
    answer = session.post(
        f"{platform.base_url}{MY}/login",
        {**form_of(session, f"{platform.base_url}{MY}/login"), "who": email},
    )
    fields = form_of(session, answer.url)
    code = codes_to(platform, email, count=2)[0]
    statuses = at_once([guess(code) for _one in range(4)])
    assert sorted(statuses) == [303, 422, 422, 422]


def confirm_form(platform, session, email):
    link = re.search(r"/sell/confirm\?t=[\w-]+", mail_to(platform, email))[0]
    return form_of(session, platform.base_url + link)


def sign_up(platform, session, name, email):
    address = f"{platform.base_url}/sell"
    values = {"company": name, "email": email, "country": "PG", "currency": "PGK", "terms": "1"}
    answer = session.post(address, {**form_of(session, address), **values})
    assert answer.url.endswith("/sell/sent"), answer.status_code


def test_one_link_used_by_many_at_once_opens_one_shop(platform):
    key = uuid.uuid4().hex[:8]
    email, session = f"lina-{key}@shop.example", requests.Session()
    sign_up(platform, session, f"Race {key}", email)
    fields = {**confirm_form(platform, session, email), "name": "Lina", "password": PASSWORD}
    statuses = at_once(
        [
            lambda: (
                requests.post(
                    f"{platform.base_url}/sell/confirm", fields, cookies=session.cookies
                ).status_code
            )
        ]
        * 4
    )
    assert statuses.count(200) == 1, statuses
    assert set(statuses) <= {200, 404, 422}
    count = "SELECT count(*) AS n FROM res_company WHERE name = %s"
    assert platform.sql(count, f"Race {key}")[0]["n"] == 1
    assert platform.sql("SELECT count(*) AS n FROM res_users WHERE login = %s", email)[0]["n"] == 1


@both
def test_from_sign_up_to_the_first_sale(platform, new_page, device):
    key = uuid.uuid4().hex[:8]
    email, slug = f"lae-{key}@shop.example", f"lae-{key}"
    page = new_page(device)
    page.goto(f"{platform.base_url}/sell")
    page.fill("#company", f"Lae {key}")
    page.fill("#email", email)
    page.select_option("#country", "PG")
    page.select_option("#currency", "PGK")
    page.check("[name=terms]")
    assert fits(page)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/sell/sent"))
    link = re.search(r"/sell/confirm\?t=[\w-]+", mail_to(platform, email))[0]
    page.goto(platform.base_url + link)
    assert page.input_value("#slug") == slug
    page.fill("#name", "Lina Kora")
    page.fill("#password", PASSWORD)
    assert fits(page)
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_have_text("Your shop is ready")
    page.click("main a.button")
    page.fill("input[name=password]", PASSWORD)
    page.click("form.oe_login_form button[type=submit]")
    expect(page.locator(".o_form_view")).to_contain_text("Welcome", timeout=60_000)
    sell_first(platform, email, slug)


def sell_first(platform, email, slug):
    """As the new Admin: one offer, Stripe switched on; then a customer buys."""
    office = BackOffice(platform.base_url, platform.database, email, PASSWORD)
    assert office.read("pg.topup", [], ["id"]) == []
    [company] = office.read("res.company", [("pg_slug", "=", slug)], ["id"])
    [sku] = office.read("pg.sku", [("code", "=", "PG_DC_TopUp")], ["id", "name"])
    office.call(
        "product.template",
        "create",
        {
            "name": sku["name"],
            "type": "service",
            "company_id": company["id"],
            "pg_sku_id": sku["id"],
            "pg_margin_percent": 10,
        },
    )
    account = platform.sandbox.create_account("stripe", name=slug)
    [provider] = office.read("payment.provider", [("code", "=", "stripe_checkout")], ["id"])
    platform.sql(
        "UPDATE payment_provider SET pg_api_base = %s WHERE id = %s",
        f"{platform.sandbox.base_url}/stripe",
        provider["id"],
    )
    for values in (
        {"pg_secret_key": account["secret_key"]},
        {"state": "test", "is_published": True},
    ):
        office.call("payment.provider", "write", [provider["id"]], values)
    office.call("payment.provider", "action_pg_create_webhook", [provider["id"]])
    order = Customer(platform.base_url, slug).order(platform.number(), receive=20)
    platform.sandbox.pay(order.session, "pay")
    platform.wait_until(lambda: platform.topup(order)["state"] == "completed", timeout=60)
    assert len(office.read("pg.topup", [], ["id"])) == 1
