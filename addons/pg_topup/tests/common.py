import os
import sys
import unittest
import uuid
from decimal import Decimal
from pathlib import Path

from odoo.addons.pg_base.tests.common import BaseCase
from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.dispatcher import Dispatcher

ROOT = next(
    (path for path in Path(__file__).resolve().parents if (path / "sandbox").is_dir()), None
)

# Digicel Papua New Guinea's range SKU in the sandbox; the endings decide (see the sandbox).
RANGE_SKU = "PG_DC_TopUp"
DELIVERED = "+67570123456"
REFUSED = "+67570000005"
TIMED_OUT = "+67570000002"


class TopupCase(BaseCase):
    """A seller with an offer, paid through Stripe's sandbox, sent through DingConnect's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = os.environ.get("PG_SANDBOX_URL")
        if not url or ROOT is None:
            raise unittest.SkipTest("PG_SANDBOX_URL is not set: no sandbox to sell through")
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        from sandbox.client import SandboxClient

        cls.sandbox_url, cls.sandbox = url, SandboxClient(url)
        cls.ding = cls.sandbox.create_account("dingconnect", currency="USD", balance="100000")
        cls.stripe = cls.sandbox.create_account("stripe")
        cls._set_up_money()
        cls._set_up_supplier()
        cls.provider = cls._set_up_provider(cls.seller)
        cls.registry_enter_test_mode_cls()

    @classmethod
    def _set_up_money(cls):
        Currency = cls.env["res.currency"].with_context(active_test=False)
        cls.pgk = Currency.search([("name", "=", "PGK")])
        cls.usd = Currency.search([("name", "=", "USD")])
        (cls.pgk + cls.usd).active = True
        (cls.seller + cls.other_seller).write(
            {"currency_id": cls.pgk.id, "country_id": cls.env.ref("base.pg").id}
        )
        rates = [
            {
                "name": "2020-01-01",
                "currency_id": currency.id,
                "company_id": company.id,
                "rate": rate,
            }
            for company in cls.seller + cls.other_seller
            for currency, rate in ((cls.pgk, 1.0), (cls.usd, 0.25))
        ]
        cls.env["res.currency.rate"].create(rates)

    @classmethod
    def _set_up_supplier(cls):
        cls.supplier = cls.env["pg.supplier"].create(
            {
                "name": "DingConnect sandbox",
                "code": "dingconnect",
                "environment": "test",
                "base_url": f"{cls.sandbox_url}/dingconnect",
                "ding_api_key": cls.ding["api_key"],
            }
        )
        cls.supplier._sync_catalogue()
        cls.sku = cls.env["pg.sku"].search(
            [("supplier_id", "=", cls.supplier.id), ("code", "=", RANGE_SKU)]
        )
        cls.offer, cls.other_offer = cls.env["product.template"].create(
            [
                {
                    "name": "Digicel top-up",
                    "type": "service",
                    "company_id": company.id,
                    "pg_sku_id": cls.sku.id,
                    "pg_margin_percent": 10,
                }
                for company in (cls.seller, cls.other_seller)
            ]
        )

    @classmethod
    def _set_up_provider(cls, company):
        provider = cls.env["payment.provider"].create(
            {
                "name": "Card",
                "code": "stripe_checkout",
                "company_id": company.id,
                "pg_secret_key": cls.stripe["secret_key"],
                "pg_webhook_secret": "whsec_test",
                "pg_api_base": f"{cls.sandbox_url}/stripe",
                "redirect_form_view_id": cls.env.ref("pg_payments.redirect_form").id,
                "payment_method_ids": [(6, 0, cls.env.ref("payment.payment_method_card").ids)],
            }
        )
        # As a seller does: switching it on also activates its payment methods.
        provider.write({"state": "test", "is_published": True})
        return provider

    # === STEPS OF A SALE === #

    def place(self, number=DELIVERED, **values):
        values = {
            "company": self.seller,
            "offer": self.offer,
            "number": number,
            "send_value": Decimal("5"),
            "client_key": uuid.uuid4().hex,
            "confirmed": True,
            **values,
        }
        return self.env["pg.topup"]._place(**values)

    def open_payment(self, topup):
        topup._start_payment(self.provider)
        return topup.payment_tx_ids[-1:]

    def pay(self, topup):
        """Pay as the customer does, and let Odoo hear of it as a poll would."""
        transaction = self.open_payment(topup)
        self.sandbox.pay(transaction.pg_checkout_ref, "pay")
        transaction._pg_refresh("test")
        return transaction

    def sell(self, number=DELIVERED, **values):
        topup = self.place(number, **values)
        self.pay(topup)
        return topup

    def dispatch(self, beats=1):
        """Run the engine's own loop in this thread."""
        self.env.flush_all()
        dispatcher = Dispatcher(self.env.registry, inline=True)
        for _beat in range(beats):
            dispatcher.beat()
        self.env.invalidate_all()

    def claim(self, limit=10):
        """Claim as a dispatcher does, without making the calls."""
        self.env.flush_all()
        return self.env["pg.topup"]._claim_sends(limit)

    def make_due(self, topup):
        """Let what is planned for later be due now."""
        for field in ("next_attempt_at", "next_probe_at"):
            if topup[field]:
                topup[field] = now()
        self.env.flush_all()

    def run_until(self, topup, *states, limit=30):
        """Run the engine, without waiting, until the top-up reaches one of the states."""
        for _turn in range(limit):
            if topup.state in states:
                return
            self.make_due(topup)
            self.dispatch()
        self.fail(f"{topup.name} is {topup.state} after {limit} turns")

    def refund(self, topup):
        """Run the queues of the refund until the gateway has answered."""
        self.dispatch()
        self.env["payment.transaction"]._cron_pg_refunds()
        self.env.invalidate_all()

    # === WHAT THE OTHERS SAW === #

    def transfers(self, topup):
        """Return the transfers that the supplier executed for a top-up."""
        return [
            transfer
            for transfer in self.sandbox.transfers(self.ding["id"])
            if transfer["distributor_ref"] == topup.supplier_reference
            and transfer["state"] == "Complete"
        ]

    def calls(self, method="SendTransfer"):
        return self.sandbox.calls(self.ding["id"], method=method)

    def sends(self, topup):
        """Return the calls of SendTransfer that reached the supplier for a top-up."""
        return [call for call in self.calls() if topup.supplier_reference in str(call)]

    def add_fault(self, fault, on="SendTransfer", **values):
        self.sandbox.add_fault(self.ding["id"], on=on, fault=fault, **values)
        self.addCleanup(self.sandbox.clear_faults, self.ding["id"])

    def kinds(self, topup):
        """Return the kinds of a top-up's ledger entries, oldest first."""
        entries = self.env["pg.ledger.entry"].search([("subject", "=", topup.uuid)], order="id")
        return entries.mapped("kind")
