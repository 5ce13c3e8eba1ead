from lxml import etree
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CatalogueCase

READERS = ("viewer", "operator")
WRITERS = ("manager", "admin")


@tagged("post_install", "-at_install", "pg")
class TestWizardAccess(CatalogueCase):
    """Who may open a wizard, and that nobody sees another person's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.offer("FIX10")
        cls.theirs = cls.offer("FIX10", cls.other_seller)

    def wizards(self, role, company=None):
        """Return what each wizard is made of, as a person of a seller opens it."""
        offer = self.theirs if company == self.other_seller else self.mine
        operator = self.find_sku("FIX20").operator_id

        def make(name, **values):
            return self.as_user(self.env[name], role, company).create(values)

        add = make("pg.offer.add", operator_id=operator.id)
        bulk = self.as_user(self.env["pg.offer.bulk"], role, company).create(
            {"operation": "pause", "offer_ids": offer.ids}
        )
        preferences = make("pg.offer.preferences")
        return [add, add.line_ids[0], bulk, bulk.line_ids[0], preferences]

    def test_wizards_that_write_are_for_managers(self):
        for role in WRITERS:
            with self.subTest(role=role):
                self.assertEqual([len(wizard) for wizard in self.wizards(role)], [1] * 5)
        names = [wizard._name for wizard in self.wizards("manager")]
        for role in READERS:
            for name in names:
                with self.subTest(role=role, name=name), self.assertRaises(AccessError):
                    self.as_user(self.env[name], role).create({})

    def test_nobody_sees_the_wizard_of_another_seller(self):
        Explain = self.as_user(self.env["pg.price.explain"], "viewer", self.other_seller)
        explain = Explain.create({"offer_id": self.theirs.id})
        made = [*self.wizards("manager", self.other_seller), explain, explain.step_ids[0]]
        self.env.flush_all()
        for wizard in made:
            for role in WRITERS:
                with self.subTest(name=wizard._name, role=role):
                    self.assertFalse(
                        self.as_user(self.env[wizard._name], role).search([("id", "=", wizard.id)])
                    )
                    with self.assertRaises(AccessError):
                        self.as_user(wizard, role).read(["create_date"])

    def test_price_list_of_another_seller_is_not_explained(self):
        own, theirs = self.env["product.pricelist"].create(
            [
                {"name": name, "company_id": company.id, "currency_id": self.pgk.id}
                for name, company in (("Ours", self.seller), ("Secret", self.other_seller))
            ]
        )
        Explain = self.as_user(self.env["pg.price.explain"], "viewer")
        wizard = Explain.create({"offer_id": self.mine.id, "pricelist_id": own.id})
        self.assertIn("Price list “Ours”", wizard.step_ids.mapped("label"))
        wizard = Explain.create({"offer_id": self.mine.id, "pricelist_id": theirs.id})
        self.assertIn("another organisation", wizard.problem)
        self.assertFalse(wizard.step_ids)

    def test_who_may_create_offers_may_import_them(self):
        """Odoo shows "Import records" where a list may create."""
        view = self.env.ref("pg_catalog.pg_offer_view_list")
        for role in READERS + WRITERS:
            Offer = self.as_user(self.env["product.template"], role)
            arch = etree.fromstring(Offer.get_view(view.id, "list")["arch"])
            may_create = arch.get("create", "1").lower() not in ("0", "false")
            with self.subTest(role=role):
                self.assertEqual(may_create, role in WRITERS)
                self.assertIsNone(arch.get("import"))
        self.assertEqual(arch.get("js_class"), "pg_offer_list")
        (template,) = Offer.with_context(pg_offer_list=True).get_import_templates()
        self.assertEqual(template["template"], "/pg_catalog/static/offers_import.csv")
        self.assertNotEqual(Offer.get_import_templates()[0]["template"], template["template"])
