import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from odoo import fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools import steps
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..const import BATCH, REFUND_DELAYS, REFUND_LEASE, pick_delay
from ..gateways import GATEWAYS
from ..patience import Patience
from ..ports import RefundRequest

_logger = logging.getLogger(__name__)

#: A child in one of these holds a part of what was paid.
COUNTED_STATES = ("draft", "pending", "authorized", "done")


@dataclass(frozen=True)
class RefundJob:
    """One claimed refund, with all that the call needs: no database is open during it."""

    tx_id: int
    provider_id: int
    gateway: Any
    request: RefundRequest
    must_look_up: bool


class PaymentTransaction(models.Model):
    """Sending money back: asked for by a record, done by a worker, never twice."""

    _inherit = "payment.transaction"

    pg_refund_step = fields.Selection(
        [
            ("waiting", "Waiting to be asked for"),
            ("requested", "Asked for, outcome not known"),
            ("accepted", "Known to the gateway"),
            ("refused", "Refused by the gateway"),
        ],
        "Refund request",
        readonly=True,
        copy=False,
    )
    pg_next_try_at = fields.Datetime("Next try", readonly=True, copy=False, index="btree_not_null")
    pg_try_count = fields.Integer("Tries", readonly=True, copy=False)

    # === BUSINESS METHODS - PRE-PROCESSING === #

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """Override of `payment` to never let refunds exceed what was paid.

        The source is locked first, so two who ask at the same time are looked at one after the
        other.

        :raise ValidationError: when this refund cannot be; nothing is created then.
        """
        if not is_refund or not self._pg_is_ours():
            return super()._create_child_transaction(amount, is_refund, **custom_create_values)
        self.ensure_one()
        self._gateway_lock()
        if custom_create_values.get("pg_refund_step") != "accepted":
            self._pg_check_refund(amount)
            custom_create_values.update(
                pg_refund_step="waiting",
                pg_next_try_at=fields.Datetime.now(),
                **self._pg_prepare_refund_values(amount),
            )
        return super()._create_child_transaction(amount, is_refund, **custom_create_values)

    def _pg_check_refund(self, amount):
        """Raise unless this amount can still be sent back.

        :raise ValidationError: with a sentence for the person who asked.
        """
        if self.state != "done" or self.operation == "refund":
            raise ValidationError(self.env._("Only confirmed payments can be refunded."))
        left = self._pg_get_refundable()
        if D(amount) <= 0 or D(amount) > left:
            raise ValidationError(
                self.env._(
                    "At most %(left)s %(currency)s of %(reference)s can be refunded.",
                    left=left,
                    currency=self.currency_id.name,
                    reference=self.reference,
                )
            )

    def _pg_prepare_refund_values(self, amount):
        """Return what the child of a refund keeps of a conversion.

        :raise ValidationError: when the gateway cannot express the amount.
        """
        values = self._pg_get_refund_conversion(amount)
        part, currency = D(amount), self.currency_id.name
        if values:
            part, currency = D(values["gateway_amount"]), self.gateway_currency_id.name
        try:
            self.provider_id._pg_get_gateway().check_amount(part, currency)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return values

    def _pg_get_refundable(self):
        """Return what may still be sent back, as a Decimal: running requests count as sent."""
        back = (D(child.amount) for child in self._pg_get_counted_refunds())
        return D(self.amount) + sum(back, D(0))

    def _pg_get_counted_refunds(self):
        return self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state in COUNTED_STATES
        )

    def _send_refund_request(self):
        """Override of `payment` to wake the worker: no call to the outside is made here."""
        if not self._pg_is_ours():
            return super()._send_refund_request()
        self.env.ref("pg_payments.cron_refunds")._trigger()

    # === BUSINESS METHODS - PROCESSING === #

    def _pg_apply_refund(self, state):
        """Follow a refund state; the gateway's last word may come after its first success."""
        if state.refund_id and self.provider_reference != state.refund_id:
            self.provider_reference = state.refund_id
        self.write({"pg_refund_step": "accepted", "pg_next_try_at": False})
        if state.status == "done" and self.state in ("draft", "pending", "error"):
            self._set_done()
        elif state.status == "pending" and self.state == "draft":
            self._set_pending(state_message=state.message or None)
        elif state.status in ("failed", "cancelled") and self.state != "error":
            message = self.env._("The refund failed: %s", state.message or state.status)
            self._set_error(message, extra_allowed_states=("done",))
            self.source_transaction_id._pg_flag(f"{self.reference}: {message}")
        self._pg_plan_poll()

    def _pg_refresh_refund(self, source):
        """Read one refund again; called under the lock by `_pg_refresh`."""
        if not self.provider_reference:
            self.pg_next_poll_at = False
            return None
        state = self.provider_id._pg_get_gateway().get_refund(self.provider_reference)
        self._process(self.provider_code, {"pg_refund": state})
        _logger.info("refund %s by %s: %s", self.reference, source, self.state)
        return state

    # === CRON === #

    def _cron_pg_refunds(self):
        """Ask the gateway for each refund that waits: claim, commit, call, commit the outcome."""
        patience = Patience()
        for _count in range(BATCH):
            job = steps.run_step(self.env, _claim, patience.silent, read_committed=True)
            if not job:
                break
            try:
                with patience.watch(job.provider_id):
                    outcome = self._pg_call_refund(job)
            except OutsideError as error:
                outcome = error
            try:
                steps.run_step(self.env, _settle, job, outcome)
            except Exception:
                # The lease ends, then it is looked up at the gateway.
                _logger.exception("refund %s: outcome not written", job.request.reference)
        else:
            # More may be waiting; other crons have their turn first.
            self.env.ref("pg_payments.cron_refunds")._trigger()

    def _pg_claim_refund(self, silent=()):
        """Take one refund that is due and mark it as being asked for; committed by the caller's
        step before the call.

        :param silent: ids of providers that are left alone.
        :return: a RefundJob, or None when there is none.
        """
        tx = self._pg_take_due_refund(silent)
        if not tx:
            return None
        # Anything but a first try may have been executed: look before asking again.
        must_look_up = tx.pg_refund_step != "waiting"
        tx.write(
            {
                "pg_refund_step": "requested",
                "pg_try_count": tx.pg_try_count + 1,
                "pg_next_try_at": fields.Datetime.now() + REFUND_LEASE,
            }
        )
        return RefundJob(
            tx.id,
            tx.provider_id.id,
            tx._pg_find_gateway(),
            tx._pg_prepare_refund(),
            must_look_up,
        )

    def _pg_take_due_refund(self, silent=()):
        """Return one refund whose time has come, locked; others that are locked are passed over."""
        self.env.cr.execute(
            SQL(
                """SELECT tx.id FROM payment_transaction tx
                     JOIN payment_provider provider ON provider.id = tx.provider_id
                    WHERE tx.pg_next_try_at <= %s AND tx.operation = 'refund'
                      AND tx.state IN ('draft', 'pending')
                      AND tx.pg_refund_step IN ('waiting', 'requested')
                      AND provider.state != 'disabled' AND provider.code IN %s
                      AND NOT provider.id = ANY(%s)
                 ORDER BY tx.pg_next_try_at, tx.id LIMIT 1 FOR UPDATE OF tx SKIP LOCKED""",
                fields.Datetime.now(),
                tuple(GATEWAYS),
                list(silent),
            )
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _pg_find_gateway(self):
        """Return the adapter, or None when the account is not set up well: that is no reason to
        stop the refunds of others."""
        try:
            return self.provider_id._pg_get_gateway()
        except UserError as error:
            _logger.warning("refund %s: %s", self.reference, error)
            return None

    def _pg_prepare_refund(self):
        """Build the request of this refund; the same in every try."""
        amount, currency = self._pg_get_gateway_pair()
        return RefundRequest(
            reference=self.reference,
            key=self._pg_make_key("refund"),
            payment_id=self.source_transaction_id.pg_payment_ref,
            amount=amount,
            currency=currency,
            database=self._pg_get_database(),
            provider_id=self.provider_id.id,
        )

    def _pg_call_refund(self, job):
        """Ask for the refund, after a look whether an earlier try has got through.

        :raise OutsideError: when it is not known to be accepted.
        """
        if job.gateway is None:
            raise NotSent("The gateway is not set up", reference=job.request.reference)
        if job.must_look_up:
            for state in job.gateway.find_refunds(job.request.payment_id):
                if state.reference == job.request.reference:
                    return state
        return job.gateway.create_refund(job.request)

    def _pg_apply_outcome(self, outcome):
        """Follow the answer to a refund request, or the lack of one."""
        if not isinstance(outcome, OutsideError):
            self._process(self.provider_code, {"pg_refund": outcome})
            return
        _logger.warning("refund %s: %r", self.reference, outcome)
        if isinstance(outcome, Rejected) and not outcome.temporary:
            self.write({"pg_refund_step": "refused", "pg_next_try_at": False})
            message = self.env._("The gateway refused the refund: %s", outcome.message)
            self._set_error(message)
            self.source_transaction_id._pg_flag(f"{self.reference}: {message}")
            return
        if isinstance(outcome, Unknown) and self.state == "draft":
            self._set_pending(state_message=self.env._("Asked for; the outcome is not known yet."))
        self._pg_postpone(outcome, REFUND_DELAYS, "pg_payments.cron_refunds")
        if self.pg_try_count == len(REFUND_DELAYS):
            message = self.env._("It is not known whether this refund was sent.")
            self.source_transaction_id._pg_flag(f"{self.reference}: {message}")

    def _pg_postpone(self, outcome, delays, cron):
        """Plan the next try, not before the gateway allows it."""
        delay = pick_delay(delays, self.pg_try_count - 1)
        if isinstance(outcome, Throttled) and outcome.retry_after:
            delay = max(delay, timedelta(seconds=outcome.retry_after))
        self.pg_next_try_at = fields.Datetime.now() + delay
        self.env.ref(cron)._trigger(at=self.pg_next_try_at)


def _claim(env, silent):
    return env["payment.transaction"]._pg_claim_refund(silent)


def _settle(env, job, outcome):
    """Write the outcome of a job, unless a webhook was faster."""
    tx = env["payment.transaction"].browse(job.tx_id)
    tx._gateway_lock()
    if tx.pg_refund_step == "requested":
        tx._pg_apply_outcome(outcome)
