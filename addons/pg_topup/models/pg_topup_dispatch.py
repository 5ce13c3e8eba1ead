import os
import random
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from odoo import api, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools import options
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_base.tools.steps import commit
from odoo.addons.pg_catalog.ports import CANCELLED, COMPLETED, FAILED, TransferRequest
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..clock import now
from ..dispatcher import Dispatcher

WORKER = f"{socket.gethostname()}:{os.getpid()}"
CLAIM_LOCK = 7732
# Seconds for which a cron run takes on new work; calls in flight are finished after it.
CRON_SECONDS = 60


@dataclass(frozen=True)
class SendJob:
    """One call to make: everything it needs, without a record or a cursor."""

    attempt_id: int
    port: Any
    request: TransferRequest


class PgTopup(models.Model):
    """Sending: claim and commit, call, settle. See ``dispatcher`` for who commits and calls."""

    _inherit = "pg.topup"

    # === CLAIM === #

    @api.model
    def _claim_sends(self, limit):
        """Claim due top-ups and write an attempt for each; the caller commits before any call.

        Rows of other workers are skipped. Per supplier an advisory lock keeps the number of calls
        in flight below its limit across all workers.

        :param int limit: how many calls the caller can make now.
        :return: jobs to call, one an attempt.
        :rtype: list[SendJob]
        """
        jobs = []
        for supplier in self.env["pg.supplier"].sudo().search([("active", "=", True)]):
            free = min(self._count_free(supplier), limit - len(jobs))
            if free > 0:
                jobs += self._claim_of_supplier(supplier, free)
        return jobs

    def _claim_of_supplier(self, supplier, limit):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_topup
                   WHERE supplier_id = %s AND next_attempt_at <= %s
                     AND state IN ('paid', 'processing')
                   ORDER BY next_attempt_at, id LIMIT %s FOR UPDATE SKIP LOCKED""",
                supplier.id,
                now(),
                limit,
            )
        )
        if not rows:
            return []
        port = supplier._get_port()
        topups = self.browse(id_ for (id_,) in rows)
        topups.invalidate_recordset()
        return [job for topup in topups if (job := topup._begin_attempt(port))]

    def _count_free(self, supplier):
        """Return how many more calls the supplier may get now; 0 while another worker claims."""
        due = SQL(
            "SELECT 1 FROM pg_topup WHERE supplier_id = %s AND next_attempt_at <= %s LIMIT 1",
            supplier.id,
            now(),
        )
        if not self.env.execute_query(due):
            return 0
        [[mine]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", CLAIM_LOCK, supplier.id)
        )
        if not mine:
            return 0
        [[flying]] = self.env.execute_query(
            SQL(
                """SELECT count(*) FROM pg_topup_attempt
                   WHERE state = 'sending' AND supplier_id = %s AND lease_until > %s""",
                supplier.id,
                now(),
            )
        )
        return supplier.max_in_flight - flying

    def _begin_attempt(self, port):
        """Write the attempt that is about to be made, with a lease.

        :return: the job, or None when the top-up failed instead (its price no longer holds).
        """
        self.ensure_one()
        if problem := self._check_pin():
            self._fail(problem)
            return None
        if self.state == "paid":
            self._set_state("processing", next_attempt_at=False)
        else:
            self.next_attempt_at = False
        attempt = self.env["pg.topup.attempt"].create(
            {
                "topup_id": self.id,
                "company_id": self.company_id.id,
                "supplier_id": self.supplier_id.id,
                "number": len(self.attempt_ids) + 1,
                "reference": self.supplier_reference,
                "worker": WORKER,
                "started_at": now(),
                "lease_until": now() + timedelta(seconds=_lease_seconds()),
            }
        )
        self._log_event("attempt", self.env._("Attempt %s is sent.", attempt.number))
        return SendJob(attempt.id, port, self._prepare_request())

    def _prepare_request(self):
        return TransferRequest(
            reference=self.supplier_reference,
            sku_code=self.sku_id.code,
            account_number=self.number,
            send_value=D(self.send_value),
            send_currency=self.send_currency_id.name,
        )

    def _check_pin(self):
        """Return why the pinned price no longer holds, '' when it does.

        Only asked when the pin is older than its life: a retry, or a payment that came late.
        """
        if not self.supplier_id.active or not self.sku_id.active:
            return self.env._("The operator no longer sells this product.")
        if self.pin_expires_at > now():
            return ""
        try:
            quote = self.offer_id.with_company(self.company_id)._pg_quote(
                send_value=D(self.send_value)
            )
        except UserError as error:
            return error.args[0]
        if quote.receive_value < D(self.receive_value) or quote.cost > D(self.cost):
            return self.env._("The price changed since it was accepted.")
        return ""

    # === SETTLE === #

    @api.model
    def _settle_send(self, attempt_id, outcome):
        """Write what became of a call.

        :param outcome: a `TransferRecord`, or one of the four outcome exceptions.
        """
        attempt = self.env["pg.topup.attempt"].browse(attempt_id)
        topup = attempt.topup_id
        topup._lock()
        attempt.invalidate_recordset()
        if attempt.state not in ("sending", "unknown") or topup.state not in (
            "processing",
            "in_doubt",
        ):
            topup._log_event(
                "attempt", self.env._("A late answer changed nothing: %s", _describe(outcome))
            )
            return
        if isinstance(outcome, OutsideError):
            topup._settle_error(attempt, outcome)
        else:
            topup._settle_record(attempt, outcome)

    def _settle_record(self, attempt, record):
        """Apply what the supplier holds about the transfer of an attempt."""
        if record.state == COMPLETED and record.transfer_ref:
            self._deliver(attempt, record)
        elif record.state in (FAILED, CANCELLED):
            attempt._close("failed", record)
            self._retry_or_fail("rejected", attempt, record.code or record.state)
        else:
            attempt._close("open", record)
            if self.state == "in_doubt":
                self._set_state("processing", note=self.env._("The supplier is working on it."))
            self._plan_probe()

    def _settle_error(self, attempt, error):
        """Apply a call that ended in one of the four outcome classes."""
        if isinstance(error, Unknown):
            attempt._close("unknown", error)
            if self.state == "processing":
                self._doubt(str(error))
            return
        if isinstance(error, Throttled):
            plan = "throttled"
        elif isinstance(error, NotSent):
            plan = "not_sent"
        else:
            plan = "temporary" if isinstance(error, Rejected) and error.temporary else "rejected"
        attempt._close("rejected" if plan == "temporary" else plan, error)
        wait = getattr(error, "retry_after", None)
        self._retry_or_fail(plan, attempt, _describe(error), at_least=wait or 0)

    def _deliver(self, attempt, record):
        """End the top-up as delivered."""
        attempt._close("delivered", record)
        self._set_state(
            "completed",
            note=self.env._("Delivered; the supplier's transfer is %s.", record.transfer_ref),
            transfer_ref=record.transfer_ref,
            receipt_text=(record.receipt_text or "")[:2000],
            next_attempt_at=False,
            next_probe_at=False,
            needs_person=False,
        )
        self._post_delivered()
        received = record.receive_value
        if received is not None and received < D(self.receive_value):
            self._alert(
                self.env._(
                    "Only %(got)s of the promised %(promised)s arrived.",
                    got=received,
                    promised=self.receive_value,
                )
            )

    def _doubt(self, why):
        """Put the top-up in doubt: it may be delivered, so it is looked up and never sent."""
        self._set_state(
            "in_doubt", note=self.env._("Outcome unknown: %s", why), probe_count=0, absent_count=0
        )
        self._plan_probe()

    def _retry_or_fail(self, plan, attempt, reason, at_least=0):
        """Plan the next try after a proven non-delivery, or fail when the plan is used up.

        :param str plan: a key of ``const.RETRY_PLANS``.
        :param float at_least: seconds that the supplier asked to wait.
        """
        waits = const.RETRY_PLANS[plan]
        used = len(self.attempt_ids) - 1
        if used >= len(waits):
            self._fail(self.env._("The operator did not accept the top-up (%s).", reason))
            return
        wait = max(at_least, waits[used] * (1 + random.uniform(0, const.JITTER)))
        if self.state == "in_doubt":
            self._set_state("processing", note=self.env._("Proven not delivered: %s", reason))
        self.write({"next_attempt_at": now() + timedelta(seconds=wait), "next_probe_at": False})
        self._log_event(
            "attempt",
            self.env._(
                "Attempt %(no)s: %(why)s. Next try in %(s)d s.",
                no=attempt.number,
                why=reason,
                s=wait,
            ),
        )
        self._wake_dispatcher(at=self.next_attempt_at)

    # === LEASES === #

    @api.model
    def _expire_leases(self, limit=100):
        """Put in doubt what a dead worker left: it may have been sent, so never send it again."""
        rows = self.env.execute_query(
            SQL(
                """SELECT t.id FROM pg_topup t
                   JOIN pg_topup_attempt a ON a.topup_id = t.id
                   WHERE a.state = 'sending' AND a.lease_until < %s
                   LIMIT %s FOR UPDATE OF t SKIP LOCKED""",
                now(),
                limit,
            )
        )
        topups = self.browse(id_ for (id_,) in rows)
        topups.invalidate_recordset()
        for topup in topups:
            attempt = topup.attempt_ids.filtered(lambda a: a.state == "sending")
            attempt.invalidate_recordset()
            if attempt.state == "sending" and topup.state == "processing":
                attempt._close("unknown", Unknown("The worker died during the call"))
                topup._doubt(self.env._("the worker died during the call"))
        return len(topups)

    # === WAKING === #

    @api.model
    def _wake_dispatcher(self, at=None):
        """Have the dispatcher run once this transaction is committed."""
        cron = self.env.ref("pg_topup.cron_dispatch", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(at=at)

    @api.model
    def _has_due_work(self, seconds):
        """Tell whether a send, a look-up or a refund falls due within some seconds."""
        limit = now() + timedelta(seconds=seconds)
        [[due]] = self.env.execute_query(
            SQL(
                """SELECT EXISTS (SELECT FROM pg_topup WHERE next_attempt_at <= %(at)s)
                       OR EXISTS (SELECT FROM pg_topup WHERE next_probe_at <= %(at)s)
                       OR EXISTS (SELECT FROM payment_transaction
                                  WHERE pg_refund_due_at <= %(at)s)""",
                at=limit,
            )
        )
        return due

    @api.model
    def _cron_dispatch(self):
        """Send, look up and refund whatever is due; the same code as the process of its own."""
        commit(self.env)
        Dispatcher(self.env.registry).run(CRON_SECONDS)


class PgTopupAttempt(models.Model):
    _inherit = "pg.topup.attempt"

    def _close(self, state, outcome):
        """Write how the call ended.

        :param outcome: a `TransferRecord` or an `OutsideError`.
        """
        self.write(
            {
                "state": state,
                "finished_at": now(),
                "code": getattr(outcome, "code", "") or False,
                "context": getattr(outcome, "context", "") or False,
                "message": str(outcome)[:500] if isinstance(outcome, OutsideError) else False,
                "transfer_ref": getattr(outcome, "transfer_ref", "") or False,
            }
        )


def _lease_seconds():
    return int(options.get("pg_lease_seconds", const.LEASE))


def _describe(outcome):
    """Return a short text for a timeline."""
    if isinstance(outcome, OutsideError):
        return " / ".join(filter(None, (outcome.code, outcome.context))) or str(outcome)
    return f"{outcome.state} {outcome.transfer_ref}"
