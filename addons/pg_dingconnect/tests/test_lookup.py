from odoo.fields import Command
from odoo.tests import tagged

from .common import DingCase

NUMBER = "67575345678"


@tagged("post_install", "-at_install", "pg")
class TestLookup(DingCase):
    """The queue of numbers that suppliers are asked about, against the sandbox."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier.country_ids = [Command.set(cls.env.ref("base.pg").ids)]
        cls.supplier._sync_catalogue()
        cls.Lookup = cls.env["pg.number.lookup"]

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("pg_catalog.cron_number_lookup").method_direct_trigger()
        self.env.invalidate_all()

    def want(self, number=NUMBER):
        self.Lookup._want(self.supplier, number)
        return self.Lookup.search(
            [("supplier_id", "=", self.supplier.id)], order="id desc", limit=1
        )

    def test_asked_once_by_the_job_only(self):
        lookup = self.want()
        self.want()
        self.assertEqual(self.calls("GetAccountLookup"), [])
        self.run_cron()
        self.run_cron()
        self.assertEqual(len(self.calls("GetAccountLookup")), 1)
        self.assertEqual((lookup.state, lookup.number), ("known", False))
        codes = self.port.lookup_number(NUMBER).operator_codes
        self.assertEqual(lookup.operator_codes, ",".join(codes))
        self.assertEqual(set(lookup._operators().mapped("code")), set(codes))

    def test_a_number_that_the_supplier_refuses(self):
        lookup = self.want("999123456789")
        self.run_cron()
        self.assertEqual((lookup.state, lookup.number), ("refused", False))
        self.assertFalse(lookup._operators())

    def test_no_answer_waits_for_the_next_run(self):
        first, second = self.want(), self.want("67570123456")
        self.fault("throttle", on="GetAccountLookup", times=1)
        self.run_cron()
        self.assertEqual(len(self.calls("GetAccountLookup")), 1, "It is left alone then.")
        self.assertEqual((first + second).mapped("state"), ["wanted", "wanted"])
        self.run_cron()
        self.assertEqual((first + second).mapped("state"), ["known", "known"])
