from odoo import http
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing


class PaymentStatus(PaymentPostProcessing):
    """Odoo's page on which a payer waits: it looks at the gateway, too."""

    @http.route()
    def poll_status(self, **kwargs):
        """Override of `payment` to ask the gateway about an open payment of ours.

        News may be late or lost, and the payer is looking.
        """
        tx = self._get_monitored_transaction()
        if tx._pg_is_ours():
            tx._pg_ask_for_visitor()
        return super().poll_status(**kwargs)
