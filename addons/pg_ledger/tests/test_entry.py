import uuid
from datetime import datetime
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..exceptions import KeyConflict, LedgerError, Unbalanced
from ..postings import Balance, Posting
from ..worker import waker
from .common import LedgerCase


@tagged("post_install", "-at_install", "pg")
class TestEntry(LedgerCase):
    def test_post_writes_entry_postings_and_outbox(self):
        entry = self.post(
            occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678901), payload={"b": 1, "a": "é"}
        )
        self.check_now()
        self.assertEqual(entry.payload, '{"a":"é","b":1}')
        self.assertEqual(entry.occurred_at, datetime(2026, 1, 2, 3, 4, 5, 678000))
        self.assertEqual(
            entry.posting_ids.mapped(lambda leg: (leg.account, leg.amount, leg.currency_id.name)),
            [("gateway:stripe_checkout", 12.5, "USD"), ("customer", -12.5, "USD")],
        )
        self.assertEqual(entry.mirror_state, "waiting")
        waiting = self.env["pg.ledger.outbox"].search([("company_id", "=", self.seller.id)])
        self.assertEqual(waiting.entry_id, entry)

    def test_subject_numbers_its_entries(self):
        subject = str(uuid.uuid4())
        numbers = [self.post(subject=subject).subject_seq for _ in range(3)]
        self.assertEqual(numbers, [1, 2, 3])
        self.assertEqual(self.post().subject_seq, 1)
        entries = self.Entry._get_for_subject(subject)
        self.assertEqual(entries.mapped("subject_seq"), [1, 2, 3])

    def test_same_key_gives_the_same_entry(self):
        values = {"key": "paid:1", "subject": str(uuid.uuid4())}
        entry = self.post(**values)
        self.assertEqual(self.post(**values), entry)
        self.assertEqual(self.Entry.search_count([("key", "=", "paid:1")]), 1)
        self.assertEqual(len(entry.posting_ids), 2)
        self.assertEqual(
            self.env["pg.ledger.outbox"].search_count([("entry_id", "=", entry.id)]), 1
        )

    def test_same_key_for_another_event_is_refused(self):
        subject = str(uuid.uuid4())
        self.post(key="paid:1", subject=subject)
        for other in (
            {"postings": self.legs("12.51")},
            {"subject": str(uuid.uuid4())},
            {"kind": "refunded"},
        ):
            with self.assertRaises(KeyConflict):
                self.post(**({"key": "paid:1", "subject": subject} | other))
        self.assertEqual(self.Entry.search_count([("key", "=", "paid:1")]), 1)

    def test_key_is_free_in_another_company(self):
        self.post(key="paid:1")
        other = self.post(key="paid:1", company=self.other_seller)
        self.assertEqual(other.company_id, self.other_seller)

    def test_invalid_entries_are_refused_and_leave_nothing(self):
        usd = [Posting("customer", Decimal("1"), "USD", Decimal("1"))]
        before = self.Entry.search_count([])
        for expected, values in (
            (Unbalanced, {"postings": usd}),
            (Unbalanced, {"postings": usd * 2}),
            (
                Unbalanced,
                {"postings": [*usd, Posting("fx", Decimal("-1"), "EUR", Decimal("-1"))]},
            ),
            (LedgerError, {"postings": self.legs("1.00001")}),
            (LedgerError, {"postings": self.legs("0")}),
            (LedgerError, {"postings": self.legs("1", value="2")}),
            (LedgerError, {"postings": self.legs("NaN")}),
            (LedgerError, {"postings": [*usd, Posting("No", Decimal("-1"), "USD", Decimal("-1"))]}),
            (LedgerError, {"kind": "stolen"}),
            (LedgerError, {"key": ""}),
            (LedgerError, {"subject": "T-1"}),
            (LedgerError, {"payload": {"amount": 1.5}}),
            (LedgerError, {"payload": {"a.b": 1}}),
            (LedgerError, {"payload": {"text": "x" * 70000}}),
            (LedgerError, {"corrects": self.post(company=self.other_seller)}),
        ):
            with self.subTest(values=values), self.assertRaises(expected):
                self.post(**values)
        # The loop's own entry of the other company is the only new one.
        self.assertEqual(self.Entry.search_count([]), before + 1)

    def test_unknown_currency_is_refused(self):
        with self.assertRaises(LedgerError), self.env.cr.savepoint():
            self.post(key="odd", postings=self.legs("5", "XQQ", value="6"))
        self.assertFalse(self.Entry.search_count([("key", "=", "odd")]))

    def test_two_currencies_with_exact_values(self):
        entry = self.post(
            kind="delivered",
            postings=[
                Posting("customer", Decimal("0.1"), "USD", Decimal("0.1")),
                Posting("sales", Decimal("-0.1"), "USD", Decimal("-0.1")),
                Posting("cost", Decimal("0.3333"), "PGK", Decimal("0.0811")),
                Posting("supplier:one", Decimal("-0.3333"), "PGK", Decimal("-0.0811")),
            ],
        )
        self.check_now()
        self.assertEqual(len(entry.posting_ids), 4)
        self.assertIn(
            Balance("cost", "PGK", Decimal("0.3333"), Decimal("0.0811")),
            self.env["pg.ledger.posting"]._balances(self.seller),
        )

    def test_balances_are_exact_and_cut_by_account_and_time(self):
        for day in range(1, 11):
            self.post(postings=self.legs("0.1"), occurred_at=datetime(2026, 1, day))
        Posting_ = self.env["pg.ledger.posting"]
        self.assertEqual(
            [(b.account, b.amount) for b in Posting_._balances(self.seller)],
            [("customer", Decimal("-1.0")), ("gateway:stripe_checkout", Decimal("1.0"))],
        )
        self.assertEqual(
            Posting_._balances(self.seller, ["customer"], at=datetime(2026, 1, 4)),
            [Balance("customer", "USD", Decimal("-0.3"), Decimal("-0.3"))],
        )
        self.assertEqual(Posting_._balances(self.other_seller), [])

    def test_correction_names_the_old_entry(self):
        wrong = self.post()
        fixing = self.post(kind="adjustment", postings=self.legs("-12.50"), corrects=wrong)
        self.assertEqual(fixing.corrects_id, wrong)

    def test_mirror_is_woken_once_per_transaction(self):
        self.env.cr.postcommit.clear()
        for _ in range(3):
            self.post()
        self.assertEqual(len(self.env.cr.postcommit._funcs), 1)
        self.env.cr.postcommit.clear()

    def test_waker_asks_for_a_run_of_the_cron(self):
        cron = self.env.ref("pg_ledger.cron_mirror")
        triggers = [("cron_id", "=", cron.id)]
        count = self.env["ir.cron.trigger"].search_count(triggers)
        with self.enter_registry_test_mode():
            waker._notify(self.env.registry)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), count + 1)

    def test_posting_takes_one_statement(self):
        """An entry with its postings and its place in the outbox; nothing at commit."""
        self.post()
        with self.assertQueryCount(2):
            self.post()
            self.post()
            self.env.cr.flush()

    def test_only_the_system_posts(self):
        entry = self.post()
        user_entry = self.as_user(self.env["pg.ledger.entry"], "admin")
        with self.assertRaises(AccessError):
            user_entry._post(
                company=self.seller,
                kind="paid",
                key="x",
                subject=str(uuid.uuid4()),
                subject_ref="x",
                postings=self.legs(),
            )
        with self.assertRaises(UserError):
            self.Entry.create({"key": "x"})
        with self.assertRaises(UserError):
            entry.write({"key": "x"})
        with self.assertRaises(UserError):
            entry.unlink()
        self.assertFalse(self.Entry.search_count([("key", "=", "x")]))
