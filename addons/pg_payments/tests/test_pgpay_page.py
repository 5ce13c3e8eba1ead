from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_pgpay import MASKED, PgpayCase

START_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_push"
FORM = "/payment/pgpay/approve/start/"


@tagged("post_install", "-at_install", "pg")
class TestPgpayPage(PgpayCase):
    """The payer says how to pay, then approves on the phone."""

    def test_redirect_form_leads_to_our_page_without_a_call(self):
        tx = self.create_tx()
        before = len(self.sandbox.calls(self.account))
        html = tx._get_processing_values()["redirect_form_html"]
        self.assertIn(f"/payment/pgpay/approve/{tx.reference}", html)
        self.assertIn("access_token", html)
        self.assertEqual(len(self.sandbox.calls(self.account)), before)
        self.assertEqual(tx.state, "draft")
        self.assertFalse(tx.pg_next_poll_at)

    def test_handset(self):
        tx = self.create_tx(amount=12.5)
        page = self.open_page(tx)
        self.assertIn(FORM, page)
        for name in ("CellMoni", "BSP Wantok Wallet", "M-PAiSA", "BSP Pay"):
            self.assertIn(name, page)
        page = self.post_page(tx, "start", channel="micash", number="7000 1234").text
        self.assertIn(MASKED, page)
        self.assertIn("Approve on your phone", page)
        self.assertNotIn("70001234", page)
        self.assertEqual((tx.state, tx.payment_method_id.code), ("pending", "pgpay_micash"))
        row = self.find_payment(tx)
        self.assertEqual((row["amount"], row["channel"]), (1250, "micash"))
        self.assertEqual(row["payer"]["msisdn"], "+67570001234")
        self.pay(tx, "approve")
        self.assertEqual(self.ask_status(tx)["step"], "handset", "Asked a moment ago")
        tx.pg_asked_at = False
        self.assertEqual(self.ask_status(tx), {"step": "done", "state": "done"})
        page = self.open_page(tx)
        self.assertIn("Paid, thank you", page)
        self.assertIn(tx.gateway_receipt, page)
        self.assertNotIn(FORM, page)

    def test_one_handset_has_one_key_however_it_is_typed(self):
        """What a limit by card or account counts: the number that was asked, never readable."""
        keys = []
        for number in ("7000 1234", "+675 70001234", "7000 9999"):
            tx = self.create_open_tx(number=number)
            keys.append(tx.pg_payer_key)
            self.pay(tx, "approve")
            tx._pg_refresh("test")
            self.assertEqual((tx.state, tx.pg_payer_key), ("done", keys[-1]))
        self.assertEqual([len(key) for key in keys], [32] * 3)
        self.assertEqual((keys[0] == keys[1], keys[0] == keys[2]), (True, False))

    def ask_status(self, tx):
        self.env.flush_all()
        answer = self.url_open(self.get_page_url(tx, "status"))
        self.env.invalidate_all()
        return answer.json()

    def test_code_to_dial(self):
        tx = self.create_tx()
        page = self.post_page(tx, "start", channel="kina_bank", number="70001234").text
        self.assertIn("*525#", page)
        self.assertIn("tel:*525%23", page)

    def test_page_of_the_channel(self):
        tx = self.create_tx()
        answer = self.post_page(tx, "start", follow=False, channel="bsp_pay")
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(answer.headers["Location"], self.find_payment(tx)["checkout_url"])
        self.assertEqual(tx.state, "draft")
        self.assertIn("Continue at BSP Pay", self.open_page(tx))
        answer = self.sandbox.pay(tx.pg_checkout_ref, "approve")
        self.env.flush_all()
        self.url_open(answer["url"], allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(tx.state, "done")

    def test_number_is_needed_and_checked(self):
        tx = self.create_tx()
        for number in ("", "123", "hello"):
            page = self.post_page(tx, "start", channel="cellmoni", number=number).text
            self.assertIn("Please check the phone number", page)
        self.assertIn("Please choose", self.post_page(tx, "start", channel="nothing").text)
        self.assertEqual((tx.state, tx.pg_checkout_ref), ("draft", False))
        self.assertEqual(len(self.sandbox.payments(self.account)), 0)

    def test_two_clicks_are_one_payment(self):
        tx = self.create_tx()
        for number in ("70001234", "70009999"):
            self.post_page(tx, "start", channel="cellmoni", number=number)
        self.assertEqual(len(self.sandbox.payments(self.account)), 1)
        self.assertEqual(tx.pg_payer_mask, MASKED)

    def test_wrong_token_opens_nothing(self):
        tx, other = self.create_tx(), self.create_tx()
        token = other._pg_make_page_token()
        path = f"/payment/pgpay/approve/{tx.reference}"
        for bad in ("", "x", token):
            self.assertEqual(self.url_open(f"{path}?access_token={bad}").status_code, 404)
            for action in ("start", "withdraw"):
                answer = self.url_open(
                    f"/payment/pgpay/approve/{action}/{tx.reference}",
                    data={"access_token": bad, "channel": "cellmoni", "number": "70001234"},
                )
                self.assertEqual(answer.status_code, 404)
        self.assertEqual(len(self.sandbox.payments(self.account)), 0)
        self.assertEqual(tx.state, "draft")

    @mute_logger(START_LOGGER)
    def test_refusals_in_plain_words(self):
        table = {
            "amount_above_maximum": "too large",
            "msisdn_invalid": "not a number of this operator",
            "channel_not_enabled": "not available now",
            "operator_unavailable": "does not answer",
        }
        tx = self.create_tx()
        for code, words in table.items():
            self.sandbox.add_fault(self.account, "POST /v1/payments", "refuse", code=code)
            page = self.post_page(tx, "start", channel="cellmoni", number="70001234").text
            self.assertIn(words, page)
            self.assertIn(FORM, page)
            self.assertEqual((tx.state, tx.pg_is_unsure), ("draft", False))

    def test_approved_and_not_settled_yet(self):
        self.sandbox.update(self.account, settle_seconds=3600)
        tx = self.create_open_tx()
        self.assertFalse(tx._pg_is_confirming())
        self.pay(tx, "approve")
        tx._pg_refresh("test")
        self.assertEqual((tx.state, tx._pg_is_confirming()), ("pending", True))
        page = self.open_page(tx)
        self.assertIn("Confirming your payment", page)
        self.assertNotIn("withdraw", page)
        self.sandbox.finish_payment(self.account, tx.pg_checkout_ref, "succeeded")
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "done")

    def test_failures_in_plain_words(self):
        table = {
            "insufficient_funds": "not enough money",
            "payer_not_found": "has no wallet",
            "payer_not_registered": "not registered",
            "payer_limit_reached": "limit is reached",
            "payer_rejected": "You declined",
            "payer_timeout": "not approved in time",
            "pin_incorrect": "PIN was wrong",
            "otp_incorrect": "one-time code was wrong",
            "account_blocked": "is blocked",
            "operator_unavailable": "operator does not answer",
            "risk_declined": "declined this payment",
            "internal_error": "Something went wrong at the operator",
            "unknown": "did not go through",
        }
        for code, words in table.items():
            tx = self.create_open_tx()
            self.pay(tx, code)
            tx._pg_refresh("test")
            self.assertEqual((tx.state, tx.pg_failure), ("error", code))
            self.assertIn(words, tx.state_message)
        self.assertIn("did not go through", self.open_page(tx))

    def test_number_without_a_wallet_fails_at_once(self):
        tx = self.create_tx()
        page = self.post_page(tx, "start", channel="cellmoni", number="70000000").text
        self.assertIn("has no wallet", page)
        self.assertEqual(tx.state, "error")

    def test_payer_stops(self):
        tx = self.create_open_tx()
        page = self.post_page(tx, "withdraw").text
        self.assertIn("The payment was stopped", page)
        self.assertEqual((tx.state, self.find_payment(tx)["status"]), ("cancel", "cancelled"))
        late = self.create_open_tx()
        self.pay(late, "approve")
        self.post_page(late, "withdraw")
        self.assertEqual(late.state, "done", "It was approved before")
        early = self.create_tx()
        self.post_page(early, "withdraw")
        self.assertEqual(early.state, "cancel")

    @mute_logger(START_LOGGER)
    def test_lost_start_is_looked_up_until_it_is_known(self):
        tx = self.create_tx()
        self.sandbox.add_fault(self.account, "POST /v1/payments", "lose_answer")
        self.sandbox.add_fault(self.account, "GET /v1/payments", "http_500")
        page = self.post_page(tx, "start", channel="cellmoni", number="70001234").text
        self.assertIn("Confirming your payment", page)
        self.assertEqual((tx.state, tx.pg_is_unsure, tx.pg_checkout_ref), ("pending", True, False))
        self.post_page(tx, "start", channel="cellmoni", number="70001234")
        self.assertEqual(self.count_calls("POST /v1/payments"), 1, "Never asked for twice")
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual((tx.pg_is_unsure, bool(tx.pg_checkout_ref)), (False, True))
        self.assertEqual(tx.pg_action, "approve_on_handset")

    @mute_logger(START_LOGGER)
    def test_start_that_never_arrived_ends(self):
        tx = self.create_tx()
        self.sandbox.add_fault(self.account, "POST /v1/payments", "http_500")
        self.sandbox.add_fault(self.account, "GET /v1/payments", "http_500")
        self.post_page(tx, "start", channel="cellmoni", number="70001234")
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(tx.state, "pending")
        self.assertTrue(tx.pg_next_poll_at)
        tx.write({"pg_next_poll_at": "2020-01-01 00:00:00", "pg_started_at": "2020-01-01 00:00:00"})
        self.run_polls()
        self.assertEqual((tx.state, tx.pg_next_poll_at), ("cancel", False))

    def test_channels_are_those_of_the_merchant(self):
        self.sandbox.update(
            self.account, disabled_channels=["micash"], limits={"cellmoni": [100, 999]}
        )
        self.provider._pg_read_channels()
        page = self.open_page(self.create_tx(amount=10.0))
        for name in ("MiCash", "CellMoni"):
            self.assertNotIn(name, page)
        self.assertIn("M-PAiSA", page)

    def test_texts_of_a_payer_are_escaped(self):
        tx = self.create_tx()
        number = '"><script>alert(1)</script>'
        page = self.post_page(tx, "start", channel="cellmoni", number=number).text
        self.assertNotIn("<script>alert", page)

    def test_abandoned_before_the_start(self):
        tx = self.create_tx()
        tx._pg_abandon()
        self.assertEqual(tx.state, "cancel")
        self.post_page(tx, "start", channel="cellmoni", number="70001234")
        self.assertEqual(len(self.sandbox.payments(self.account)), 0)
