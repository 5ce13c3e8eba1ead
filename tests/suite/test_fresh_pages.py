"""What one worker has changed is on the very next page of every worker."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from lxml import html

START = "/topup/island-mobile"
# At once, so that they spread over the workers.
PAGES = 12


class Shop:
    """The storefront as many strangers see it at a time."""

    def __init__(self, platform):
        self.start = platform.base_url + START
        self.offers = requests.post(
            f"{self.start}/number", data={"number": "7012 3456", "country": "PG"}, timeout=60
        ).url

    def look(self, url, path):
        """Return what an XPath finds, once for all pages: they must not differ."""
        with ThreadPoolExecutor(PAGES) as pool:
            answers = list(pool.map(lambda _n: requests.get(url, timeout=60), range(PAGES)))
        found = {tuple(html.fromstring(answer.content).xpath(path)) for answer in answers}
        assert len(found) == 1, found
        return found.pop()

    def price(self, offer_id):
        path = f"//a[contains(@href, 'offer={offer_id}')]//span[@class='price']/text()"
        return sorted(set(self.look(self.offers, path)))


@pytest.fixture
def offer(platform):
    """Give a fixed offer that is on the page; put it back as it was."""
    [row] = platform.sql(
        """SELECT t.id, t.list_price, t.pg_price_mode
             FROM product_template t
             JOIN pg_sku s ON s.id = t.pg_sku_id JOIN pg_mobile_operator o ON o.id = s.operator_id
             JOIN res_company c ON c.id = t.company_id
            WHERE c.pg_slug = 'island-mobile' AND s.kind = 'topup' AND NOT s.is_range
              AND t.active AND t.sale_ok AND o.name LIKE 'Digicel%%'
         ORDER BY t.id LIMIT 1"""
    )
    yield row
    values = {"sale_ok": True, "list_price": float(row["list_price"])}
    platform.office("manager").call("product.template", "write", [row["id"]], values)
    if row["pg_price_mode"] == "rules":
        values = {"pg_price_mode": "rules"}
        platform.office("manager").call("product.template", "write", [row["id"]], values)


def test_price_and_pause(platform, offer):
    shop, office = Shop(platform), platform.office("manager")
    for price in (91.25, 92.5, 93.75):
        office.call("product.template", "write", [offer["id"]], {"list_price": price})
        assert shop.price(offer["id"]) == [f"PGK\u00a0{price:.2f}"]
    office.call("product.template", "write", [offer["id"]], {"sale_ok": False})
    assert shop.price(offer["id"]) == []
    office.call("product.template", "write", [offer["id"]], {"sale_ok": True})
    assert shop.price(offer["id"]) == ["PGK\u00a093.75"]
