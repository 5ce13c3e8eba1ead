from odoo import models

from ..gateways.pgpay_const import PUSH

#: What the page shows in which state of a payment that has ended.
ENDS = {"done": "done", "error": "failed", "cancel": "cancelled"}


class PaymentTransaction(models.Model):
    """What the page for a payer's approval shows."""

    _inherit = "payment.transaction"

    def _pg_get_page_step(self):
        """Return what the payer sees now.

        ask: the form; handset, ussd, redirect: what to do; confirm: nothing to do but wait; done,
        failed, cancelled: the end.
        """
        self.ensure_one()
        if self.state in ENDS:
            return ENDS[self.state]
        if not self._pg_is_started():
            return "ask"
        steps = {"approve_on_handset": "handset", "dial_ussd": "ussd", "redirect": "redirect"}
        return steps.get(self.pg_action, "confirm")

    def _pg_get_page_channels(self):
        """Return the ways to pay as the page lists them."""
        return [
            {
                "code": channel,
                "name": method.name,
                "image": method.image_payment_form and method.image.decode(),
                "needs_number": channel in PUSH,
            }
            for channel, method in self._pg_get_channels()
        ]

    def _pg_get_default_channel(self):
        """Return the channel of the method that was chosen before, else the first one."""
        channels = self._pg_get_channels()
        own = [
            channel
            for channel, method in channels
            if method == self.payment_method_id and channel != "card"
        ]
        return (own or [channel for channel, _method in channels] or [""])[0]
