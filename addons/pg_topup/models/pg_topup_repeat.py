from datetime import timedelta

from odoo import api, models
from odoo.addons.pg_catalog.tools.numbering import format_number

from .. import const
from ..clock import now
from ..exceptions import RepeatedOrder


class PgTopup(models.Model):
    """The human guard against sending twice: the same again within minutes is asked for."""

    _inherit = "pg.topup"

    @api.model
    def _check_repeated(self, company, match, quote):
        """Ask whether the same shall really be sent to the same number again.

        What was ordered and never paid does not count: nothing of it will arrive.

        :raise RepeatedOrder: it was bought within the seller's ``pg_repeat_minutes``.
        """
        previous = self._find_repeated(company, match, quote)
        if previous:
            raise RepeatedOrder(
                self.env._(
                    "The same top-up was bought for %s a moment ago. Really send it again?",
                    format_number(match.e164),
                ),
                previous,
            )

    def _find_repeated(self, company, match, quote):
        if not company.pg_repeat_minutes:
            return self.browse()
        earlier = self.search(
            [
                ("number", "=", match.e164),
                ("company_id", "=", company.id),
                ("offer_id", "=", quote.offer_id),
                ("send_value", "=", float(quote.send_value)),
                ("create_date", ">", now() - timedelta(minutes=company.pg_repeat_minutes)),
                ("state", "in", ("pending", *const.OPEN_STATES, "completed")),
            ],
            order="id desc",
            limit=20,
        )
        return earlier.filtered(lambda topup: topup.state != "pending" or topup._is_being_paid())[
            :1
        ]

    def _is_being_paid(self):
        """Tell whether a payment is approved and only not settled yet."""
        return any(tx.state in ("authorized", "done") for tx in self.sudo().payment_tx_ids)
