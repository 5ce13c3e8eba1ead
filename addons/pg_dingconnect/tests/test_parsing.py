from datetime import datetime
from decimal import Decimal as D

from odoo.addons.pg_base.outcomes import Rejected
from odoo.addons.pg_catalog.ports import TransferRequest
from odoo.addons.pg_dingconnect import parsing
from odoo.addons.pg_dingconnect.adapter import as_json, is_record_of, transfer_body
from odoo.addons.pg_dingconnect.kinds import kind_of
from odoo.addons.pg_dingconnect.transport import digits
from odoo.tests import TransactionCase, tagged

RECORD = {
    "TransferId": {"TransferRef": "863784492", "DistributorRef": "T-1"},
    "SkuCode": "AIIN48846",
    "Price": {
        "SendValue": D("0.5"),
        "SendCurrencyIso": "USD",
        "ReceiveValue": D("29.00"),
        "ReceiveCurrencyIso": "INR",
    },
    "CommissionApplied": 0,
    "ProcessingState": "Complete",
    "AccountNumber": "919800000000",
}


@tagged("post_install", "-at_install", "pg")
class TestParsing(TransactionCase):
    def test_states(self):
        for word, state in (
            ("Complete", "completed"),
            ("Completed", "completed"),
            ("complete", "completed"),
            ("Failed", "failed"),
            ("Cancelled", "cancelled"),
            ("Submitted", "open"),
            ("Processing", "open"),
            ("Cancelling", "open"),
            ("BrandNew", "open"),
            ("", "open"),
            (None, "open"),
        ):
            with self.subTest(word=word):
                record = parsing.transfer_record({**RECORD, "ProcessingState": word})
                self.assertEqual(record.state, state)

    def test_no_reference_is_never_delivered(self):
        for ids in (
            {"TransferRef": "0", "DistributorRef": "T-1"},
            {"TransferRef": 0, "DistributorRef": "T-1"},
            {"DistributorRef": "T-1"},
            None,
        ):
            with self.subTest(ids=ids):
                record = parsing.transfer_record({**RECORD, "TransferId": ids})
                self.assertEqual((record.state, record.transfer_ref), ("open", ""))

    def test_absent_null_and_empty_are_alike(self):
        absent = parsing.transfer_record(RECORD)
        for nothing in (None, "", {}, []):
            with self.subTest(nothing=nothing):
                record = parsing.transfer_record(
                    {
                        **RECORD,
                        "ReceiptText": nothing,
                        "ReceiptParams": nothing,
                        "StartedUtc": nothing,
                        "New": {"x": 1},
                    }
                )
                self.assertEqual(record, absent)

    def test_whole_record(self):
        record = parsing.transfer_record(
            {
                **RECORD,
                "ReceiptText": "PIN 1",
                "ReceiptParams": {"pin": "1"},
                "StartedUtc": "2026-09-07T10:00:00.1234567Z",
                "CompletedUtc": "2026-09-07T12:00:00+02:00",
            }
        )
        self.assertEqual(record.receipt_params, (("pin", "1"),))
        self.assertEqual(record.completed_at, datetime(2026, 9, 7, 10))
        self.assertEqual(record.started_at.replace(microsecond=0), datetime(2026, 9, 7, 10))
        self.assertEqual((record.send_value, record.receive_value), (D("0.5"), D("29.00")))

    def test_what_is_needed_is_named(self):
        for name in ("SkuCode", "AccountNumber"):
            with self.subTest(name=name), self.assertRaisesRegex(parsing.Unreadable, name):
                parsing.transfer_record({**RECORD, name: None})

    def test_is_record_of(self):
        record = parsing.transfer_record(RECORD)
        asked = {
            "reference": "T-1",
            "sku_code": "AIIN48846",
            "account_number": "+919800000000",
            "send_value": D("0.5"),
            "send_currency": "USD",
        }
        self.assertTrue(is_record_of(record, TransferRequest(**asked)))
        for name in ("reference", "sku_code", "account_number"):
            other = TransferRequest(**{**asked, name: "123"})
            with self.subTest(name=name):
                self.assertFalse(is_record_of(record, other))

    def test_request_body(self):
        request = TransferRequest("T-1", "S", "+675 7000-0000", D("2.50"), "USD", (("a", "b"),))
        self.assertEqual(
            transfer_body(request),
            {
                "SkuCode": "S",
                "SendValue": 2.5,
                "SendCurrencyIso": "USD",
                "AccountNumber": "67570000000",
                "DistributorRef": "T-1",
                "ValidateOnly": False,
                "Settings": [{"Name": "a", "Value": "b"}],
            },
        )

    def test_amounts_print_as_written(self):
        for text in ("0.01", "2.86", "10", "10.10", "99999999.99", "1.15"):
            with self.subTest(text=text):
                self.assertEqual(D(repr(as_json(D(text)))), D(text))
        with self.assertRaises(Rejected):
            as_json(D("1.001"))

    def test_digits(self):
        self.assertEqual(digits("+675 (7000) 00-00"), "67570000000")
        self.assertEqual(digits("٠+1"), "1", "Only the digits of ASCII count.")

    def test_kinds(self):
        for benefits, redemption, kind in (
            (("Mobile", "Minutes"), "Immediate", "topup"),
            (("Mobile", "Data"), "Immediate", "data"),
            (("Mobile", "Minutes", "Data"), "Immediate", "bundle"),
            (("Mobile", "Minutes"), "ReadReceipt", "pin"),
            (("Digital Product",), "ReadReceipt", "voucher"),
            (("LongDistance", "Minutes"), "ReadReceipt", "ldi"),
            (("TV", "Utility"), "Immediate", "dth"),
            (("Utility", "Electricity"), "Immediate", "utility"),
            (("Brand New",), "Immediate", "other"),
            ((), "", "other"),
        ):
            with self.subTest(benefits=benefits):
                self.assertEqual(kind_of(benefits, redemption), kind)
