import logging
from dataclasses import dataclass
from typing import Any

from odoo import fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Unknown
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import BATCH, CAPTURE_DELAYS, CAPTURE_LEASE
from ..gateways import GATEWAYS
from ..patience import Patience
from ..ports import CaptureRequest

_logger = logging.getLogger(__name__)

#: A capture in one of these is on its way: the payer has nothing to do.
RUNNING = ("waiting", "requested")


@dataclass(frozen=True)
class CaptureJob:
    """One claimed capture, with all that the call needs: no database is open during it."""

    tx_id: int
    provider_id: int
    gateway: Any
    request: CaptureRequest
    must_look_up: bool


class PaymentTransaction(models.Model):
    """Taking money that a payer approved: planned by a record, done by a worker, never twice.

    For gateways where an approval moves no money (PayPal). See docs/adr/0003-paypal-capture.md.
    """

    _inherit = "payment.transaction"

    pg_capture_step = fields.Selection(
        [
            ("waiting", "Approved, to be taken"),
            ("requested", "Asked for, outcome not known"),
            ("accepted", "Taken"),
            ("declined", "Declined, back to the payer"),
            ("refused", "Refused by the gateway"),
        ],
        "Capture",
        readonly=True,
        copy=False,
    )
    pg_decline_count = fields.Integer("Times declined", readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _pg_is_confirming(self):
        """Tell whether the payer is through and the money is being taken.

        For the layers above: such a payment needs no other page and no other gateway.
        """
        self.ensure_one()
        return self.state in ("draft", "pending") and self.pg_capture_step in RUNNING

    def _pg_plan_capture(self, state, is_new_approval):
        """Plan to take an approved payment, if it is the one that we asked for; under the lock.

        :param bool is_new_approval: the payer was at the gateway just now, maybe after a decline.
        """
        if self.state not in ("draft", "pending") or self.pg_is_abandoned:
            return
        if state.checkout_id != self.pg_checkout_ref or not self._pg_is_same_amount(state):
            _logger.warning("payment %s: an approval that is not asked for", self.reference)
            return
        if self.pg_capture_step and not (self.pg_capture_step == "declined" and is_new_approval):
            return
        now = fields.Datetime.now()
        self.write({"pg_capture_step": "waiting", "pg_next_try_at": now, "pg_try_count": 0})
        if self.state == "draft":
            self._set_pending(state_message=self.env._("Approved; the payment is being confirmed."))
        self.env.ref("pg_payments.cron_captures")._trigger()

    def _pg_end_capture(self, step):
        """Note how a capture ended, or was called off."""
        self.write({"pg_capture_step": step, "pg_next_try_at": False})

    # === CRON === #

    def _cron_pg_captures(self):
        """Take each approved payment that waits: claim, commit, call, commit the outcome."""
        patience = Patience()
        for _count in range(BATCH):
            job = steps.run_step(self.env, _claim, patience.silent, read_committed=True)
            if not job:
                break
            try:
                with patience.watch(job.provider_id):
                    outcome = self._pg_call_capture(job)
            except OutsideError as error:
                outcome = error
            try:
                steps.run_step(self.env, _settle, job, outcome)
            except Exception:
                # The lease ends, then it is looked up at the gateway.
                _logger.exception("payment %s: outcome not written", job.request.reference)
        else:
            # More may be waiting; other crons have their turn first.
            self.env.ref("pg_payments.cron_captures")._trigger()

    def _pg_claim_capture(self, silent=()):
        """Take one capture that is due and mark it as being asked for; committed by the caller's
        step before the call.

        :param silent: ids of providers that are left alone.
        :return: a CaptureJob, or None when there is none.
        """
        tx = self._pg_take_due_capture(silent)
        if not tx:
            return None
        # Anything but a first try may have been executed: look before asking again.
        must_look_up = tx.pg_capture_step != "waiting"
        tx.write(
            {
                "pg_capture_step": "requested",
                "pg_try_count": tx.pg_try_count + 1,
                "pg_next_try_at": fields.Datetime.now() + CAPTURE_LEASE,
            }
        )
        try:
            gateway = tx.provider_id._pg_get_gateway()
        except UserError as error:
            # No reason to stop the captures of others.
            _logger.warning("payment %s: %s", tx.reference, error)
            gateway = None
        return CaptureJob(tx.id, tx.provider_id.id, gateway, tx._pg_prepare_capture(), must_look_up)

    def _pg_take_due_capture(self, silent=()):
        """Return one capture that is due, locked; others that are locked are passed over."""
        self.flush_model(["pg_next_try_at", "pg_capture_step", "state"])
        self.env.cr.execute(
            SQL(
                """SELECT tx.id FROM payment_transaction tx
                     JOIN payment_provider provider ON provider.id = tx.provider_id
                    WHERE tx.pg_next_try_at <= %s AND tx.operation != 'refund'
                      AND tx.state IN ('draft', 'pending')
                      AND tx.pg_capture_step IN %s
                      AND provider.state != 'disabled' AND provider.code IN %s
                      AND NOT provider.id = ANY(%s)
                 ORDER BY tx.pg_next_try_at, tx.id LIMIT 1 FOR UPDATE OF tx SKIP LOCKED""",
                fields.Datetime.now(),
                RUNNING,
                tuple(GATEWAYS),
                list(silent),
            )
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _pg_prepare_capture(self):
        """Build the request of this capture; the same in every try. After a decline, which is an
        answer and took nothing, the next approval has a key of its own."""
        amount, currency = self._pg_get_gateway_pair()
        return CaptureRequest(
            reference=self.reference,
            key=self._pg_make_key("capture", self.pg_checkout_ref, self.pg_decline_count),
            checkout_id=self.pg_checkout_ref,
            amount=amount,
            currency=currency,
        )

    def _pg_call_capture(self, job):
        """Take the money, after a look whether an earlier try has got through.

        :raise OutsideError: when the outcome is not known, or is a refusal.
        """
        if job.gateway is None:
            raise NotSent("The gateway is not set up", reference=job.request.reference)
        if job.must_look_up:
            state = job.gateway.get_payment(checkout_id=job.request.checkout_id)
            if state.status == "expired":
                # A page that is gone does not prove that nothing was taken before.
                raise Unknown("The page is gone", reference=job.request.reference)
            if state.status != "approved":
                return state
        return job.gateway.capture_payment(job.request)

    def _pg_apply_capture(self, outcome):
        """Follow the answer to a capture, or the lack of one; under the lock."""
        if isinstance(outcome, OutsideError):
            _logger.warning("payment %s: capture: %r", self.reference, outcome)
            self._pg_apply_capture_failure(outcome)
            return
        if outcome.status in ("open", "approved"):
            self._pg_end_capture("declined")
            self.pg_decline_count += 1
        else:
            is_over = outcome.status in ("expired", "cancelled")
            self._pg_end_capture("refused" if is_over else "accepted")
        self._process(self.provider_code, {"pg_state": outcome})
        _logger.info("payment %s by capture: %s", self.reference, self.state)
        self._pg_plan_poll()

    def _pg_apply_capture_failure(self, outcome):
        """Follow a refusal, or plan to look again."""
        if isinstance(outcome, Rejected) and not outcome.temporary:
            self._pg_end_capture("refused")
            self._set_error(self.env._("The gateway refused the payment: %s", outcome.message))
            return
        self._pg_postpone(outcome, CAPTURE_DELAYS, "pg_payments.cron_captures")
        if self.pg_try_count == len(CAPTURE_DELAYS):
            self._pg_flag(self.env._("It is not known whether this payment was taken."))


def _claim(env, silent):
    return env["payment.transaction"]._pg_claim_capture(silent)


def _settle(env, job, outcome):
    """Write the outcome of a job, unless a webhook was faster."""
    tx = env["payment.transaction"].browse(job.tx_id)
    tx._gateway_lock()
    if tx.pg_capture_step == "requested":
        tx._pg_apply_capture(outcome)
