from contextlib import contextmanager
from decimal import Decimal

from odoo.addons.pg_base.tests.common import BaseCase
from odoo.addons.pg_catalog.ports import CatalogueOperator, CatalogueSku, CatalogueText
from odoo.addons.pg_catalog.tools.feed import Feed


def operator(code="DCPG", **values):
    """Return an operator of a feed."""
    values = {
        "name": f"Operator {code}",
        "country_code": "PG",
        "pattern": "^675(7[0-9]{7}|8[0-9]{7})$",
        **values,
    }
    return CatalogueOperator(code=code, **values)


def sku(code, send="2.50", receive="10.00", **values):
    """Return a SKU of a feed; ``send`` and ``receive`` as "low" or "low-high"."""
    send, receive = _bounds(send), _bounds(receive)
    values = {
        "operator_code": "DCPG",
        "name": f"SKU {code}",
        "kind": "topup",
        "send_min": send[0],
        "send_max": send[-1],
        "send_currency": "USD",
        "receive_min": receive[0],
        "receive_max": receive[-1],
        "receive_currency": "PGK",
        "text_key": code,
        **values,
    }
    return CatalogueSku(code=code, **values)


def _bounds(text):
    return [Decimal(part) for part in text.split("-")]


def text(key, language, name, description=""):
    """Return a text of a feed."""
    return CatalogueText(text_key=key, language=language, name=name, description=description)


class CatalogueCase(BaseCase):
    """A shared supplier with a small catalogue, and sellers who count in kina at 4 PGK a USD."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pgk, cls.usd = cls.env.ref("base.PGK"), cls.env.ref("base.USD")
        (cls.pgk + cls.usd).active = True
        sellers = cls.seller + cls.other_seller
        sellers.write({"currency_id": cls.pgk.id, "country_id": cls.env.ref("base.pg").id})
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.pgk + cls.usd).ids)]
        ).unlink()
        for company in sellers:
            cls.set_rate(company, "0.25")
        cls.supplier = cls.env["pg.supplier"].create({"name": "Shared", "company_id": False})
        cls.feed = Feed(
            operators=[
                operator(short_name="Digicel"),
                operator("BMPG", pattern="^6757[5-8][0-9]{6}$"),
            ],
            skus=[
                sku("FIX10"),
                sku("FIX20", "5.00", "20.00"),
                sku("RANGE", "1.00-75.00", "3.50-262.50"),
                sku("BM10", "2.94", operator_code="BMPG"),
            ],
        )
        cls.supplier._apply_feed(cls.feed)

    @contextmanager
    def refused(self, error, sentence):
        """Expect an error that says something; what was done before it is rolled back."""
        with self.assertRaises(error) as caught:
            yield
        self.assertRegex(str(caught.exception), sentence)

    @classmethod
    def set_rate(cls, company, rate, day="2020-01-01"):
        """Set how many USD a kina buys."""
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.usd.id,
                "company_id": company.id,
                "name": day,
                "rate": float(rate),
            }
        )

    @classmethod
    def find_sku(cls, code, supplier=None):
        """Return a SKU by its code, archived or not."""
        return (
            cls.env["pg.sku"]
            .with_context(active_test=False)
            .search([("code", "=", code), ("supplier_id", "=", (supplier or cls.supplier).id)])
        )

    @classmethod
    def offer(cls, code, company=None, **values):
        """Return a new offer of a SKU."""
        return cls.env["product.template"].create(
            {
                "pg_sku_id": cls.find_sku(code).id,
                "company_id": (company or cls.seller).id,
                **values,
            }
        )
