import logging
import time
from decimal import Decimal

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..clock import now

_logger = logging.getLogger(__name__)

# (database, supplier) -> (moment, free float): trusted for some seconds while far above a sale.
_floats = {}


class PgTopup(models.Model):
    """What is looked at before a customer is charged: a sale that cannot go well is not begun."""

    _inherit = "pg.topup"

    @api.model
    def _check_guards(self, company, offer, match, quote, customer=None):
        """Refuse a sale that could not be delivered.

        From what is known here, without a call to the outside.

        :param match: the `NumberMatch` of the number.
        :param quote: the `Quote` that would be pinned.
        :param customer: the partner, when known.
        :raise UserError: with a sentence for the customer.
        """
        self._guard_operator(offer.pg_operator_id)
        if offer.pg_sku_id.kind not in const.CODE_KINDS:
            self._guard_number(offer.pg_operator_id, match)
        self._guard_float(offer.pg_sku_id.supplier_id, quote)

    def _guard_operator(self, operator):
        """Refuse while the supplier says that the operator takes nothing."""
        if operator.status == "down":
            raise UserError(
                self.env._(
                    "%s does not accept top-ups at the moment. Nothing was charged; please try "
                    "again later.",
                    operator.name,
                )
            )

    def _guard_number(self, operator, match):
        """Refuse a number that the operator cannot have. Ported ones are taken: they fit its form,
        or a look-up, a delivery or a customer has named it."""
        if operator.pattern and operator not in match.operators:
            raise UserError(
                self.env._(
                    "%(number)s is no number of %(operator)s. Please check it, or choose another "
                    "operator.",
                    number=match.e164,
                    operator=operator.name,
                )
            )

    def _guard_float(self, supplier, quote):
        """Refuse what the supplier's account does not cover beside what is in flight."""
        currency = supplier.currency_id
        is_known = supplier.balance_at and currency.name == quote.send_currency
        if not is_known or supplier.balance_at < now() - const.BALANCE_LIFE:
            return
        if self._get_free_float(supplier, quote.send_value) < quote.send_value:
            _logger.warning("the balance at %s does not cover a sale", supplier.name)
            raise UserError(
                self.env._(
                    "This top-up is not available at the moment. Nothing was charged; please try "
                    "again later."
                )
            )

    def _get_free_float(self, supplier, wanted):
        """Return what the account covers beside what is paid and not over, in its currency.

        :param Decimal wanted: a figure some seconds old will do when it is far above this.
        """
        key = (self.env.cr.dbname, supplier.id, supplier.balance_at)
        moment, free = _floats.get(key, (0, Decimal(0)))
        if moment < time.monotonic() - const.FLOAT_SECONDS or free < wanted * const.FLOAT_FAR:
            free = D(supplier.balance) - self._sum_in_flight(supplier)
            _floats.clear()
            _floats[key] = (time.monotonic(), free)
        return free

    def _sum_in_flight(self, supplier):
        """Return what will leave the account: paid and not over, or delivered since its balance was
        read; in the account's currency."""
        self.flush_model(["state", "send_value"])
        self.env["pg.topup.attempt"].flush_model(["state", "answered_at"])
        [[total]] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(sum(send_value), 0) FROM (
                       SELECT t.send_value FROM pg_topup t
                        WHERE t.state IN ('paid', 'processing', 'in_doubt')
                          AND t.supplier_id = %(supplier)s AND t.send_currency_id = %(currency)s
                       UNION ALL
                       SELECT t.send_value
                         FROM pg_topup_attempt a JOIN pg_topup t ON t.id = a.topup_id
                        WHERE a.supplier_id = %(supplier)s AND a.answered_at > %(since)s
                          AND t.state = 'completed' AND a.state = 'delivered'
                          AND t.send_currency_id = %(currency)s) flying""",
                supplier=supplier.id,
                currency=supplier.currency_id.id,
                since=supplier.balance_at,
            )
        )
        return D(total)
