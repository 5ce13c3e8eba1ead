from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestOfferAdd(CatalogueCase):
    def wizard(self):
        return Form(self.as_user(self.env["pg.offer.add"], "manager"))

    def test_choose_and_create(self):
        with self.wizard() as form:
            form.country_id = self.env.ref("base.pg")
            form.operator_id = self.find_sku("FIX10").operator_id
            form.margin_percent = 20
            self.assertEqual(len(form.line_ids), 3)
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.cost, line.sell_price), (4.0, 4.8))
                line.is_chosen = False
        action = form.record.action_create_offers()
        offers = self.env["product.template"].search(action["domain"])
        self.assertEqual(sorted(offers.mapped("pg_sku_id.code")), ["FIX10", "FIX20"])
        self.assertEqual(offers.company_id, self.seller)
        self.assertEqual(sorted(offers.mapped("list_price")), [12.0, 24.0])

        with self.wizard() as form:
            form.operator_id = self.find_sku("FIX10").operator_id
            self.assertEqual(form.offered_count, 2)
            self.assertEqual(len(form.line_ids), 1)

    def test_nothing_chosen(self):
        with self.wizard() as form:
            form.operator_id = self.find_sku("BM10").operator_id
            with form.line_ids.edit(0) as line:
                line.is_chosen = False
        with self.refused(UserError, "at least one"):
            form.record.action_create_offers()
        self.assertFalse(self.env["product.template"].search([("pg_is_offer", "=", True)]))

    def test_from_an_operator(self):
        operator = self.as_user(self.find_sku("BM10").operator_id, "manager")
        context = operator.action_add_offers()["context"]
        form = Form(self.as_user(self.env["pg.offer.add"], "manager").with_context(**context))
        self.assertEqual(len(form.line_ids), 1)
