import random
from datetime import timedelta

from odoo import api, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_catalog.ports import CANCELLED, COMPLETED, FAILED
from odoo.tools import SQL

from .. import const
from ..clock import now


class PgTopup(models.Model):
    """What becomes of a call, in a short transaction of its own. See ``dispatcher``."""

    _inherit = "pg.topup"

    # === SETTLE === #

    @api.model
    def _settle_all(self, items):
        """Write several outcomes in one transaction: the rows are locked and read together.

        :param items: of ``dispatcher.settler.Outcome``.
        :return: what the method of each returns, in their order.
        """
        sends = [item for item in items if item.method == "_settle_send"]
        attempts = self.env["pg.topup.attempt"].browse(item.record_id for item in sends)
        attempts.topup_id._lock()
        attempts.invalidate_recordset()
        return [
            self._settle_send(item.record_id, item.outcome, together=attempts._ids)
            if item.method == "_settle_send"
            else getattr(self, item.method)(item.record_id, item.outcome)
            for item in items
        ]

    @api.model
    def _settle_send(self, attempt_id, outcome, *, together=()):
        """Write what became of a call.

        :param outcome: a `TransferRecord`, or one of the four outcome exceptions.
        :param together: ids of attempts that are settled in the same transaction.
        :return: whose fault it was that the call did not go well: a key of ``const.FAULTS``, False.
        """
        attempt = self.env["pg.topup.attempt"].browse(attempt_id)
        attempt = attempt.with_prefetch(together or attempt._ids)
        topup = attempt.topup_id
        if not together:
            topup._lock()
            attempt.invalidate_recordset()
        fault = attempt._note_answer(outcome)
        if attempt.state not in ("sending", "unknown") or topup.state not in (
            "processing",
            "in_doubt",
        ):
            topup._take_late_answer(attempt, outcome)
        elif isinstance(outcome, OutsideError):
            topup._settle_error(attempt, outcome)
        else:
            topup._settle_record(attempt, outcome)
        return fault

    def _settle_record(self, attempt, record):
        """Apply what the supplier holds about the transfer of an attempt."""
        if record.state == COMPLETED and record.transfer_ref:
            self._deliver(attempt, record)
        elif record.state in (FAILED, CANCELLED):
            attempt._close("failed", record, plan="rejected")
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
        plan = _plan_of(error)
        attempt._close("rejected" if plan == "temporary" else plan, error, plan=plan)
        wait = getattr(error, "retry_after", None)
        self._retry_or_fail(plan, attempt, describe(error), at_least=wait or 0)

    def _deliver(self, attempt, record):
        """End the top-up as delivered."""
        attempt._close("delivered", record)
        self._set_state(
            "completed",
            note=self.env._("Delivered; the supplier's transfer is %s.", record.transfer_ref),
            transfer_ref=record.transfer_ref,
            next_attempt_at=False,
            next_probe_at=False,
            needs_person=False,
            **self._prepare_receipt_values(record),
        )
        self._post_delivered()
        self._check_code_arrived()
        late = self.attempt_ids.filtered(lambda other: other.state == "late") - attempt
        if late:
            self._tell_late(late.mapped("transfer_ref"))
        elif any(other.state == "absent" for other in self.attempt_ids):
            self._plan_recheck()
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
        if self._deliver_late():
            return
        waits = const.RETRY_PLANS[plan]
        used = len(self.attempt_ids.filtered(lambda a: a.plan == plan)) - 1
        if used >= len(waits) or len(self.attempt_ids) >= const.MAX_ATTEMPTS:
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

    @api.model
    def _give_up_unsent(self, limit=20):
        """Give the money back for what has been due for hours and could not be sent."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_topup
                   WHERE next_attempt_at < %s AND state IN ('paid', 'processing')
                   LIMIT %s FOR UPDATE SKIP LOCKED""",
                now() - timedelta(seconds=const.SEND_WITHIN),
                limit,
            )
        )
        topups = self.browse(id_ for (id_,) in rows)
        topups.invalidate_recordset()
        for topup in topups:
            topup._fail(self.env._("It could not be sent in time."))


class PgTopupAttempt(models.Model):
    _inherit = "pg.topup.attempt"

    def _note_answer(self, outcome):
        """Note when the call ended, and whose fault it was, for the circuit breaker.

        :return: ``supplier``, ``operator``, or False.
        """
        fault = False
        if isinstance(outcome, NotSent | Unknown):
            # A code comes from the operator behind the supplier, no code from the supplier's door.
            fault = "operator" if outcome.code else "supplier"
        elif isinstance(outcome, Rejected) and outcome.temporary:
            fault = "operator"
        self.write({"answered_at": now(), "fault": fault})
        return fault

    def _close(self, state, outcome, *, plan=False):
        """Write how the call ended.

        :param outcome: a `TransferRecord` or an `OutsideError`.
        :param plan: the key of ``const.RETRY_PLANS`` that decides what follows, if any.
        """
        self.write(
            {
                "state": state,
                "plan": plan,
                "finished_at": now(),
                "code": getattr(outcome, "code", "") or False,
                "context": getattr(outcome, "context", "") or False,
                "message": str(outcome)[:500] if isinstance(outcome, OutsideError) else False,
                "transfer_ref": getattr(outcome, "transfer_ref", "") or False,
            }
        )


def _plan_of(error):
    """Return the retry plan of a call that surely did not deliver."""
    if isinstance(error, Throttled):
        return "throttled"
    if isinstance(error, NotSent):
        return "not_sent"
    return "temporary" if isinstance(error, Rejected) and error.temporary else "rejected"


def describe(outcome):
    """Return a short text for a timeline."""
    if isinstance(outcome, OutsideError):
        return " / ".join(filter(None, (outcome.code, outcome.context))) or str(outcome)
    return f"{outcome.state} {outcome.transfer_ref}"
