from datetime import timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from .. import const
from ..clock import now


class PgTopup(models.Model):
    """What the customer accepted is what is charged and what must arrive, or nothing is sent."""

    _inherit = "pg.topup"

    is_held = fields.Boolean(
        "Held", readonly=True, copy=False, help="Paid, not sent, waits for a person."
    )

    is_price_accepted = fields.Boolean(
        readonly=True, copy=False, help="Sent at whatever it costs: a person has decided it."
    )

    # === ACTIONS === #

    def action_send_held(self):
        """Send held top-ups in spite of today's price; the loss is the seller's."""
        self._check_held()
        for topup in self.sudo():
            topup._lock()
            if not topup.is_held or topup.state not in ("paid", "processing"):
                continue
            topup.write(
                {
                    "is_held": False,
                    "is_price_accepted": True,
                    "needs_person": False,
                    "pin_expires_at": now() + timedelta(seconds=const.PIN_LIFE),
                    # Held for review as well: the release sends it.
                    "next_attempt_at": False if topup._is_to_review() else now(),
                }
            )
            topup._log_event("note", self.env._("Sent at today's price, by decision."))
        self._wake_dispatcher()
        return True

    def action_refund_held(self):
        """Give the money of held top-ups back."""
        self._check_held()
        for topup in self.sudo():
            topup._lock()
            if topup.is_held and topup.state in ("paid", "processing"):
                topup._fail(self.env._("The price changed since it was accepted."), policy="refund")
        return True

    def _check_held(self):
        self._check_role("pg_base.group_manager")
        if not all(topup.is_held for topup in self):
            raise UserError(self.env._("Only a top-up that is held can be decided here."))

    # === BUSINESS === #

    def _prepare_promotion(self, company, offer, quote):
        """Return the field values that keep what the operator promises on top at this moment."""
        running = self.env["pg.promotion"].sudo()._running(company, offer.pg_operator_id)
        fitting = running.filtered(lambda p: D(p.minimum_send) <= quote.send_value)[:1]
        if not fitting:
            return {}
        text = " · ".join(filter(None, (fitting.name, fitting.bonus_text)))
        return {"promotion_id": fitting.id, "promotion": text}

    def _check_pin(self):
        """Return why the pinned price no longer holds, '' when it does.

        The price is only looked at again when the pin is older than its life (a retry, or a payment
        that came late), or the supplier was asked since. The seller's tolerance is what it takes on
        itself.
        """
        if not self.supplier_id.active or not self.sku_id.active:
            return self.env._("The operator no longer sells this product.")
        if self.is_price_accepted:
            return ""
        checked_at = self.sku_id.price_checked_at
        if self.pin_expires_at > now():
            pinned_at = self.pin_expires_at - timedelta(seconds=const.PIN_LIFE)
            is_newer = checked_at and checked_at > pinned_at
            return self._check_known_price() if is_newer else ""
        if not self.sku_id._is_price_fresh():
            # The supplier is asked before anything is sent.
            return ""
        try:
            quote = self.offer_id.with_company(self.company_id)._pg_quote(
                send_value=D(self.send_value)
            )
        except UserError as error:
            return error.args[0]
        more, less = self._get_pin_tolerance()
        # Today's quote is in the seller's currency, whatever the customer paid in.
        too_dear = quote.cost > D(self.company_cost) * (1 + more)
        if too_dear or quote.receive_value < D(self.receive_value) * (1 - less):
            return self.env._("The price changed since it was accepted.")
        return ""

    def _check_known_price(self):
        """Return why the pin does not hold against what the supplier said since, '' if it does."""
        try:
            return self._compare_with(self._prepare_price_check().known)
        except UserError as error:
            return error.args[0]

    def _get_pin_tolerance(self):
        """Return the fractions by which the cost may be more, and what arrives may be less."""
        company, percent = self.company_id, Decimal(100)
        return D(company.pg_pin_cost_percent) / percent, D(company.pg_pin_value_percent) / percent

    def _on_pin_broken(self, problem):
        """Send nothing: give the money back, or hold it for a person, as the seller wants."""
        if self.company_id.pg_pin_policy != "ask" or not self.supplier_id.active:
            self._fail(problem)
            return
        self.write({"next_attempt_at": False, "is_held": True, "needs_person": True})
        self._alert(self.env._("Not sent: %s Send it all the same, or refund it.", problem))
