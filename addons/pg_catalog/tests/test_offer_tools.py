from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import CatalogueCase, sku


@tagged("post_install", "-at_install", "pg")
class TestOfferTools(CatalogueCase):
    """Bulk changes, explanations, first steps, import and export."""

    def bulk(self, offers, role="manager", **values):
        """Return the wizard for some offers."""
        Bulk = self.as_user(self.env["pg.offer.bulk"], role)
        return Bulk.with_context(active_model="product.template", active_ids=offers.ids).create(
            values
        )

    # === BULK === #

    def test_pause_and_resume_many(self):
        offers = self.offer("FIX10") + self.offer("FIX20")
        offers[0].sale_ok = False
        wizard = self.bulk(offers, operation="pause")
        self.assertEqual((wizard.offer_count, wizard.change_count), (2, 1))
        wizard.action_apply()
        self.assertEqual(offers.mapped("sale_ok"), [False, False])
        with self.refused(UserError, "nothing to change"):
            self.bulk(offers, operation="pause").action_apply()
        self.bulk(offers, operation="resume").action_apply()
        self.assertEqual(offers.mapped("sale_ok"), [True, True])

    def test_resume_leaves_alone_what_cannot_be_sold(self):
        under, gone, archived, again = (
            self.offer("FIX10", list_price=12),
            self.offer("BM10"),
            self.offer("RANGE"),
            self.offer("FIX20"),
        )
        archived.active = False
        again.active = False
        self.offer("FIX20")
        (under + gone).write({"sale_ok": False})
        gone.pg_sku_id.active = False
        self.env.cr.execute("UPDATE pg_sku SET send_min = 9 WHERE code = 'FIX10'")
        self.env.invalidate_all()
        wizard = self.bulk(under + gone + archived + again, operation="resume")
        self.assertEqual((wizard.change_count, wizard.problem_count), (1, 3))
        outcomes = {line.offer_id: line.outcome for line in wizard.line_ids}
        self.assertIn("under today's cost", outcomes[under])
        self.assertIn("no longer sells", outcomes[gone])
        self.assertIn("another offer", outcomes[again])
        self.assertEqual(outcomes[archived], "Put on sale")
        wizard.action_apply()
        self.assertTrue(archived.active and archived.sale_ok)
        self.assertFalse(under.sale_ok or gone.sale_ok or again.active)

    def test_reprice_by_margin_change_and_rules(self):
        fixed, ranged = self.offer("FIX10", list_price=12), self.offer("RANGE", list_price=4)
        both = fixed + ranged
        wizard = self.bulk(both, price_by="margin", margin_percent=20, rounding="x.99")
        shown = {line.offer_id: (line.price_before, line.price_after) for line in wizard.line_ids}
        self.assertEqual(shown, {fixed: (12.0, 12.99), ranged: (4.0, 4.99)})
        self.assertEqual(both.mapped("list_price"), [12.0, 4.0], "A preview changes nothing.")
        wizard.action_apply()
        self.assertEqual(both.mapped("list_price"), [12.99, 4.99])
        self.bulk(both, price_by="change", change_percent=10).action_apply()
        self.assertEqual(both.mapped("list_price"), [14.29, 5.49])
        self.bulk(both, price_by="rules").action_apply()
        self.assertEqual(both.mapped("list_price"), [11.0, 4.4])
        self.assertEqual(both.mapped("pg_price_mode"), ["rules", "rules"])

    def test_reprice_never_under_cost(self):
        offer = self.offer("FIX10", list_price=11)
        wizard = self.bulk(offer, price_by="change", change_percent=-20)
        self.assertEqual((wizard.change_count, wizard.problem_count), (0, 1))
        with self.refused(UserError, "nothing to change"):
            wizard.action_apply()
        self.assertEqual(offer.list_price, 11)
        wizard = self.bulk(offer, price_by="margin", margin_percent=-1)
        self.assertEqual(wizard.problem_count, 1)

    def test_archive_many(self):
        offers = self.offer("FIX10") + self.offer("FIX20")
        self.bulk(offers, operation="archive").action_apply()
        self.assertFalse(any(offers.mapped("active")))

    def test_bulk_of_others_offers_is_refused(self):
        theirs = self.offer("FIX10", self.other_seller)
        wizard = self.bulk(theirs, operation="pause")
        self.assertFalse(wizard.offer_count)
        with self.assertRaises(AccessError):
            self.bulk(theirs, role="viewer", operation="pause")
        self.assertTrue(theirs.sale_ok)

    # === EXPLAIN === #

    def explain(self, offer, **values):
        wizard = self.as_user(self.env["pg.price.explain"], "viewer").create(
            {"offer_id": offer.id, **values}
        )
        return [(step.label, step.amount or "", step.detail or "") for step in wizard.step_ids]

    def test_explain_rules(self):
        Rule = self.env["pg.price.rule"].with_company(self.seller)
        Rule.create({"name": "Data", "percent": 1, "kind": "data", "sequence": 1})
        Rule.create({"name": "All", "percent": 12.5, "fixed": 0.5, "rounding": "x.99"})
        offer = self.offer("FIX10", pg_tax_percent=10)
        self.assertEqual(
            self.explain(offer),
            [
                ("Supplier's price", "USD 2.50", ""),
                ("Rate of the day", "× 4", "1 USD = 4 PGK"),
                ("Cost", "PGK 10.00", ""),
                ("Rule “Data”", "", "is for another kind of product"),
                ("Rule “All”", "", "applies: cost + 12.5 % + PGK 0.50, up to the next .99"),
                ("Percent on cost", "+ PGK 1.25", "12.5 %"),
                ("Fixed part", "+ PGK 0.50", ""),
                ("Rounded", "PGK 11.99", "Up to the next .99, from PGK 11.75"),
                ("The customer pays", "PGK 11.99", ""),
                ("of which tax", "PGK 1.09", ""),
            ],
        )

    def test_explain_own_prices_and_amounts(self):
        steps = self.explain(self.offer("FIX10", list_price=15))
        self.assertIn("Own price of the offer", [step[0] for step in steps])
        self.assertEqual(steps[-1][:2], ("The customer pays", "PGK 15.00"))
        steps = self.explain(self.offer("RANGE", pg_margin_percent=12.5), send_value=10)
        self.assertEqual(steps[-1][:2], ("The customer pays", "PGK 45.00"))
        steps = self.explain(self.offer("BM10"))
        self.assertIn("No rule applies", [step[0] for step in steps])

    def test_explain_says_what_is_wrong(self):
        offer = self.offer("RANGE")
        wizard = self.env["pg.price.explain"].create({"offer_id": offer.id, "send_value": 99})
        self.assertIn("amount between", wizard.problem)
        self.assertFalse(wizard.step_ids)

    def test_explain_of_others_is_refused(self):
        theirs = self.offer("FIX10", self.other_seller)
        with self.assertRaises(AccessError):
            self.explain(theirs)

    # === FIRST STEPS === #

    def test_first_steps(self):
        Start = self.as_user(self.env["pg.seller.start"], "manager")
        start = Start.browse(Start.action_open()["res_id"])
        self.assertFalse(start.is_offers_done or start.is_storefront_done)
        offer = self.offer("FIX10")
        start.invalidate_recordset()
        self.assertTrue(start.is_offers_done and start.is_storefront_done)
        self.assertEqual(start.offers_text, "1 on sale")
        offer.pg_alert = "under_cost"
        start.invalidate_recordset()
        self.assertEqual(start.attention_count, 1)
        theirs = self.as_user(self.env["pg.seller.start"], "viewer", self.other_seller).create({})
        self.assertFalse(theirs.is_offers_done)

    # === WIZARD === #

    def test_admin_switches_selling_on(self):
        self.seller.write({"pg_is_seller": False, "pg_slug": False, "name": "Reef & Reload Ltd"})
        self.other_seller.pg_slug = "reef-reload-ltd"
        start = self.as_user(self.env["pg.seller.start"], "manager").create({})
        self.assertFalse(start.is_selling)
        self.assertIn("an admin of your organisation", start.storefront_text)
        with self.assertRaises(AccessError):
            start.action_switch_on()
        self.assertFalse(self.seller.pg_is_seller)
        start = self.as_user(self.env["pg.seller.start"], "admin").create({})
        start.action_switch_on()
        self.assertEqual(
            (self.seller.pg_is_seller, self.seller.pg_slug), (True, "reef-reload-ltd-2")
        )
        start.action_switch_on()
        self.assertEqual(self.seller.pg_slug, "reef-reload-ltd-2")
        self.env.invalidate_all()
        self.assertTrue(start.is_selling)

    def test_two_hundred_in_one_go(self):
        skus = [*self.feed.skus, *(sku(f"N{n:03}", "1.25", "5") for n in range(200))]
        self.supplier._apply_feed(self.feed.__class__(operators=self.feed.operators, skus=skus))
        with Form(self.as_user(self.env["pg.offer.add"], "manager")) as form:
            form.country_id = self.env.ref("base.pg")
            form.margin_percent = 20
            self.assertEqual(len(form.line_ids), 204)
        wizard = form.record
        self.assertEqual((wizard.chosen_count, wizard.hidden_count), (204, 0))
        action = wizard.action_create_offers()
        offers = self.env["product.template"].search(action["domain"])
        self.assertEqual(len(offers), 204)
        new = offers.filtered(lambda offer: offer.pg_sku_id.code.startswith("N"))
        self.assertEqual(set(new.mapped("list_price")), {6.0})

    def test_rules_typed_prices_and_none(self):
        with Form(self.as_user(self.env["pg.offer.add"], "manager")) as form:
            form.operator_id = self.find_sku("FIX10").operator_id
            form.price_by = "rules"
            self.assertEqual(form.chosen_count, 3)
            form.is_all = False
            self.assertEqual(form.chosen_count, 0)
            with form.line_ids.edit(1) as line:
                line.is_chosen = True
            with form.line_ids.edit(2) as line:
                line.is_chosen = True
                line.sell_price = 25
                self.assertEqual(line.margin_percent, 25)
        offers = self.env["product.template"].search(form.record.action_create_offers()["domain"])
        made = {o.pg_sku_id.code: (o.pg_price_mode, o.list_price) for o in offers}
        self.assertEqual(made, {"FIX10": ("rules", 11.0), "FIX20": ("own", 25.0)})

    # === IMPORT AND EXPORT === #

    def test_export_then_import_changes_nothing(self):
        self.env["pg.price.rule"].create(
            {"name": "R", "company_id": self.seller.id, "percent": 33.3333}
        )
        offers = self.offer("FIX10") + self.offer("FIX20", list_price=33.35)
        offers += self.offer("RANGE", pg_margin_percent=12.3456)
        offers[1].sale_ok = False
        names = [
            "id",
            "name",
            "pg_sku_id/id",
            "pg_price_mode",
            "list_price",
            "pg_margin_percent",
            "sale_ok",
            "sequence",
        ]
        mine = self.as_user(offers, "manager")
        data = mine.export_data(names)["datas"]
        stored = offers.read(["list_price", "pg_range_margin", "pg_price_mode", "sale_ok"])
        rows = [[str(cell) for cell in row] for row in data]  # As a spreadsheet holds them.
        result = mine.with_context(import_file=True).load(names, rows)
        self.assertEqual(result["ids"], offers.ids, result["messages"])
        self.env.invalidate_all()
        self.assertEqual(
            offers.read(["list_price", "pg_range_margin", "pg_price_mode", "sale_ok"]), stored
        )

    def test_import_new_offers_by_code(self):
        Offer = self.as_user(self.env["product.template"], "manager")
        result = Offer.load(
            ["name", "pg_sku_id", "list_price"],
            [["Ten", "SKU FIX10 (FIX10)", "12.5"], ["Twenty", "FIX20", "24"]],
        )
        self.assertFalse(result["messages"])
        offers = Offer.browse(result["ids"])
        self.assertEqual(offers.mapped("pg_sku_id.code"), ["FIX10", "FIX20"])
        self.assertEqual(offers.company_id, self.seller)

    def test_blank_cells_of_a_file_say_nothing(self):
        """A price here, a margin there: 0 % of a range because of a blank would be sold at cost."""
        names = ["name", "pg_sku_id", "list_price", "pg_margin_percent", "pg_price_mode"]
        rows = [
            ["Ten", "FIX10", "12.5", "", ""],
            ["Twenty", "FIX20", "", "20", ""],
            ["Range", "RANGE", "4.8", "", ""],
            ["Ruled", "BM10", "", "", "Price rules"],
        ]
        Offer = self.as_user(self.env["product.template"], "manager")
        result = Offer.load(names, rows)
        self.assertFalse(result["messages"])
        offers = Offer.browse(result["ids"])
        expected = [("own", 12.5), ("own", 24.0), ("own", 4.8), ("rules", 12.94)]
        self.assertEqual([(o.pg_price_mode, o.list_price) for o in offers], expected)
        self.assertEqual(offers[2].pg_range_margin, 20)
        offers.export_data(["id"])
        rows = [[offer.get_external_id()[offer.id], "", "", ""] for offer in offers]
        result = Offer.load(["id", "list_price", "pg_margin_percent", "pg_price_mode"], rows)
        self.assertEqual(result["ids"], offers.ids, result["messages"])
        self.assertEqual([(o.pg_price_mode, o.list_price) for o in offers], expected)

    def test_import_under_cost_says_why(self):
        Offer = self.as_user(self.env["product.template"], "manager")
        result = Offer.load(["name", "pg_sku_id", "list_price"], [["Ten", "FIX10", "9"]])
        self.assertFalse(result["ids"])
        self.assertIn("under cost", result["messages"][0]["message"])
