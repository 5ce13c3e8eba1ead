import logging

from odoo import fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError
from odoo.tools import SQL
from psycopg2 import OperationalError

from ..const import BATCH, FEE_DELAYS, POLL_DELAYS, SOON, pick_delay
from ..patience import Patience

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Asking by ourselves: for payers who closed the tab and news that never came."""

    _inherit = "payment.transaction"

    pg_next_poll_at = fields.Datetime(
        "Next question to the gateway", readonly=True, copy=False, index="btree_not_null"
    )
    pg_poll_count = fields.Integer("Questions asked", readonly=True, copy=False)
    pg_is_abandoned = fields.Boolean("To be closed at the gateway", readonly=True, copy=False)

    def _pg_plan_poll(self):
        """Decide when to ask again: as long as the payment is open, or its fee unknown.

        Note: `self.ensure_one()`
        """
        delays = ()
        if self.state in ("draft", "pending"):
            delays = POLL_DELAYS
        elif self.state == "done" and self.operation != "refund" and not self._pg_has_fee():
            delays = FEE_DELAYS
        if not delays or (delays is FEE_DELAYS and self.pg_poll_count >= len(delays)):
            if self.pg_next_poll_at or self.pg_is_abandoned:
                self.write({"pg_next_poll_at": False, "pg_is_abandoned": False})
            return
        self.pg_next_poll_at = fields.Datetime.now() + pick_delay(delays, self.pg_poll_count)

    def _pg_ask_soon(self):
        """Ask again shortly: the payer was at the gateway just now, and it gave no answer.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.state in ("draft", "pending") and self.pg_next_poll_at:
            soon = fields.Datetime.now() + SOON
            self.write({"pg_poll_count": 0, "pg_next_poll_at": soon})
            self.env.ref("pg_payments.cron_poll")._trigger(at=soon)

    def _pg_has_fee(self):
        return bool(self.gateway_fee_currency_id)

    def _set_done(self, **kwargs):
        """Override of `payment` to start counting anew for the fee, and post-process refunds soon:
        no payer looks at a status page for them."""
        txs = super()._set_done(**kwargs)
        ours = txs.filtered(lambda tx: tx._pg_is_ours())
        ours.filtered("pg_poll_count").pg_poll_count = 0
        if ours.filtered(lambda tx: tx.operation == "refund"):
            self.env.ref("payment.cron_post_process_payment_tx")._trigger()
        return txs

    # === CRON === #

    def _cron_pg_poll(self):
        """Ask the gateway about each transaction whose time has come, one step each."""
        asked, patience = [], Patience()
        while len(asked) < BATCH and (due := self._pg_find_due(asked, patience.silent)):
            tx_id, provider_id = due
            asked.append(tx_id)
            try:
                with patience.watch(provider_id), steps.step(self.env) as env:
                    env["payment.transaction"].browse(tx_id)._pg_poll()
            except OperationalError:
                _logger.info("payment #%s: busy, asked again in the next run", tx_id)
            except (OutsideError, UserError) as error:
                self._pg_postpone_poll(tx_id, error)
            except Exception:
                _logger.exception("payment #%s: could not be asked about", tx_id)
                self._pg_postpone_poll(tx_id, None)
        if len(asked) == BATCH:
            # More may be waiting; other crons have their turn first.
            self.env.ref("pg_payments.cron_poll")._trigger()

    def _pg_find_due(self, asked, silent):
        """Return (id, provider's id) of the transaction that is due longest, None when none is.

        :param asked: ids of transactions to leave out.
        :param silent: likewise of providers.
        """
        self.env.cr.execute(
            SQL(
                """SELECT id, provider_id FROM payment_transaction
                    WHERE pg_next_poll_at <= %s
                      AND NOT id = ANY(%s) AND NOT provider_id = ANY(%s)
                 ORDER BY pg_next_poll_at, id LIMIT 1""",
                fields.Datetime.now(),
                asked,
                silent,
            )
        )
        return self.env.cr.fetchone()

    def _pg_poll(self):
        """Ask about one transaction, unless somebody else holds it or was faster."""
        tx = self.try_lock_for_update()
        if not tx or not tx.pg_next_poll_at or tx.pg_next_poll_at > fields.Datetime.now():
            return
        tx.pg_poll_count += 1
        if tx.pg_is_abandoned and tx.state in ("draft", "pending"):
            tx.provider_id._pg_get_gateway().expire_checkout(tx.pg_checkout_ref)
        if tx._pg_refresh("poll") is None:
            tx.pg_next_poll_at = False
        elif tx._pg_is_unpaid_for_good():
            tx._set_canceled(state_message=tx.env._("The payment page has closed unpaid."))
            tx._pg_plan_poll()

    def _pg_is_unpaid_for_good(self):
        """Tell whether an open page is over by our own decision: its gateway cannot close it, but
        without our capture it takes no money."""
        if self.provider_id._pg_get_gateway_class().closes_pages or self.operation == "refund":
            return False
        if self.state not in ("draft", "pending") or self.pg_payment_ref:
            return False
        expires_at = self.pg_checkout_expires_at
        is_over = bool(expires_at) and expires_at <= fields.Datetime.now()
        return (is_over or self.pg_is_abandoned) and not self._pg_is_confirming()

    def _pg_postpone_poll(self, tx_id, error):
        """Ask later: the gateway gave no answer, so nothing is known and nothing changes."""
        _logger.warning("payment #%s: no answer to the poll: %r", tx_id, error)
        steps.run_step(self.env, _postpone, tx_id)


def _postpone(env, tx_id):
    tx = env["payment.transaction"].browse(tx_id)
    tx._gateway_lock()
    if tx.pg_next_poll_at:
        tx.pg_poll_count += 1
        tx._pg_plan_poll()
