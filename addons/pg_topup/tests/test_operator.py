from decimal import Decimal

from odoo.addons.pg_base.outcomes import Rejected
from odoo.tests import tagged

from .common import DELIVERED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestOperator(TopupCase):
    """Who serves a number is learnt from customers, deliveries and refusals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rival = cls.env["pg.operator"].search(
            [
                ("supplier_id", "=", cls.supplier.id),
                ("country_id.code", "=", "PG"),
                ("id", "!=", cls.offer.pg_operator_id.id),
                ("sku_ids.kind", "=", "topup"),
            ],
            limit=1,
        )
        cls.rival.pattern = cls.offer.pg_operator_id.pattern
        sku = cls.rival.sku_ids.filtered(lambda sku: sku.kind == "topup")[:1]
        cls.rival_offer = cls.env["product.template"].create(
            {
                "type": "service",
                "company_id": cls.seller.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 10,
            }
        )
        cls.rival_send = None if not sku.is_range else sku.send_min

    def first(self, company=None):
        company = company or self.seller
        return self.env["pg.operator"]._match_number(company, DELIVERED).operators[0]

    def place_with(self, offer, **values):
        return self.place(
            offer=offer, send_value=Decimal(5) if offer.pg_is_range else None, **values
        )

    def other_of(self, operator):
        return self.rival_offer if operator != self.rival else self.offer

    def test_a_correction_is_remembered_at_the_order(self):
        guess = self.first()
        offer = self.other_of(guess)
        self.place_with(offer, channel="storefront")
        self.assertEqual(self.first(), offer.pg_operator_id)
        self.assertFalse(
            self.env["pg.number.hint"].search([("company_id", "=", self.other_seller.id)])
        )

    def test_the_guess_itself_and_a_program_teach_nothing(self):
        guess = self.first()
        self.place_with(self.offer if guess != self.rival else self.rival_offer)
        self.place_with(self.other_of(guess), channel="api")
        self.assertFalse(self.env["pg.number.hint"].search([]))

    def test_a_refused_number_is_forgotten(self):
        self.env["pg.operator"]._remember_operator(
            self.seller, DELIVERED, self.offer.pg_operator_id
        )
        topup = self.sell()
        [job] = self.claim()
        error = Rejected("Not ours", code="AccountNumberInvalid")
        self.env["pg.topup"]._settle_send(job.attempt_id, error)
        self.assertEqual(topup.state, "failed")
        self.assertFalse(self.env["pg.number.hint"].search([]))
