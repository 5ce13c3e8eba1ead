import logging
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_catalog.ports import COMPLETED, OPEN
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const
from ..clock import now
from .pg_topup_claim import AGAIN

_logger = logging.getLogger(__name__)

TAKE = 50


@dataclass(frozen=True)
class ProbeJob:
    """One look-up to make at a supplier."""

    topup_id: int
    port: Any
    reference: str
    account_number: str
    # The supplier's transfer that shall be cancelled first, when one shall.
    cancel_ref: str = ""

    def run(self):
        """Return what the supplier holds by our reference and, as a second witness, by number.

        A cancellation is only a wish: what the look-up finds after it is the truth.

        :raise OutsideError: nothing can be concluded.
        """
        if self.cancel_ref:
            try:
                self.port.cancel(reference=self.reference, transfer_ref=self.cancel_ref)
            except OutsideError as error:
                _logger.info("transfer %s is not cancelled: %s", self.cancel_ref, error)
        found = {
            record.transfer_ref or id(record): record
            for record in (
                *self.port.find_transfers(reference=self.reference, take=TAKE),
                *self.port.find_transfers(account_number=self.account_number, take=TAKE),
            )
        }
        return list(found.values())


class PgTopup(models.Model):
    """Looking up transfers whose end is unknown; nothing here sends."""

    _inherit = "pg.topup"

    decided_reason = fields.Text("Reason of the decision", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True, copy=False)

    def _plan_probe(self):
        """Set the next look-up: soon at first, then ever more slowly."""
        waits = const.PROBE_WAITS
        wait = waits[min(self.probe_count, len(waits) - 1)]
        self.next_probe_at = now() + timedelta(seconds=wait)
        self._wake_dispatcher(at=self.next_probe_at)

    @api.model
    def _claim_probes(self, limit):
        """Claim due look-ups; the caller commits before any call.

        :rtype: list[ProbeJob]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_topup WHERE next_probe_at <= %s
                   ORDER BY next_probe_at LIMIT %s FOR UPDATE SKIP LOCKED""",
                now(),
                limit,
            )
        )
        topups = self.browse(id_ for (id_,) in rows)
        topups.invalidate_recordset()
        topups.write({"next_probe_at": now() + timedelta(seconds=const.CLAIM)})
        ports = {supplier: self._find_port(supplier) for supplier in topups.supplier_id}
        return [
            ProbeJob(
                topup.id,
                ports[topup.supplier_id],
                topup.supplier_reference,
                topup._get_account_number(),
                topup._take_cancel_wish(),
            )
            for topup in topups
            if ports[topup.supplier_id]
        ]

    @api.model
    def _find_port(self, supplier):
        """Return the port of a supplier; None, and a pause with its alert, when it has none.

        A supplier without its key keeps no other one from being asked.
        """
        try:
            with self.env.cr.savepoint():
                return supplier._get_port()
        except AGAIN:
            raise
        except Exception as error:
            reason = error.args[0] if isinstance(error, UserError) else type(error).__name__
            _logger.warning("supplier %s cannot be asked: %s", supplier.name, reason)
            self.env["pg.circuit"].sudo()._trip(supplier, reason=reason)
            return None

    @api.model
    def _settle_probe(self, topup_id, outcome):
        """Write what a look-up found.

        :param outcome: list of `TransferRecord`, or an outcome exception.
        """
        topup = self.browse(topup_id)
        topup._lock()
        if topup.state in const.ENDED_STATES:
            topup._settle_recheck(outcome)
            return
        attempt = topup.attempt_ids.filtered(lambda a: a.state in ("open", "unknown"))
        if topup.state not in ("processing", "in_doubt") or not attempt:
            topup.next_probe_at = False
            return
        topup.probe_count += 1
        if isinstance(outcome, OutsideError):
            topup._plan_probe()
        else:
            topup._judge(attempt, [r for r in outcome if topup._may_be_mine(r, attempt)])
        topup._lose_patience(attempt)

    def _lose_patience(self, attempt):
        """Ask a person about what has been open for days: suppliers keep no record for ever."""
        since = now() - timedelta(seconds=const.OPEN_LONGEST)
        if attempt.state not in ("open", "unknown") or attempt.started_at > since:
            return
        if self.state == "processing":
            self._set_state("in_doubt", note=self.env._("The supplier has not ended it for days."))
        self._ask_person(self.env._("The supplier has not said for days how it ended."))

    def _may_be_mine(self, record, attempt):
        """Tell whether a transfer at the supplier may be the one that was sent."""
        if record.reference:
            return record.reference == self.supplier_reference
        started = record.started_at
        if started is not None and started.tzinfo:
            started = started.astimezone(UTC).replace(tzinfo=None)
        earliest = attempt.started_at - timedelta(seconds=const.CLOCK_SKEW)
        return record.sku_code == self.sku_id.code and (started is None or started >= earliest)

    def _judge(self, attempt, records):
        """Decide by what the supplier holds; in doubt stays in doubt."""
        mine = [record for record in records if record.reference]
        completed = [r for r in mine if r.state == COMPLETED and r.transfer_ref]
        if completed:
            self._log_event("probe", self.env._("Found delivered at the supplier."))
            self._settle_record(attempt, completed[-1])
            if len(completed) > 1:
                refs = ", ".join(record.transfer_ref for record in completed)
                self._alert(self.env._("The supplier delivered this top-up twice: %s", refs))
        elif any(record.state == OPEN for record in mine):
            if attempt.state != "open":
                self._settle_record(attempt, next(r for r in mine if r.state == OPEN))
            else:
                self._plan_probe()
        elif len(mine) > len(self._ended_attempts()):
            # More failed transfers than earlier attempts can have left: one is this attempt's.
            self._settle_record(attempt, mine[0])
        else:
            self._judge_absence(attempt, has_suspect=len(records) > len(mine))

    def _ended_attempts(self):
        return self.attempt_ids.filtered(lambda a: a.state not in const.LIVE_ATTEMPTS)

    def _judge_absence(self, attempt, has_suspect):
        """Nothing found: proof only after the window, several times, and without a suspect."""
        self.absent_count = 0 if has_suspect or attempt.state == "open" else self.absent_count + 1
        window = timedelta(seconds=self.supplier_id.absence_window)
        if self.absent_count < const.ABSENT_PROBES or now() < attempt.started_at + window:
            self._plan_probe()
            return
        absent_before = self.attempt_ids.filtered(lambda a: a.state == "absent")
        if absent_before or not self.supplier_id.resend_absent:
            self._ask_person(self.env._("The transfer cannot be found at the supplier."))
            return
        attempt.write({"state": "absent", "finished_at": now()})
        self._set_state(
            "processing",
            note=self.env._(
                "Proven absent: the supplier holds no such transfer, %s s after it was sent.",
                int(window.total_seconds()),
            ),
            next_attempt_at=now(),
            next_probe_at=False,
        )
        self._wake_dispatcher()

    def _ask_person(self, why):
        self._plan_probe()
        if not self.needs_person:
            self.needs_person = True
            self._alert(self.env._("%s Please decide.", why))

    def _resolve(self, decision, reason, transfer_ref, code=""):
        """Apply a person's decision; the reason stays in the timeline and the ledger's payload.

        :param str decision: ``delivered`` or ``not_delivered``.
        :param str code: of a PIN or voucher, as the supplier told it.
        """
        self.ensure_one()
        attempt = self.attempt_ids.filtered(lambda a: a.state in ("open", "unknown"))[:1]
        self._log_event("note", self.env._("Decided by hand: %s", reason))
        self.write({"decided_reason": reason, "decided_by_id": self.env.user.id})
        if decision == "delivered":
            self._deliver(attempt, self._make_record(transfer_ref, code))
        else:
            attempt.write({"state": "absent", "finished_at": now()})
            self._fail(self.env._("The operator did not deliver."), policy="refund")
        self._plan_recheck()
