import logging
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from odoo import api, models
from odoo.addons.pg_base.outcomes import NotSent
from odoo.addons.pg_base.tools import options
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_catalog.ports import TransferRequest
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL
from psycopg2 import InterfaceError, OperationalError

from .. import const
from ..clock import now

_logger = logging.getLogger(__name__)

# What makes a whole step run again; anything else is the fault of the supplier being claimed for.
AGAIN = (OperationalError, InterfaceError, ConcurrencyError)
WORKER = f"{socket.gethostname()}:{os.getpid()}"
CLAIM_LOCK = 7732


@dataclass(frozen=True)
class SendJob:
    """One call to make: everything it needs, without a record or a cursor.

    From ``lease_until`` (naive UTC) on the attempt is nobody's: others may look it up, find nothing
    and send it again. A worker that was frozen until then must not call any more.
    """

    attempt_id: int
    supplier_id: int
    operator_id: int
    port: Any
    request: TransferRequest
    lease_until: datetime
    is_trial: bool = False

    def run(self):
        """Make the call.

        :return: the supplier's `TransferRecord`.
        :raise OutsideError: how else it ended; `NotSent` when the lease is over.
        """
        if now() >= self.lease_until:
            raise NotSent("The worker came too late to make the call")
        return self.port.transfer(self.request)


class PgTopup(models.Model):
    """Claiming what is due: many at once, committed by the caller before any call is made."""

    _inherit = "pg.topup"

    @api.model
    def _claim_sends(self, limit):
        """Claim due top-ups and write an attempt for each; the caller commits before any call.

        Rows of other workers are skipped. Per supplier an advisory lock keeps the number of calls
        in flight below its limit across all workers. What an open circuit covers stays where it
        is, but for one trial at a time.

        :param int limit: how many calls the caller can make now.
        :return: jobs to call, one an attempt; and the prices to ask for before a send.
        :rtype: list[SendJob | PriceJob]
        """
        jobs = []
        for supplier in self._find_due_suppliers():
            free = min(self._count_free(supplier), limit - len(jobs))
            if free > 0:
                jobs += self._claim_safely(supplier, free)
        return jobs

    @api.model
    def _claim_safely(self, supplier, limit):
        """Claim for one supplier; whatever breaks there pauses this supplier and no other."""
        try:
            with self.env.cr.savepoint():
                return self._claim_of_supplier(supplier, limit)
        except AGAIN:
            raise
        except Exception as error:
            _logger.exception("nothing can be claimed for supplier %s", supplier.name)
            self.env["pg.circuit"].sudo()._trip(
                supplier, reason=self.env._("Nothing can be sent: %s", type(error).__name__)
            )
            return []

    @api.model
    def _find_due_suppliers(self):
        """Return the suppliers with due sends, archived ones too: their sales must end."""
        rows = self.env.execute_query(
            SQL(
                """SELECT s.id FROM pg_supplier s WHERE EXISTS (
                       SELECT FROM pg_topup t
                        WHERE t.supplier_id = s.id AND t.next_attempt_at <= %s)
                   ORDER BY s.sequence, s.id""",
                now(),
            )
        )
        return self.env["pg.supplier"].sudo().browse(id_ for (id_,) in rows)

    def _count_free(self, supplier):
        """Return how many more calls the supplier may get now; 0 while another worker claims."""
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

    def _claim_of_supplier(self, supplier, limit):
        Circuit = self.env["pg.circuit"].sudo()
        trials = Circuit._begin_trials(supplier)
        topups = self._lock_due(supplier, limit - len(trials)) | self.browse(trials)
        if not topups:
            return []
        try:
            port = supplier._get_port() if supplier.active else None
        except UserError as error:
            Circuit._trip(supplier, reason=error.args[0])
            return []
        topups._note_locked()
        topups.supplier_id.fetch(["active", "prices_at"])
        topups.sku_id.fetch(["active", "code", "price_asked_at", "feed_problem"])
        sendable = topups._filter_sendable()
        unsure = sendable.filtered(lambda topup: topup._needs_price_check())
        jobs = unsure._claim_price_checks(port) if unsure else []
        return jobs + (sendable - unsure)._begin_attempts(port, set(trials))

    @api.model
    def _lock_due(self, supplier, limit):
        """Lock due rows of a supplier that no circuit covers, skipping other workers' rows."""
        rows = self.env.execute_query(
            SQL(
                """SELECT t.id FROM pg_topup t
                   WHERE t.supplier_id = %s AND t.next_attempt_at <= %s
                     AND t.state IN ('paid', 'processing') AND t.review_state <> 'held'
                     AND NOT EXISTS (
                         SELECT FROM pg_circuit c
                          WHERE c.supplier_id = t.supplier_id AND c.state <> 'closed'
                            AND (c.operator_id = t.operator_id OR c.operator_id IS NULL))
                   ORDER BY t.next_attempt_at, t.id LIMIT %s FOR UPDATE OF t SKIP LOCKED""",
                supplier.id,
                now(),
                max(limit, 0),
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _filter_sendable(self):
        """Return those whose pin holds; the others are ended or held, and never sent."""
        sendable = self.browse()
        for topup in self:
            if problem := topup._check_pin():
                topup._on_pin_broken(problem)
            else:
                sendable += topup
        return sendable

    def _begin_attempts(self, port, trials=()):
        """Write the attempts that are about to be made, each with a lease; the rows are locked.

        :param trials: ids of those that try whether a circuit can be closed again.
        :return: the jobs.
        """
        if not self:
            return []
        fresh = self.filtered(lambda topup: topup.state == "paid")
        if fresh:
            fresh._set_state("processing", next_attempt_at=False)
        if self - fresh:
            (self - fresh).write({"next_attempt_at": False})
        moment = now()
        attempts = self.env["pg.topup.attempt"].create(
            [topup._prepare_attempt(moment) for topup in self]
        )
        self._log_event("attempt", [self.env._("Attempt %s is sent.", a.number) for a in attempts])
        return [
            SendJob(
                attempt.id,
                topup.supplier_id.id,
                topup.operator_id.id,
                port,
                topup._prepare_request(),
                attempt.lease_until,
                topup.id in trials,
            )
            for topup, attempt in zip(self, attempts, strict=True)
        ]

    def _prepare_attempt(self, moment):
        return {
            "topup_id": self.id,
            "company_id": self.company_id.id,
            "supplier_id": self.supplier_id.id,
            "operator_id": self.operator_id.id,
            "number": len(self.attempt_ids) + 1,
            "reference": self.supplier_reference,
            "worker": WORKER,
            "started_at": moment,
            "lease_until": moment + timedelta(seconds=lease_seconds()),
        }

    def _prepare_request(self):
        return TransferRequest(
            reference=self.supplier_reference,
            sku_code=self.sku_id.code,
            account_number=self._get_account_number(),
            send_value=D(self.send_value),
            send_currency=self.send_currency_id.name,
        )


def lease_seconds():
    """Return for how long a claimed attempt belongs to its worker."""
    return int(options.get("pg_lease_seconds", const.LEASE))
