from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError, Rejected
from odoo.addons.pg_base.tools.money import D, quantize
from odoo.addons.pg_catalog.price_check import net_of
from odoo.exceptions import UserError

from .. import const
from ..clock import now

# What arrives is rounded by the supplier in its own way.
CENT = Decimal("0.01")


@dataclass(frozen=True)
class PriceJob:
    """One price to ask for before a send: without a record or a cursor."""

    topup_id: int
    check: Any


class PgTopup(models.Model):
    """A price that nobody confirmed for an hour is asked for before anything is sent at it."""

    _inherit = "pg.topup"

    price_asked_since = fields.Datetime("Price asked for since", readonly=True, copy=False)
    price_tries = fields.Integer("Times the price was asked for", readonly=True, copy=False)

    # === CLAIM === #

    def _claim_price_checks(self, port):
        """Plan the next look at these locked top-ups and return what must be asked before it.

        One question per SKU: the others wait for its answer.

        :rtype: list[PriceJob]
        """
        jobs, asked, waiting = [], set(), self.browse()
        for topup in self:
            if topup.sku_id.id in asked:
                waiting += topup
                continue
            try:
                check = topup._prepare_price_check(port)
            except UserError as error:
                topup._on_pin_broken(error.args[0])
                continue
            asked.add(topup.sku_id.id)
            topup.write(
                {
                    "next_attempt_at": now() + timedelta(seconds=const.CLAIM),
                    "price_asked_since": topup.price_asked_since or now(),
                    "price_tries": topup.price_tries + 1,
                }
            )
            jobs.append(PriceJob(topup.id, check))
        if waiting:
            waiting.write({"next_attempt_at": now() + timedelta(seconds=const.PRICE_WAITS[0])})
        return jobs

    def _needs_price_check(self):
        return not self.is_price_accepted and not self.sku_id._is_price_fresh()

    def _prepare_price_check(self, port=None):
        """Return the question for the pinned amount; a fixed SKU has one amount, today's."""
        sku = self.sku_id
        return sku._prepare_price_check(port, D(self.send_value) if sku.is_range else None)

    # === SETTLE === #

    @api.model
    def _settle_price(self, job, outcome):
        """Write what became of a question for a price; the send follows, or never comes.

        :param PriceJob job: the question.
        :param outcome: a `CheckedPrice`, or one of the four outcome exceptions.
        """
        if not isinstance(outcome, OutsideError):
            self.env["pg.sku"].browse(job.check.sku_id)._store_price_check(outcome)
        topup = self.browse(job.topup_id)
        topup._lock()
        if topup.state not in ("paid", "processing") or not topup.next_attempt_at:
            # Claimed, held or ended meanwhile.
            return
        if isinstance(outcome, OutsideError):
            topup._on_price_unknown(outcome)
        elif not outcome.estimate:
            topup._on_pin_broken(self.env._("The operator no longer sells this product."))
        elif problem := topup._compare_with(outcome.estimate):
            # Its catalogue and its estimate may differ: what waits is asked for by itself.
            topup.sku_id.price_asked_at = False
            topup._on_pin_broken(problem)
        else:
            topup._on_price_holds(outcome.estimate)

    def _on_price_unknown(self, error):
        """Ask again later; refuse when the supplier refuses, or answers nothing for hours."""
        if isinstance(error, Rejected) and not error.temporary:
            self._on_pin_broken(self.env._("The operator does not sell this amount any more."))
            return
        if self.price_asked_since < now() - timedelta(seconds=const.SEND_WITHIN):
            self._fail(self.env._("Its price could not be confirmed in time."))
            return
        waits = const.PRICE_WAITS
        wait = waits[min(self.price_tries, len(waits)) - 1]
        wait = max(wait, getattr(error, "retry_after", None) or 0)
        self.next_attempt_at = now() + timedelta(seconds=wait)
        self._log_event(
            "attempt",
            self.env._(
                "The price is old and could not be confirmed: %(why)s. Asked again in %(s)d s.",
                why=str(error),
                s=wait,
            ),
        )
        self._wake_dispatcher(at=self.next_attempt_at)

    def _on_price_holds(self, estimate):
        """Let the send follow, at what the supplier charges now."""
        values = {
            "next_attempt_at": now(),
            "pin_expires_at": now() + timedelta(seconds=const.PIN_LIFE),
            "price_asked_since": False,
            "price_tries": 0,
        }
        if estimate.send_value != D(self.send_value):
            values |= {
                "send_value": float(estimate.send_value),
                "cost": float(self._cost_of(estimate)),
            }
        self.write(values)
        self._wake_dispatcher()

    def _compare_with(self, estimate):
        """Return why the pinned price does not hold against the supplier's, '' when it does.

        At the pinned exchange rate: the seller's tolerance is for what the supplier changes.

        :param estimate: a `ports.PriceEstimate` of the pinned amount.
        """
        more, less = self._get_pin_tolerance()
        is_other = (
            estimate.send_currency != self.send_currency_id.name
            or estimate.receive_currency != self.receive_currency_id.name
        )
        too_dear = self._cost_of(estimate) > D(self.cost) * (1 + more)
        unit = max(CENT, D(self.receive_currency_id.rounding))
        too_little = net_of(estimate) + unit < D(self.receive_value) * (1 - less)
        if is_other or too_dear or too_little:
            return self.env._("The price changed since it was accepted.")
        return ""

    def _cost_of(self, estimate):
        """Return what an amount costs in the seller's currency at the pinned rate."""
        sent = estimate.send_value + (estimate.distributor_fee or 0)
        return quantize(sent * D(self.fx_rate), self.currency_id.decimal_places)
