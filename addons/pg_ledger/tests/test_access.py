from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..worker.sequencer import sequence_company
from .common import LedgerCase

READ = ("entry", "posting", "chain", "conflict", "mirror", "verify", "verify.finding", "seal")


@tagged("post_install", "-at_install", "pg")
class TestAccess(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = {}
        for company in (cls.seller, cls.other_seller):
            cls.records[company] = cls._fill(company)

    @classmethod
    def _fill(cls, company):
        """Make one record of each model in a company."""
        entry = cls.post(company=company)
        sequence_company(cls.env.cr, company.id)
        owned = {"company_id": company.id}
        verify = cls.env["pg.ledger.verify"].create(
            owned | {"finding_ids": [(0, 0, {"kind": "extra", "seq": 1})]}
        )
        return {
            "entry": entry,
            "posting": entry.posting_ids,
            "chain": entry.chain_ids,
            "conflict": cls.env["pg.ledger.conflict"].create(owned | {"kind": "refused", "seq": 1}),
            "mirror": cls.env["pg.ledger.mirror"].create(owned),
            "verify": verify,
            "verify.finding": verify.finding_ids,
            "seal": cls.env["pg.ledger.seal"]._seal(
                company, date(2026, 1, 1), Ed25519PrivateKey.generate()
            ),
        }

    def test_each_role_reads_its_own_company_only(self):
        for role in ("viewer", "operator", "manager", "admin"):
            for name in READ:
                with self.subTest(role=role, model=name):
                    model = self.as_user(self.env[f"pg.ledger.{name}"], role)
                    own = self.records[self.seller][name]
                    self.assertEqual(model.search([]), own)
                    own.with_user(model.env.user).read()
                    with self.assertRaises(AccessError):
                        self.records[self.other_seller][name].with_user(model.env.user).read()

    def test_balances_of_another_company_are_empty(self):
        model = self.as_user(self.env["pg.ledger.posting"], "viewer")
        self.assertEqual(len(model._balances(self.seller)), 2)
        self.assertEqual(model._balances(self.other_seller), [])

    def test_no_role_writes(self):
        for role in ("viewer", "operator", "manager", "admin"):
            for name in READ:
                record = self.as_user(self.records[self.seller][name], role)
                with self.subTest(role=role, model=name):
                    with self.assertRaises(UserError):
                        record.write({"company_id": self.other_seller.id})
                    with self.assertRaises(UserError):
                        record.unlink()
                    with self.assertRaises(UserError):
                        record.create({"company_id": self.seller.id})
        self.assertTrue(all(r.exists() for r in self.records[self.seller].values()))

    def test_only_admins_write_the_reason(self):
        conflict = self.records[self.seller]["conflict"]
        with self.assertRaises(AccessError):
            self.as_user(conflict, "manager").reason = "no"
        self.as_user(conflict, "admin").reason = "yes"
        with self.assertRaises(AccessError):
            self.as_user(conflict, "manager").action_resolve()
        self.as_user(conflict, "admin").action_resolve()
        self.assertEqual(conflict.state, "resolved")
        with self.assertRaises(UserError):
            self.as_user(conflict, "admin").reason = "another"

    def test_every_screen_opens_for_viewers(self):
        menu = self.env.ref("pg_ledger.menu_ledger")
        empty = self.env.ref("pg_ledger.action_recoveries")
        # adjusting is an administrator's question, see test_adjust
        children = menu.child_id - self.env.ref("pg_ledger.menu_adjust")
        actions = [child.action for child in children]
        self.assertEqual(len(actions), 10)
        for action in actions:
            model = self.as_user(self.env[action.res_model], "viewer")
            views = [(False, mode) for mode in (*action.view_mode.split(","), "search")]
            with self.subTest(model=action.res_model):
                found = model.get_views(views)["views"]
                fields = [name for name in model._fields if name in found["list"]["arch"]]
                self.assertEqual(bool(model.search_read([], fields)), action != empty)

    def test_plain_users_see_nothing(self):
        user = new_test_user(self.env, login="plain-ledger", groups="base.group_user")
        for name in (*READ, "outbox"):
            with self.subTest(model=name), self.assertRaises(AccessError):
                self.env[f"pg.ledger.{name}"].with_user(user).search([])
