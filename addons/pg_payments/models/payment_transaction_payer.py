import hashlib

from odoo import fields, models


class PaymentTransaction(models.Model):
    """Which card or account paid: the same for each of its payments, and nothing else is said."""

    _inherit = "payment.transaction"

    pg_payer_key = fields.Char(
        "Card or account",
        readonly=True,
        copy=False,
        groups="pg_base.group_manager",
        help="The same for each payment of one card or account with this gateway; not its number.",
    )

    # === BUSINESS METHODS === #

    def _pg_apply_payment(self, state):
        """Override to keep who paid before the payment is done: the layers above may limit it."""
        if state.payer and not self.pg_payer_key:
            self.pg_payer_key = self._pg_make_payer_key(state.payer)
        return super()._pg_apply_payment(state)

    def _pg_make_payer_key(self, payer):
        """Return what stands for a payer; one cannot get back from it to an account or number.

        :param str payer: the gateway's name of a card or account, or the number that was asked.
        """
        # Numbers are few enough to be tried out: without the secret nobody can.
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret") or ""
        text = f"{secret}:{self.provider_code}:{payer}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]
