from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import Rejected
from odoo.addons.pg_base.tools import steps
from odoo.addons.pg_base.tools.money import D

from ..ports import PriceEstimate
from ..price_check import PriceCheck
from ..tools import pricing

# How long a price that was read may be used for a sale without asking again.
PRICE_LIFE = timedelta(hours=1)


class PgSku(models.Model):
    """How old a price is, and asking for it again before a sale."""

    _inherit = "pg.sku"

    price_asked_at = fields.Datetime(
        "Price asked for at", readonly=True, copy=False, help="For a sale, apart from the syncs."
    )
    price_checked_at = fields.Datetime(
        "Price checked at",
        compute="_compute_price_checked_at",
        help="When the supplier last confirmed this price: in a sync, or for a sale.",
    )

    # === COMPUTE === #

    @api.depends("price_asked_at", "feed_problem", "active", "supplier_id.prices_at")
    def _compute_price_checked_at(self):
        for sku in self:
            is_synced = sku.active and not sku.feed_problem
            moments = [sku.price_asked_at, is_synced and sku.supplier_id.prices_at]
            sku.price_checked_at = max(filter(None, moments), default=False)

    # === BUSINESS === #

    @api.private
    def _is_price_fresh(self):
        """Tell whether a sale may rest on the price without asking for it again."""
        self.ensure_one()
        checked_at = self.price_checked_at
        return bool(checked_at) and fields.Datetime.now() - checked_at < PRICE_LIFE

    @api.private
    def _ensure_fresh_price(self, port=None, *, send_value=None):
        """Return what an amount costs and brings now; ask the supplier when our price is old.

        Who calls: a worker that is about to send (a dispatcher, a cron), between its own
        transactions, before it pins or sends. Never a request: it reaches outside, and commits what
        it learns in steps of its own. A worker that sends from threads without a cursor takes the
        three parts instead: :meth:`_prepare_price_check` when it claims, ``check.run()`` in the
        thread, :meth:`_store_price_check` when it settles.

        :param port: the supplier's port, when the caller holds one already.
        :param Decimal send_value: the amount, for a range; default: the lowest.
        :rtype: ports.PriceEstimate
        :raise Rejected: the supplier no longer sells it (code ``ProductUnavailable``).
        :raise OutsideError: any of the four classes; our price stays as it was.
        """
        self.ensure_one()
        with steps.step(self.env) as env:
            check = env["pg.sku"].browse(self.id)._prepare_price_check(port, send_value)
        checked = check.run()
        if checked.is_asked:
            steps.run_step(self.env, _store, check, checked)
            self.invalidate_recordset()
        if not checked.estimate:
            raise Rejected("The supplier no longer sells this", code="ProductUnavailable")
        return checked.estimate

    @api.private
    def _prepare_price_check(self, port=None, send_value=None):
        """Return the question to ask before a sale of an amount.

        :rtype: price_check.PriceCheck
        :raise UserError: the amount is out of bounds, or the supplier is not connected.
        """
        self.ensure_one()
        low = D(self.send_min)
        send, net = self._amounts(low if send_value is None else send_value)
        gross = pricing.receive_for_send(
            send, low, D(self.send_max), D(self.receive_min), D(self.receive_max)
        )
        known = PriceEstimate(
            sku_code=self.code,
            send_value=send,
            send_currency=self.send_currency_id.name,
            receive_value=gross,
            receive_currency=self.receive_currency_id.name,
            receive_net=net,
            distributor_fee=D(self.distributor_fee),
        )
        is_fresh = self._is_price_fresh()
        return PriceCheck(
            sku_id=self.id,
            sku_code=self.code,
            is_range=self.is_range,
            is_fresh=is_fresh,
            country_code=self.country_id.code or "",
            known=known,
            port=port or (None if is_fresh else self.supplier_id._get_port()),
        )

    @api.private
    def _store_price_check(self, checked):
        """Write what a check found: the moment, and what is new about the SKU.

        :param checked: a ``price_check.CheckedPrice``.
        """
        self.ensure_one()
        if not checked.is_asked:
            return
        if not checked.estimate:
            self.sudo().active = False
            return
        if checked.item:
            self.supplier_id.sudo()._apply_item(checked.item)
        self.sudo().price_asked_at = fields.Datetime.now()


def _store(env, check, checked):
    env["pg.sku"].browse(check.sku_id)._store_price_check(checked)
