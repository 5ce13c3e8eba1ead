"""Photographs every room of the customer, on a phone and on a desktop, into docs/screens/.

Part of `make screenshots`; buys and signs up at the running platform, and lets the sandbox refuse,
delay and lose answers to come to the rarer pages.
"""

import re
import uuid

from scripts.browser import log_in
from scripts.common import say
from scripts.walker import DEVICES, SLUG, Walker

PASSWORD = "seven green parrots"
SEND = "SendTransfer"


class CustomerRooms(Walker):
    """One walk through all rooms with one device."""

    # === STOREFRONT === #

    def buy(self, number=None, offer=0):
        """Go to the payment page."""
        page = self.page
        page.goto(self.store)
        page.fill("input[name=number]", number or self.number())
        page.click("form[action$='/number'] button[type=submit]")
        page.locator("li.offer > a").nth(offer).click()
        page.wait_for_url(re.compile(r"/review"))
        page.fill("input[name=email]", self.email)
        page.click("form[action$='/pay'] button[type=submit]")
        page.wait_for_load_state()
        if page.locator("input[name=confirmed]").count():
            self.shoot("storefront", "again")
            page.check("input[name=confirmed]")
            page.click("form[action$='/pay'] button[type=submit]")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))

    def press(self, outcome):
        self.page.click(f"button[value={outcome}]")
        self.page.wait_for_url(re.compile(r"/order/"))

    def storefront(self):
        """From the first page to the delivered top-up."""
        page = self.page
        page.goto(self.store)
        self.shoot("storefront", "start")
        page.fill("input[name=number]", "12")
        self.submit()
        self.shoot("storefront", "wrong-number")
        page.fill("input[name=number]", self.number())
        self.submit()
        self.shoot("storefront", "offers")
        page.locator("li.offer > a").first.click()
        page.wait_for_url(re.compile(r"/review"))
        self.shoot("storefront", "checkout")
        page.click("form[action$='/pay'] button[type=submit]")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
        self.shoot("storefront", "gateway")
        self.press("cancel")
        self.title("Waiting for payment")
        self.shoot("storefront", "waiting")
        page.goto(f"{self.store}/order/{'x' * 32}")
        self.shoot("storefront", "not-found")

    def orders(self):
        """Every end that an order can take."""
        page = self.page
        number = self.number()
        self.buy(number)
        self.press("pay")
        self.title("Delivered")
        self.shoot("storefront", "delivered")
        url = page.url.split("?")[0]
        page.goto(f"{url}/receipt")
        self.shoot("storefront", "receipt")
        self.sandbox.add_fault(self.ding, SEND, "hang", seconds=6, when="after")
        self.buy(number)
        self.press("pay")
        self.title("Sending")
        self.shoot("storefront", "sending")
        self.title("checking")
        self.shoot("storefront", "in-doubt")
        self.buy("7000 0005")
        self.press("pay")
        self.title("Refunded")
        self.shoot("storefront", "refunded")
        self.pin()
        self.ended()

    def pin(self):
        """A code instead of a delivery."""
        page = self.page
        page.goto(self.store)
        page.fill("input[name=number]", self.number())
        page.click("form[action$='/number'] button[type=submit]")
        page.locator("label.chip", has_text="Roblox").click()
        page.wait_for_url(re.compile("operator="))
        page.locator("section[aria-labelledby='kind-voucher'] li.offer > a").first.click()
        page.click("form[action$='/pay'] button[type=submit]")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
        self.press("pay")
        self.title("Delivered")
        self.shoot("storefront", "code")

    def ended(self):
        """Cancelled by the seller; not paid in time."""
        page = self.page
        self.buy()
        self.press("cancel")
        token = page.url.split("/order/")[1][:32].split("?")[0]
        for name, hours in (("cancelled", 0), ("expired", 25)):
            self.sql(
                "UPDATE pg_topup SET state = 'cancelled', cancelled_at = create_date"
                " + make_interval(hours => %s) WHERE access_token = %s",
                hours,
                token,
            )
            page.goto(f"{self.store}/order/{token}")
            self.shoot("storefront", name)

    def without_script(self):
        """The page on the way to the gateway, which a script leaves at once."""
        context = self.context.browser.new_context(
            **DEVICES[self.device], locale="en-US", java_script_enabled=False
        )
        kept, self.page = self.page, context.new_page()
        page = self.page
        page.goto(self.store)
        page.fill("input[name=number]", self.number())
        self.submit()
        page.locator("li.offer > a").first.click()
        page.click("form[action$='/pay'] button[type=submit]")
        self.shoot("storefront", "to-the-gateway")
        self.page = kept
        context.close()

    # === PORTAL === #

    def portal(self):
        """The customer's own room."""
        page = self.page
        self.sql("DELETE FROM pg_rate_limit")
        page.goto(f"{self.mine}/login")
        self.shoot("portal", "login")
        page.fill("#who", self.email)
        self.submit()
        page.wait_for_url(re.compile(r"/code\?t="))
        self.shoot("portal", "code")
        page.fill("#code", "000000")
        self.submit()
        page.wait_for_selector("[role=alert]")
        self.shoot("portal", "code-wrong")
        page.fill("#code", self.read_mail(r">\s*\d{6}\s*<").strip("<> \n"))
        self.submit()
        page.wait_for_selector(".entry")
        self.shoot("portal", "history")
        page.goto(f"{self.mine}?q=nothing+of+this")
        self.shoot("portal", "history-nothing")
        page.goto(f"{self.mine}/numbers")
        page.fill("#new-number", "7012 3456")
        page.fill("#new-name", "Mother")
        page.click("button:text-is('Add')")
        page.wait_for_load_state()
        page.goto(f"{self.mine}/numbers")
        page.locator("details summary").first.click()
        self.shoot("portal", "numbers")
        page.goto(self.store)
        self.shoot("storefront", "start-known")
        page.goto(f"{self.mine}/settings")
        self.shoot("portal", "settings")
        page.goto(f"{self.mine}/delete")
        self.shoot("portal", "delete")
        self.my()

    def my(self):
        """The same in Odoo's own portal."""
        page = self.page
        self.context.clear_cookies()
        page.goto(f"{self.base_url}/web/login")
        page.wait_for_selector("input[name=login]")
        self.shoot("portal", "odoo-login")
        page.fill("input[name=login]", f"customer@{SLUG}")
        page.fill("input[name=password]", "minutes-demo")
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_selector(".o_portal")
        self.buy()
        self.press("pay")
        self.title("Delivered")
        page.goto(f"{self.base_url}/my/topups")
        self.shoot("portal", "my-topups")
        self.context.clear_cookies()

    # === SIGN-UP === #

    def sell(self):
        """A seller's way in."""
        page = self.page
        self.sql("DELETE FROM pg_rate_limit")
        key = uuid.uuid4().hex[:6]
        self.email = f"lina.{key}@shop.example"
        page.goto(f"{self.base_url}/sell")
        self.shoot("portal", "sell")
        page.fill("#company", f"Lae Mobile {key}")
        page.fill("#email", self.email)
        page.select_option("#country", "PG")
        page.select_option("#currency", "PGK")
        page.check("[name=terms]")
        self.submit()
        page.wait_for_url(re.compile(r"/sell/sent"))
        self.shoot("portal", "sell-sent")
        page.goto(self.base_url + self.read_mail(r"/sell/confirm\?t=[\w-]+"))
        self.shoot("portal", "sell-confirm")
        page.fill("#name", "Lina Kora")
        page.fill("#password", PASSWORD)
        self.submit()
        self.title("Your shop is ready")
        self.shoot("portal", "sell-done")
        page.goto(f"{self.base_url}/sell/confirm?t=used")
        self.shoot("portal", "sell-gone")

    # === WIDGET === #

    def widget(self, shop_url):
        """The widget on another site."""
        page = self.page
        page.goto(shop_url)
        page.wait_for_selector("pg-topup #number")
        self.shoot("widget", "number")
        page.fill("pg-topup #number", "12")
        page.click("pg-topup button.main")
        page.wait_for_selector("pg-topup .hint.bad")
        self.shoot("widget", "wrong-number")
        page.fill("pg-topup #number", self.number())
        page.click("pg-topup button.main")
        page.wait_for_selector("pg-topup button.offer")
        self.shoot("widget", "offers")
        page.locator("pg-topup button.offer").first.click()
        page.wait_for_selector("pg-topup fieldset, pg-topup dl")
        self.shoot("widget", "review")
        page.click("pg-topup button.main")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
        page.click("button[value=cancel]")
        page.wait_for_selector("pg-topup h2:has-text('Waiting')")
        self.shoot("widget", "waiting")
        page.click("pg-topup button.main")
        page.wait_for_url(re.compile(r"/stripe/pay/cs_"))
        page.click("button[value=pay]")
        page.wait_for_selector("pg-topup h2:has-text('Delivered')")
        self.shoot("widget", "delivered")
        page.click("pg-topup button.link:has-text('New top-up')")
        self.context.set_offline(True)
        page.wait_for_selector("pg-topup .note")
        self.shoot("widget", "offline")
        self.context.set_offline(False)
        self.embed()

    def embed(self):
        """Where a manager makes the code for the site."""
        page = self.page
        [(key_id,)] = self.sql(
            "SELECT id FROM pg_publishable_key WHERE name = 'Corner store' AND revoked_at IS NULL"
        )
        log_in(page, self.base_url, f"manager@{SLUG}", "minutes-demo")
        page.goto(f"{self.base_url}/pg/widget/embed/{key_id}")
        page.wait_for_selector("#preview pg-topup #number")
        self.shoot("widget", "embed")
        self.context.clear_cookies()


def shoot_customer_rooms(browser, base_url, shop_url):
    """Take every picture, with each device."""
    for device in DEVICES:
        rooms = CustomerRooms(browser, base_url, device)
        for part in ("storefront", "orders", "without_script", "portal", "sell"):
            getattr(rooms, part)()
            say(f"docs/screens: {part}, {device}")
        rooms.widget(shop_url)
        rooms.context.close()
