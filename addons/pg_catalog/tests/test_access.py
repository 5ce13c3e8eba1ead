from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import CatalogueCase

WRITERS = ("manager", "admin")
READERS = ("viewer", "operator")


@tagged("post_install", "-at_install", "pg")
class TestAccess(CatalogueCase):
    """Pairs: what each role may do, and what it is refused with nothing changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.offer("FIX10")
        cls.theirs = cls.offer("FIX10", cls.other_seller)
        cls.own_supplier, cls.their_supplier = cls.env["pg.supplier"].create(
            [
                {"name": "Own", "company_id": cls.seller.id},
                {"name": "Theirs", "company_id": cls.other_seller.id},
            ]
        )
        cls.their_supplier._apply_feed(cls.feed)
        cls.platform = new_test_user(
            cls.env,
            login="platform",
            groups="pg_base.group_platform_admin",
            company_id=cls.seller.id,
            company_ids=[Command.set((cls.seller + cls.other_seller).ids)],
        )

    def test_everyone_reads_shared_and_own_only(self):
        for role in READERS + WRITERS:
            with self.subTest(role=role):
                suppliers = self.as_user(self.env["pg.supplier"], role).search([])
                self.assertIn(self.supplier, suppliers)
                self.assertIn(self.own_supplier, suppliers)
                self.assertNotIn(self.their_supplier, suppliers)
                for model in ("pg.operator", "pg.sku", "pg.sku.price"):
                    records = self.as_user(self.env[model], role).search([])
                    self.assertTrue(records)
                    self.assertFalse(records.company_id)
                offers = self.as_user(self.env["product.template"], role).search(
                    [("pg_is_offer", "=", True)]
                )
                self.assertEqual(offers, self.mine)
                with self.assertRaises(AccessError):
                    self.as_user(self.theirs, role).read(["name"])
                with self.assertRaises(AccessError):
                    self.as_user(self.theirs.product_variant_id, role).read(["name"])
                with self.assertRaises(AccessError):
                    self.as_user(self.find_sku("FIX10", self.their_supplier), role).read(["name"])

    def test_offers_are_written_from_manager_on(self):
        for role in WRITERS:
            self.as_user(self.mine, role).list_price = 15
            created = self.as_user(self.env["product.template"], role).create(
                {"pg_sku_id": self.find_sku("FIX20").id, "pg_margin_percent": 10}
            )
            self.assertEqual((created.company_id, created.list_price), (self.seller, 22.0))
            created.active = False
        for role in READERS:
            with self.subTest(role=role):
                count = self.env["product.template"].search_count([])
                with self.assertRaises(AccessError):
                    self.as_user(self.mine, role).list_price = 20
                with self.assertRaises(AccessError):
                    self.as_user(self.mine, role).action_pg_pause()
                with self.assertRaises(AccessError):
                    self.as_user(self.env["product.template"], role).create(
                        {"pg_sku_id": self.find_sku("FIX20").id, "pg_margin_percent": 10}
                    )
                with self.assertRaises(AccessError):
                    self.as_user(self.env["pg.offer.add"], role).create({})
                self.assertEqual((self.mine.list_price, self.mine.sale_ok), (15, True))
                self.assertEqual(self.env["product.template"].search_count([]), count)
        with self.assertRaises(AccessError):
            self.as_user(self.theirs, "admin").list_price = 20

    def test_nobody_deletes_offers(self):
        for role in READERS + WRITERS:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.mine, role).unlink()
        self.assertTrue(self.mine.exists())

    def test_own_supplier_is_written_by_the_admin(self):
        self.as_user(self.own_supplier, "admin").max_in_flight = 5
        for role in (*READERS, "manager"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.own_supplier, role).max_in_flight = 9
        self.assertEqual(self.own_supplier.max_in_flight, 5)
        created = self.as_user(self.env["pg.supplier"], "admin").create({"name": "Second"})
        self.assertEqual(created.company_id, self.seller)

    def test_shared_supplier_is_written_by_the_platform_only(self):
        for role in READERS + WRITERS:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.supplier, role).max_in_flight = 9
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.supplier, role).action_sync()
        with self.assertRaises(AccessError):
            self.as_user(self.env["pg.supplier"], "admin").create(
                {"name": "Shared too", "company_id": False}
            )
        with self.assertRaises(AccessError):
            self.as_user(self.own_supplier, "admin").company_id = False
        self.assertEqual(self.supplier.max_in_flight, 20)
        self.supplier.with_user(self.platform).max_in_flight = 7
        self.assertEqual(self.supplier.max_in_flight, 7)

    def test_nobody_writes_what_the_sync_writes(self):
        sku = self.find_sku("FIX10")
        for record in (sku, sku.operator_id, sku.price_ids):
            for role in READERS + WRITERS:
                with self.subTest(record=record, role=role), self.assertRaises(AccessError):
                    self.as_user(record, role).write({"active": False})
        with self.assertRaises(AccessError):
            sku.with_user(self.platform).write({"send_min": 0.01})
        self.assertEqual(sku.send_min, 2.5)

    def test_quotes_with_a_viewers_rights(self):
        """Whoever may see an offer may be quoted its price."""
        self.assertEqual(str(self.as_user(self.mine, "viewer")._pg_quote().cost), "10.00")
