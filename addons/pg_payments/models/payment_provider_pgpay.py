import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools import steps
from odoo.addons.pg_base.tools.money import to_minor
from odoo.exceptions import UserError
from psycopg2 import OperationalError

from ..gateways.pgpay_const import CHANNELS
from ..ports import SignatureError

_logger = logging.getLogger(__name__)

#: The same events may be listed again: the inbox knows them.
REPLAY_OVERLAP = timedelta(minutes=10)
REPLAY_PAGES = 20


class PaymentProvider(models.Model):
    """PGPay: which dialect it speaks, which channels a merchant has, news that never came."""

    _inherit = "payment.provider"

    pg_profile = fields.Selection(
        [("pgpay", "PGPay, Papua New Guinea"), ("pgecom", "PG Pay by PGecom, Haiti")],
        "Dialect",
        default="pgpay",
        help="PGPay has no public API: the first one is this product's own contract, to be agreed "
        "with PGPay. The second one is the public API of a namesake in Haiti.",
    )
    pg_channels = fields.Json("Channels of the merchant", readonly=True, copy=False)
    pg_replayed_at = fields.Datetime("Events read until", readonly=True, copy=False)

    # === CONSTRAINT METHODS === #

    @api.constrains("pg_profile")
    def _check_pg_profile(self):
        """Keep credentials and currency fit for the dialect that is chosen."""
        self._check_settlement_currency()
        self._check_pg_credentials()

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to give an account the payment methods of the dialect that is chosen."""
        changed = self.filtered(
            lambda provider: (
                provider.code == "pgpay"
                and vals.get("pg_profile", provider.pg_profile) != provider.pg_profile
            )
        )
        result = super().write(vals)
        for provider in changed:
            provider.sudo()._pg_choose_methods()
        return result

    def _pg_choose_methods(self):
        """Attach the methods of the dialect, and show them when the account is on."""
        Method = self.env["payment.method"].with_context(active_test=False)
        codes = self._get_default_payment_method_codes()
        self.write(
            {
                "payment_method_ids": [
                    fields.Command.set(Method.search([("code", "in", list(codes))]).ids)
                ],
                "pg_channels": False,
            }
        )
        if self.state != "disabled":
            self._activate_default_pms()

    # === BUSINESS METHODS === #

    def _pg_get_profile(self):
        """Override to tell PGPay's dialect."""
        if self.code != "pgpay":
            return super()._pg_get_profile()
        return self.pg_profile or "pgpay"

    def _pg_get_channels(self, amount):
        """Return the channels by which an amount can be paid: [(channel, payment.method)].

        :param amount: in the currency that is charged.
        """
        self.ensure_one()
        minor = to_minor(amount, self._pg_get_gateway_class().decimals("PGK"))
        by_code = {method.code: method for method in self.payment_method_ids}
        return [
            (channel, by_code[code])
            for code, channel in CHANNELS.items()
            if code in by_code and by_code[code].active and self._pg_is_open(channel, minor)
        ]

    def _pg_is_open(self, channel, minor):
        """Tell whether a channel takes an amount (toea); yes as long as its limits are unknown."""
        if not self.pg_channels:
            return True
        enabled, least, most = self.pg_channels.get(channel) or (False, 0, 0)
        return enabled and least <= minor <= most

    def _pg_read_channels(self):
        """Keep what the merchant may use, as PGPay says."""
        self.ensure_one()
        channels = self._pg_get_gateway().list_channels()
        self.sudo().pg_channels = {code: list(row) for code, row in channels.items()}

    def _pg_verify_event(self, listener, raw, headers):
        """Override to let an unsigned notice through only about an open order of this account.

        A flood of forged notices stores nothing and asks nothing then.
        """
        news = super()._pg_verify_event(listener, raw, headers)
        if self._pg_get_profile() != "pgecom":
            return news
        tx = self.env["payment.transaction"].search(
            [("provider_id", "=", self.id), ("pg_checkout_ref", "=", news.checkout_id)], limit=1
        )
        if not tx or tx.state == "done":
            raise SignatureError("a notice about no open order")
        return news

    # === CRON === #

    def _cron_pg_replay(self):
        """Read the events that PGPay could not deliver, and its channels, one step per account."""
        for provider_id in self.search([("code", "=", "pgpay"), ("state", "!=", "disabled")]).ids:
            try:
                with steps.step(self.env) as env:
                    env["payment.provider"].browse(provider_id)._pg_replay()
            except OperationalError:
                _logger.info("provider #%s: busy, read in the next run", provider_id)
            except (OutsideError, UserError, SignatureError) as error:
                _logger.warning("provider #%s: events not read: %r", provider_id, error)

    def _pg_replay(self):
        """Take in the events since the last time; those that are known change nothing."""
        if not self._pg_get_gateway_class().asks_payer or not self._pg_can_hear():
            return
        self._pg_read_channels()
        gateway, now = self._pg_get_gateway(), fields.Datetime.now()
        since = (self.pg_replayed_at or now) - REPLAY_OVERLAP
        last, has_more, pages, reached = "", True, 0, now
        while has_more and pages < REPLAY_PAGES:
            events, has_more = gateway.list_events(since, last)
            for news in events:
                self.env["pg.payment.event"]._receive(self, news)
                last, reached = news.event_id, news.created or reached
            pages += 1
            has_more = has_more and bool(events)
        # What is left is read in the next run, from the last event on.
        self.pg_replayed_at = reached if has_more else now
