import json
import logging
from decimal import Decimal as D
from unittest.mock import patch

from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_dingconnect import const
from odoo.addons.pg_dingconnect.adapter import DingConnectPort
from odoo.tests import tagged

from .common import DingCase

# Last digit of Ding's test number → what it stands for (contract of the test endings).
ENDINGS = {
    1: (Throttled, "RateLimited", ""),
    2: (Unknown, "TransientProviderError", "ProviderTimedOut"),
    3: (Rejected, "TransientProviderError", "ProviderRefusedRequest"),
    4: (Rejected, "ProviderError", "ProductUnavailable"),
    5: (Rejected, "AccountNumberInvalid", "ProviderRefusedRequest"),
    6: (Rejected, "ProviderError", "ProviderTemporarilyUnavailable"),
    7: (Rejected, "InsufficientBalance", ""),
    8: (Rejected, "AccountNumberInvalid", "AccountNumberFailedRegex"),
    9: (Rejected, "ProviderError", "RechargeNotAllowed"),
}
TEMPORARY = {3, 6, 7}


@tagged("post_install", "-at_install", "pg")
class TestTransfer(DingCase):
    def send(self, expected=None, **values):
        """Send; return (request, record or the exception of the expected class)."""
        request = self.request(**values)
        if expected is None:
            return request, self.port.transfer(request)
        with self.assertRaises(expected) as caught:
            self.port.transfer(request)
        self.assertIs(type(caught.exception), expected)
        return request, caught.exception

    # === DELIVERED === #

    def test_delivered(self):
        request, record = self.send()
        self.assertEqual(record.state, "completed")
        self.assertEqual(record.reference, request.reference)
        self.assertEqual(record.account_number, "67572345678")
        self.assertEqual((record.send_value, record.receive_value), (D("2.86"), D("10.00")))
        self.assertNotIn(record.transfer_ref, ("", "0"))
        self.assertIsNotNone(record.completed_at)
        (transfer,) = self.executed()
        self.assertEqual(transfer["transfer_ref"], record.transfer_ref)
        (call,) = self.calls("SendTransfer")
        self.assertIn("ValidateOnly", json.dumps(call))

    def test_other_spellings_and_new_fields(self):
        for kind in ("completed_spelling", "extra_fields"):
            with self.subTest(kind=kind):
                self.fault(kind)
                request, record = self.send(reference=f"T-{kind}")
                self.assertEqual(record.state, "completed")
        self.assertEqual(len(self.executed()), 2)

    def test_range_amount(self):
        _request, record = self.send(sku_code="PG_DC_TopUp", send_value=D("14.29"))
        self.assertEqual((record.send_value, record.receive_value), (D("14.29"), D("50.02")))

    def test_batch_is_open_first(self):
        _request, record = self.send(sku_code="DCPG51880", send_value=D("28.58"))
        self.assertEqual(record.state, "open")
        self.assertEqual(len(self.calls("SendTransfer")), 1)

    # === TEST ENDINGS === #

    def test_every_ending(self):
        for ending, (expected, code, context) in ENDINGS.items():
            with self.subTest(ending=ending):
                _request, error = self.send(expected, number=f"6757000000{ending}")
                self.assertEqual((error.code, error.context), (code, context))
                if expected is Rejected:
                    self.assertIs(error.temporary, ending in TEMPORARY)
        self.assertEqual(self.executed(), [])
        self.assertEqual(len(self.calls("SendTransfer")), 9, "No send is tried again.")
        _request, record = self.send(number="67570000000")
        self.assertEqual(record.state, "completed")

    # === FAULTS === #

    def test_executed_but_unknown(self):
        """The answer is lost after the money moved: once sent, once found, never sent again."""
        for kind in ("lose_answer", "garbled", "empty", "http_500_after"):
            with self.subTest(kind=kind):
                self.fault(kind)
                before = len(self.executed())
                request, _error = self.send(Unknown, reference=f"T-{kind}")
                self.assertEqual(len(self.executed()), before + 1)
                found = self.port.find_transfers(reference=request.reference)
                self.assertEqual([record.state for record in found], ["completed"])
                self.assertEqual(found[0].sku_code, request.sku_code)
        self.assertEqual(len(self.calls("SendTransfer")), 4)

    def test_not_executed_but_unknown(self):
        for kind in ("http_500", "http_500_html"):
            with self.subTest(kind=kind):
                self.fault(kind)
                request, _error = self.send(Unknown, reference=f"T-{kind}")
                self.assertEqual(self.port.find_transfers(reference=request.reference), [])
        self.assertEqual(self.executed(), [])
        self.assertEqual(len(self.calls("SendTransfer")), 2)

    def test_firewall(self):
        self.fault("html_403")
        _request, error = self.send(NotSent)
        self.assertEqual(error.status, 403)
        self.assertEqual(self.executed(), [])

    def test_throttled(self):
        self.fault("throttle")
        self.send(Throttled)
        self.assertEqual(self.executed(), [])

    def test_wrong_key(self):
        port = DingConnectPort(self.url, "ding_test_wrong")
        with self.assertRaises(NotSent) as caught:
            port.transfer(self.request())
        self.assertEqual(caught.exception.code, "AuthenticationFailed")
        self.assertEqual(self.executed(), [])

    def test_nobody_listens(self):
        port = DingConnectPort("http://127.0.0.1:9", "k")
        with self.assertRaises(NotSent):
            port.transfer(self.request())

    # === REFUSED === #

    def test_wrong_requests(self):
        for values, code, context in (
            ({"sku_code": "NOPE"}, "ParameterInvalid", "SkuCode"),
            ({"send_value": D("3")}, "ParameterCombinationInvalid", ""),
            ({"number": "+4915112345678"}, "AccountNumberInvalid", "AccountNumberFailedRegex"),
            (
                {"sku_code": "PG_DC_TopUp", "send_value": D("75.01")},
                "ParameterOutOfRange",
                "SendValue",
            ),
        ):
            with self.subTest(**values):
                _request, error = self.send(Rejected, **values)
                self.assertEqual((error.code, error.context), (code, context))
                self.assertFalse(error.temporary)
        self.assertEqual(self.executed(), [])

    def test_finer_amounts_are_not_even_sent(self):
        self.send(Rejected, send_value=D("2.861"))
        self.assertEqual(self.calls("SendTransfer"), [])

    def test_no_money(self):
        self.sandbox.update(self.account, balance="0.00")
        self.addCleanup(self.sandbox.update, self.account, balance="1000.00")
        _request, error = self.send(Rejected)
        self.assertEqual(
            (error.code, error.temporary, error.status), ("InsufficientBalance", True, 500)
        )
        self.assertEqual(self.executed(), [])

    # === LOOKING UP === #

    def test_a_double_payment_shows_up(self):
        """DingConnect pays a repeated reference twice; the look-up shows both."""
        request, _record = self.send()
        self.port.transfer(request)
        found = self.port.find_transfers(reference=request.reference, take=2)
        self.assertEqual(len(found), 2)
        self.assertEqual(len({record.transfer_ref for record in found}), 2)

    def test_paging(self):
        self.sandbox.update(self.account, max_take=100)
        for number in range(5):
            self.send(number=f"+6757234567{number}", reference="T-paging")
        self.assertEqual(len(self.port.find_transfers(reference="T-paging", take=10)), 5)
        self.assertEqual(len(self.port.find_transfers(reference="T-paging", take=3)), 3)
        (one,) = self.port.find_transfers(reference="T-paging", account_number="+67572345673")
        self.assertEqual(one.account_number, "67572345673")

    def test_several_pages(self):
        for number in range(5):
            self.send(number=f"+6757234567{number}", reference="T-pages")
        with patch.object(const, "PAGE_SIZE", 2):
            found = self.port.find_transfers(reference="T-pages", take=10)
        self.assertEqual(len({record.transfer_ref for record in found}), 5)
        self.assertEqual(len(self.calls("ListTransferRecords")), 3)

    def test_reads_are_tried_again(self):
        self.fault("http_500", on="ListTransferRecords", times=2)
        self.assertEqual(self.port.find_transfers(reference="none"), [])
        self.assertEqual(len(self.calls("ListTransferRecords")), 3)
        self.fault("lose_answer", on="ListTransferRecords", times=3)
        with self.assertRaises(Unknown):
            self.port.find_transfers(reference="none")
        self.assertEqual(len(self.calls("ListTransferRecords")), 6)

    def test_refused_reads_are_not_tried_again(self):
        self.fault("refuse", on="GetBalance", code="AuthenticationFailed")
        with self.assertRaises(NotSent):
            self.port.balance()
        self.assertEqual(len(self.calls("GetBalance")), 1)

    # === LOG === #

    def test_log_line(self):
        """One line a call: method, correlation id, outcome, masked number; never the key."""
        with self.assertLogs("odoo.addons.pg_dingconnect.transport", logging.INFO) as logs:
            self.send()
            self.send(Rejected, number="67570000004", reference="T-log")
        text = "\n".join(logs.output)
        self.assertEqual(len(logs.output), 2)
        self.assertRegex(logs.output[0], r"SendTransfer [0-9a-f-]{36}: status 200, ok in \d+ ms")
        self.assertIn("6757••••5678", logs.output[0])
        self.assertIn("Rejected ProviderError ProductUnavailable", logs.output[1])
        for secret in (self.api_key, "67572345678", "67570000004"):
            self.assertNotIn(secret, text)

    def test_every_failure_is_one_of_the_four(self):
        for kind in ("lose_answer", "http_500_html", "html_403", "garbled", "throttle"):
            self.fault(kind, on="GetBalance", times=3)
            with self.subTest(kind=kind), self.assertRaises(OutsideError):
                self.port.balance()
            self.sandbox.clear_faults(self.account)
