from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase

CREATE = "POST /v2/checkout/orders"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"


@tagged("post_install", "-at_install", "pg")
class TestPayPalConversion(PayPalCase):
    """PGK cannot be charged at PayPal: another currency is, at a rate that is kept."""

    def setUp(self):
        super().setUp()
        self.provider.settlement_currency_id = self.usd

    def create_tx(self, amount=10.0, provider=None, currency=None, **values):
        return super().create_tx(amount, provider, currency or self.pgk, **values)

    def set_rate(self, rate):
        self.usd.rate_ids.filtered(lambda row: not row.company_id).write({"rate": rate})

    def find_refund_values(self, tx):
        rows = self.sandbox.refunds(self.account)
        return [
            Decimal(row["amount"]["value"])
            for row in rows
            if (row.get("custom_id") or "").startswith(f"R-{tx.reference}")
        ]

    def test_shown_before_and_charged_exactly(self):
        conversion = self.provider._pg_get_conversion(10.0, self.pgk, self.seller)
        self.assertEqual((conversion.amount, conversion.currency), (Decimal("10.0"), "PGK"))
        # 10 × 0.2585 = 2.585
        self.assertEqual(
            (conversion.charged, conversion.charged_currency), (Decimal("2.59"), "USD")
        )
        self.assertEqual(conversion.rate, Decimal("0.2585"))
        tx = self.create_open_tx()
        self.assertEqual((tx.gateway_amount, tx.gateway_currency_id), (2.59, self.usd))
        self.assertEqual(tx.gateway_conversion_rate, 0.2585)
        (unit,) = self.find_order(tx)["purchase_units"]
        self.assertEqual(unit["amount"], {"currency_code": "USD", "value": "2.59"})
        self.assertIsNone(self.provider._pg_get_conversion(10.0, self.usd, self.seller))

    def test_paid_and_the_fee_rate_leads_back_to_our_currency(self):
        tx = self.create_paid_tx(amount=100.0)
        self.assertEqual((tx.amount, tx.currency_id), (100.0, self.pgk))
        self.assertEqual(tx.gateway_fee_currency_id, self.usd)
        self.assertEqual(tx.gateway_rate, 0.2585)

    def test_rate_stays_when_odoo_has_another(self):
        tx = self.create_open_tx(amount=100.0)
        first = tx.pg_checkout_ref
        self.set_rate(0.5)
        tx._get_processing_values()
        self.assertEqual((tx.pg_checkout_ref, tx.gateway_amount), (first, 25.85))
        self.pay(tx)
        tx._pg_refresh("return", is_new_approval=True)
        self.run_captures()
        self.assertEqual(tx.state, "done")
        refund = tx._refund()
        self.run_refunds()
        self.assertEqual((refund.state, refund.gateway_amount), ("done", 25.85))

    def test_refunds_to_the_last_cent(self):
        tx = self.create_paid_tx(amount=10.0)
        for amount in (3.33, 3.33, 3.34):
            refund = tx._refund(amount)
            self.run_refunds()
            self.assertEqual(refund.state, "done", refund.state_message)
            self.assertEqual(refund.amount, -amount)
        # 3.33 × 0.2585 = 0.86, and the last one takes what is left of 2.59.
        self.assertEqual(
            self.find_refund_values(tx), [Decimal("0.86"), Decimal("0.86"), Decimal("0.87")]
        )
        self.assertEqual(tx._pg_get_refundable(), Decimal(0))
        self.assertEqual(tx._pg_get_refundable_at_gateway(), Decimal(0))

    def test_many_small_refunds_to_the_last_cent(self):
        tx = self.create_paid_tx(amount=1.0)
        self.assertEqual(tx.gateway_amount, 0.26)
        for _ in range(10):
            tx._refund(0.1)
        self.run_refunds()
        self.assertEqual(sum(self.find_refund_values(tx)), Decimal("0.26"))
        self.assertEqual(set(tx.child_transaction_ids.mapped("state")), {"done"})

    def test_part_that_is_too_small_is_refused(self):
        tx = self.create_paid_tx(amount=10.0)
        with self.assertRaises(ValidationError):
            tx._refund(0.01)
        self.assertFalse(tx.child_transaction_ids)

    def test_dashboard_refund_in_the_charged_currency(self):
        tx = self.create_paid_tx(amount=10.0)
        for value in ("1.00", "1.59"):
            self.sandbox.refund_in_dashboard(self.account, tx.pg_payment_ref, value)
            self.post_event(self.find_event("PAYMENT.CAPTURE.REFUNDED", tx))
        refunds = tx.child_transaction_ids.sorted("id")
        self.assertEqual(refunds.mapped("state"), ["done", "done"])
        self.assertEqual(refunds.mapped("gateway_amount"), [1.0, 1.59])
        # 1 / 0.2585 = 3.868…; the rest is the rest.
        self.assertEqual(refunds.mapped("amount"), [-3.87, -6.13])

    @mute_logger(FLAG_LOGGER)
    def test_another_amount_is_not_accepted(self):
        tx = self.create_approved_tx(amount=10.0)
        tx._pg_refresh("test")
        call = f"POST /v2/checkout/orders/{tx.pg_checkout_ref}/capture"
        self.sandbox.add_fault(self.account, call, "wrong_amount", amount=258)
        self.run_captures()
        self.assertEqual(tx.state, "error")
        self.assertIn("2.58", tx.pg_attention)

    def test_changed_amount_is_charged_anew(self):
        tx = self.create_open_tx(amount=10.0)
        first = tx.pg_checkout_ref
        tx.amount = 20.0
        tx._get_processing_values()
        self.assertNotEqual(tx.pg_checkout_ref, first)
        self.assertEqual(tx.gateway_amount, 5.17)

    def test_whole_units_of_the_charged_currency(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": yen.id, "company_id": False, "name": "2020-01-01", "rate": 39.87}
        )
        self.provider.settlement_currency_id = yen
        tx = self.create_paid_tx(amount=10.0)
        self.assertEqual(tx.gateway_amount, 399.0)
        (capture,) = self.find_captures(tx)
        self.assertEqual(capture["amount"], {"currency_code": "JPY", "value": "399"})

    def test_currencies_of_the_pacific_are_converted_or_refused(self):
        before = self.count_calls(CREATE)
        for name, rate in (("VUV", 30.5), ("XPF", 28.1), ("KWD", 0.0795), ("ISK", 35.2)):
            currency = self.env.ref(f"base.{name}")
            currency.active = True
            tx = self.create_tx(amount=100.0, currency=currency)
            tx._get_processing_values()
            self.assertEqual(tx.state, "error", "Without a rate there is no conversion")
            self.env["res.currency.rate"].create(
                {"currency_id": currency.id, "name": "2020-01-01", "rate": rate}
                | {"company_id": self.seller.id}
            )
            charged = (Decimal(100) * Decimal("0.2585") / Decimal(str(rate))).quantize(
                Decimal("0.01")
            )
            tx = self.create_open_tx(amount=100.0, currency=currency)
            self.assertEqual(Decimal(str(tx.gateway_amount)), charged, name)
        self.assertEqual(self.count_calls(CREATE), before + 4)

    def test_without_a_currency_to_convert_to_it_is_not_offered(self):
        Provider = self.env["payment.provider"]
        offered = dict(company_id=self.seller.id, partner_id=self.payer.id, amount=10.0)
        find = lambda: Provider._get_compatible_providers(  # noqa: E731
            *offered.values(), currency_id=self.pgk.id
        )
        self.assertIn(self.provider, find())
        self.provider.settlement_currency_id = False
        self.assertNotIn(self.provider, find())
        with self.assertRaises(UserError):
            self.provider._pg_get_conversion(10.0, self.pgk, self.seller)
        tx = self.create_tx()
        before = self.count_calls(CREATE)
        tx._get_processing_values()
        self.assertEqual((tx.state, self.count_calls(CREATE)), ("error", before))

    def test_only_chargeable_currencies_can_be_chosen(self):
        with self.assertRaises(ValidationError):
            self.provider.settlement_currency_id = self.pgk
