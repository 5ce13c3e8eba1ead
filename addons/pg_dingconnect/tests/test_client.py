import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D
from unittest.mock import patch

from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Throttled, Unknown
from odoo.addons.pg_dingconnect import const
from odoo.addons.pg_dingconnect.adapter import DingConnectPort
from odoo.addons.pg_dingconnect.client import DingClient
from odoo.addons.pg_dingconnect.credentials import ClientCredentials
from odoo.addons.pg_dingconnect.transport import Transport
from odoo.tests import tagged

from .common import DingCase

LOGGER = "odoo.addons.pg_dingconnect.transport"
BILL_SKU, BILL_NUMBER = "BA51A2PH20077", "630000123451"


class Keeper:
    """A meter that keeps the records in a list and may refuse."""

    def __init__(self, left=1000):
        self.kept, self.left = [], left

    def reserve(self, *, is_daily=False):
        if not self.left:
            raise Throttled("used up", retry_after=3600)
        self.left -= 1

    def record(self, call):
        self.kept.append(call)


@tagged("post_install", "-at_install", "pg")
class TestClient(DingCase):
    def setUp(self):
        super().setUp()
        self.meter = Keeper()
        self.client = DingClient(self.url, self.api_key, self.meter)

    # === METHODS === #

    def test_every_read_answers(self):
        client = self.client
        for read in (
            client.get_countries,
            lambda: client.get_regions(["PG"]),
            client.get_currencies,
            client.get_error_code_descriptions,
            lambda: client.get_providers(["PG"], regions=["PG"], number="+67572345678"),
            lambda: client.get_provider_status(["DCPG"]),
            lambda: client.get_products(["PG"], providers=["DCPG"], benefits=["Data"]),
            lambda: client.get_product_descriptions(["en"], ["PG_DC_TopUp"]),
            lambda: client.get_promotions(["PG"], providers=["DCPG"], number="67572345678"),
            lambda: client.get_promotion_descriptions(["en"]),
            lambda: client.lookup_bills(BILL_SKU, BILL_NUMBER),
            lambda: client.get_account_lookup("67572345678"),
            lambda: client.list_transfer_records(take=1),
        ):
            self.assertTrue(isinstance(read().get("Items"), list))
        self.assertIn("Balance", client.get_balance())
        batch = [{"SkuCode": "PG_DC_TopUp", "BatchItemRef": "1", "SendValue": 5}]
        self.assertEqual(len(client.estimate_prices(batch)["Items"]), 1)
        ids = {"TransferRef": "1", "DistributorRef": "T-none"}
        client.cancel_transfers([{"TransferId": ids, "BatchItemRef": "1"}])
        self.assertEqual(len({call.method for call in self.meter.kept}), 16)
        self.assertEqual({call.outcome for call in self.meter.kept}, {"ok"})

    def test_bill_is_looked_up_and_paid(self):
        [bill, _other] = self.port.lookup_bills(BILL_SKU, BILL_NUMBER)
        record = self.port.transfer(
            self.request(
                BILL_NUMBER, sku_code=BILL_SKU, send_value=bill.send_value, bill_ref=bill.reference
            )
        )
        self.assertEqual(record.state, "completed")
        self.assertEqual(self.calls("SendTransfer")[0]["body"]["BillRef"], bill.reference)

    def test_validation_moves_nothing(self):
        self.port.validate(self.request("67570000000"))
        self.assertEqual(self.executed(), [])
        self.assertIs(self.calls("SendTransfer")[0]["body"]["ValidateOnly"], True)

    def test_error_texts_know_our_table(self):
        texts = self.port.error_texts()
        self.assertTrue({code for code, _context in const.OUTCOMES} <= set(texts))

    # === RETRIES === #

    def test_a_send_is_made_once_whatever_happens(self):
        for kind in ("lose_answer", "http_500", "html_403", "garbled", "empty", "throttle"):
            self.fault(kind, times=5)
            before = len(self.calls("SendTransfer"))
            with self.subTest(kind=kind), self.assertRaises(OutsideError):
                self.port.transfer(self.request())
            self.assertEqual(len(self.calls("SendTransfer")) - before, 1)
            self.sandbox.clear_faults(self.account)

    def test_waits_grow_and_are_bounded(self):
        self.fault("http_500", on="GetBalance", times=3)
        with patch.object(time, "sleep") as sleep, self.assertRaises(Unknown):
            self.client.get_balance()
        first, second = (call.args[0] for call in sleep.call_args_list)
        self.assertTrue(0.25 <= first <= 0.75 and 0.5 <= second <= 1.5, (first, second))
        self.assertEqual(len(self.meter.kept), 3)

    def test_what_is_temporary_is_asked_again_and_what_is_not_is_not(self):
        for code, context, tries in (
            ("TransientProviderError", "ProviderRefusedRequest", 3),
            ("TransientProviderError", "ProviderTimedOut", 3),
            ("ProviderError", "ProviderTemporarilyUnavailable", 3),
            ("ParameterInvalid", "accountNumber", 1),
            ("BrandNewCode", "", 1),
            ("AuthenticationFailed", "", 1),
        ):
            self.fault("refuse", on="GetBalance", code=code, context=context, times=5)
            before = len(self.calls("GetBalance"))
            with (
                self.subTest(code=code, context=context),
                patch.object(time, "sleep"),
                self.assertRaises(OutsideError) as caught,
            ):
                self.client.get_balance()
            self.assertEqual(caught.exception.code, code)
            self.assertEqual(len(self.calls("GetBalance")) - before, tries)
            self.sandbox.clear_faults(self.account)

    def test_a_read_recovers_from_a_temporary_refusal(self):
        self.fault("refuse", on="GetBalance", code="TransientProviderError", times=2)
        with patch.object(time, "sleep") as sleep:
            self.assertIn("Balance", self.client.get_balance())
        self.assertEqual(sleep.call_count, 2)

    def test_a_throttle_is_waited_for_when_it_is_short(self):
        for wait, tries in ((0.01, 3), (3600, 1), (None, 1)):
            meter = Keeper()
            asked = []

            def refuse(asked=asked, wait=wait, is_daily=False):
                asked.append(1)
                raise Throttled("used up", retry_after=wait)

            meter.reserve = refuse
            with patch.object(const, "READ_BACKOFF", 0.01), self.assertRaises(Throttled):
                DingClient(self.url, self.api_key, meter).get_balance()
            self.assertEqual(len(asked), tries)
        self.assertEqual(self.calls("GetBalance"), [])

    def test_an_empty_budget_sends_nothing_and_keeps_nothing(self):
        meter = Keeper(left=0)
        with self.assertRaises(Throttled):
            DingConnectPort(self.url, self.api_key, meter).transfer(self.request())
        self.assertEqual((self.calls("SendTransfer"), meter.kept), ([], []))

    # === RECORD AND LOG === #

    def test_one_id_everywhere(self):
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            self.client.get_account_lookup("+67572345678")
        [record] = self.meter.kept
        [seen] = self.calls("GetAccountLookup")
        self.assertEqual(seen["correlation"], record.correlation_id)
        self.assertIn(record.correlation_id, logs.output[0])
        self.assertEqual(json.loads(record.request), {"accountNumber": "6757••••5678"})

    def test_planted_secrets_are_nowhere(self):
        """Neither log nor record has the key, a number, a PIN, a setting or an unknown field."""
        self.sandbox.update(self.account, extra_fields=True)
        self.addCleanup(self.sandbox.update, self.account, extra_fields=False)
        port = DingConnectPort(self.url, self.api_key, self.meter)
        planted = {"MeterId": "METER-PLANTED-77"}
        with self.assertLogs("odoo.addons", logging.DEBUG) as logs:
            voucher = port.transfer(
                self.request(
                    "0000000000", sku_code="4RPG39343", send_value=D("10.60"), reference="T-1"
                )
            )
            port.transfer(
                self.request(
                    "2348031234567",
                    sku_code="NG_4X_TopUp",
                    send_value=D("5"),
                    settings=tuple(planted.items()),
                    reference="T-2",
                )
            )
            self.fault("refuse", code="OtherError", context=f"{self.api_key} 67572345678")
            with self.assertRaises(Unknown):
                port.transfer(self.request(reference="T-3"))
            port.find_transfers(account_number="2348031234567")
        pin = dict(voucher.receipt_params)["pin"]
        text = "\n".join([*logs.output, *map(repr, self.meter.kept)])
        for secret in (
            self.api_key,
            pin,
            "METER-PLANTED-77",
            "2348031234567",
            "67572345678",
            "SandboxExtra",
        ):
            with self.subTest(secret=secret):
                self.assertNotIn(secret, text)
        self.assertIn("OtherError", text)
        self.assertEqual(len(self.meter.kept), 4)

    def test_what_is_no_json_is_only_measured(self):
        self.fault("http_500_html", on="GetBalance", times=3)
        with self.assertRaises(Unknown):
            self.client.get_balance()
        self.assertRegex(self.meter.kept[0].answer, r"^Not a JSON object: \d+ bytes, text/html")


@tagged("post_install", "-at_install", "pg")
class TestClientCredentials(DingCase):
    def setUp(self):
        super().setUp()
        self.meter = Keeper()
        # A secret of its own each time: tokens are shared by all clients of the process.
        self.fresh = self.sandbox.create_account("dingconnect", name=self.id())
        self.addCleanup(self.sandbox.delete_account, self.fresh)
        self.client = DingClient(self.url, self.credentials(), self.meter)

    def credentials(self, **changes):
        values = {
            "token_url": f"{self.url}/idp/connect/token",
            "client_id": self.fresh["client_id"],
            "client_secret": self.fresh["client_secret"],
            **changes,
        }
        return ClientCredentials(**values)

    def asked(self, method="Token"):
        return len(self.sandbox.calls(self.fresh, method))

    def test_a_token_serves_many_calls_and_clients(self):
        self.client.get_balance()
        self.client.get_balance()
        DingClient(self.url, self.credentials()).get_balance()
        self.assertEqual((self.asked(), self.asked("GetBalance")), (1, 3))

    def test_threads_ask_for_one_token(self):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _n: self.client.get_balance(), range(16)))
        self.assertEqual((self.asked(), self.asked("GetBalance")), (1, 16))

    def test_one_new_token_after_401(self):
        self.client.get_balance()
        self.sandbox.add_fault(self.fresh, "GetBalance", "refuse", code="AuthenticationFailed")
        self.client.get_balance()
        self.assertEqual((self.asked(), self.asked("GetBalance")), (2, 3))
        self.sandbox.add_fault(
            self.fresh, "GetBalance", "refuse", times=9, code="AuthenticationFailed"
        )
        with self.assertRaises(NotSent):
            self.client.get_balance()
        self.assertEqual((self.asked(), self.asked("GetBalance")), (3, 5))

    def test_a_send_after_401_is_left_to_the_caller(self):
        port = DingConnectPort(self.url, self.credentials())
        self.sandbox.add_fault(self.fresh, "SendTransfer", "refuse", code="AuthenticationFailed")
        with self.assertRaises(NotSent):
            port.transfer(self.request())
        self.assertEqual((self.asked(), self.asked("SendTransfer")), (1, 1))
        self.assertEqual(port.transfer(self.request()).state, "completed")
        self.assertEqual((self.asked(), self.asked("SendTransfer")), (2, 2))

    def test_an_ended_token_is_not_used(self):
        self.sandbox.update(self.fresh, token_seconds=1)
        self.client.get_balance()
        time.sleep(1.0)
        self.client.get_balance()
        self.assertEqual((self.asked(), self.asked("GetBalance")), (2, 2))

    def test_wrong_secret(self):
        client = DingClient(self.url, self.credentials(client_secret="planted-wrong"), self.meter)
        with self.assertLogs("odoo.addons", logging.DEBUG) as logs, self.assertRaises(NotSent) as e:
            client.get_balance()
        self.assertEqual((e.exception.code, e.exception.status), ("invalid_client", 401))
        self.assertEqual(self.asked("GetBalance"), 0)
        self.assertNotIn("planted-wrong", "\n".join([*logs.output, repr(self.meter.kept)]))

    def test_without_a_token_nothing_is_sent(self):
        for kind in ("http_500", "garbled", "lose_answer"):
            self.sandbox.add_fault(self.fresh, "Token", kind)
            with self.subTest(kind=kind), self.assertRaises(NotSent):
                Transport(self.url, self.credentials()).call("GET", "GetBalance")
            self.sandbox.clear_faults(self.fresh)
        self.assertEqual(self.asked("GetBalance"), 0)
