"""A customer with a plain HTTP client: clicks through the storefront as a browser does.

Used by `make demo` and by the whole-suite tests; needs no Odoo.
"""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests
from lxml import html


class PageError(Exception):
    """A page was not what a customer expects; the text says which and why."""


@dataclass
class Order:
    """What a customer knows of an order: the address of its page, and the payment page."""

    status_url: str
    pay_url: str
    token: str = field(init=False)

    def __post_init__(self):
        self.token = self.status_url.rstrip("/").rsplit("/", 1)[1]

    @property
    def session(self):
        """The id of the payment page at Stripe, or at its sandbox."""
        return re.search(r"cs_[A-Za-z0-9_]+", self.pay_url).group()


class Customer:
    """One browser session at one seller's storefront."""

    def __init__(self, base_url, slug, *, timeout=30):
        self.base_url = base_url.rstrip("/")
        self.slug = slug
        self.timeout = timeout
        self.http = requests.Session()
        self.http.trust_env = False

    # === THE STEPS === #

    def order(self, number, *, country="PG", offer="", receive=None, email="", gateway=""):
        """Choose and confirm up to the payment page; nothing is paid yet.

        :param str offer: text that the wanted offer's card contains.
        :param receive: the amount to arrive, for an offer with a range.
        :param str gateway: text beside the wanted way to pay; the first one by default.
        :return: Order
        """
        offers = self.find_offers(number, country)
        review = self._choose(offers, offer, receive)
        return self.confirm(review, email=email, gateway=gateway)

    def find_offers(self, number, country="PG"):
        """Give the number; return the page of its offers."""
        start = self._page("GET", f"/topup/{self.slug}")
        form = start.forms[0]
        form.fields["number"], form.fields["country"] = number, country
        return self._submit(form)

    def confirm(self, review, *, email="", gateway=""):
        """Press "Pay" on the review page; return the Order with its payment page."""
        form = next(form for form in review.forms if form.action.endswith("/pay"))
        form.fields["email"] = email
        providers = [
            node
            for node in form.xpath(".//input[@name='provider']")
            if not gateway or gateway in _card(node.getparent())
        ]
        if gateway and not providers:
            raise PageError(f"no way to pay {gateway!r}: {_card(form)}")
        if providers:
            form.fields["provider"] = providers[0].get("value")
        return self.press_pay(form)

    def press_pay(self, form):
        """Send a pay form; the same form twice is the same order."""
        page = self._submit(form, refused=(422,))
        again = page.xpath("//form[.//input[@name='confirmed']]")
        if again:
            # The same went to the same number a moment ago: yes, again.
            page = self._submit(again[0], extra=[("confirmed", "1")], refused=(422,))
        gateway = next((f for f in page.forms if f.get("id") == "gateway-form"), None)
        if gateway is None:
            raise PageError(f"no payment page: {_alert(page)}")
        [link] = page.xpath("//a[contains(@href, '/order/')]/@href")[:1]
        query = requests.models.PreparedRequest()
        query.prepare_url(gateway.action, dict(gateway.form_values()))
        return Order(urljoin(self.base_url, link), query.url)

    def pay(self, order, outcome="pay"):
        """Press a button of the sandbox's payment page, and follow to where it leads.

        :param str outcome: pay, decline, cancel or close.
        :return: the last page.
        """
        page = self._page("GET", order.pay_url)
        form = page.forms[0]
        return self._submit(form, extra=[("outcome", outcome)])

    # === LOOKING === #

    def status(self, order):
        """Return what the live status answers, as a dict."""
        answer = self.http.get(f"{order.status_url}/status", timeout=self.timeout)
        answer.raise_for_status()
        return answer.json()

    def wait(self, order, *states, timeout=60):
        """Wait until the order is in one of the states; return the last answer.

        :raise PageError: when that does not happen in time.
        """
        end = time.monotonic() + timeout
        while True:
            status = self.status(order)
            if status["state"] in states:
                return status
            if time.monotonic() > end:
                raise PageError(f"still {status['state']} after {timeout} s, wanted {states}")
            time.sleep(0.2)

    def receipt(self, order):
        """Return the receipt as PDF bytes."""
        answer = self.http.get(f"{order.status_url}/receipt.pdf", timeout=self.timeout)
        answer.raise_for_status()
        return answer.content

    # === HELPERS === #

    def _choose(self, offers, text, receive):
        if receive is not None:
            form = next(
                (f for f in offers.forms if "receive" in f.fields and text in _card(f)), None
            )
            if form is None:
                raise PageError(f"no offer with a free amount and {text!r}")
            form.fields["receive"] = str(receive)
            return self._submit(form)
        for link in offers.xpath("//a[contains(@href, '/review')]"):
            if text in _card(link):
                return self._page("GET", link.get("href"))
        raise PageError(f"no offer {text!r}: {_alert(offers)}")

    def _page(self, method, url, refused=(), **options):
        address = urljoin(self.base_url, url)
        answer = self.http.request(method, address, timeout=self.timeout, **options)
        if answer.status_code >= 400 and answer.status_code not in refused:
            page = html.fromstring(answer.content) if answer.content else None
            reason = _alert(page) if page is not None else ""
            raise PageError(f"{method} {url.split('?')[0]}: {answer.status_code} {reason}")
        return html.fromstring(answer.content, base_url=answer.url)

    def _submit(self, form, extra=(), refused=()):
        values = [*form.form_values(), *extra]
        where = urljoin(form.base_url or self.base_url, form.action or "")
        key = "params" if form.method == "GET" else "data"
        return self._page(form.method, where, refused, **{key: values})


def _card(node):
    """Return the text of the card in which a link or a form stands."""
    return " ".join(node.text_content().split())


def _alert(page):
    alerts = page.xpath("//*[@role='alert']//text()")
    return " ".join(" ".join(alerts).split()) or (page.findtext(".//title") or "")
