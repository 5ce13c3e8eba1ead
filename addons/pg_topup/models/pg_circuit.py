from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .. import const
from ..clock import now
from .pg_topup_claim import lease_seconds


class PgCircuit(models.Model):
    """A circuit breaker: pauses sends to a supplier, or to one operator of it, while they fail.

    It opens after enough faults within a window, lets one top-up through after a pause, and closes
    when that one goes well. Nothing is claimed for it meanwhile; what is paid waits.
    """

    _name = "pg.circuit"
    _description = "Pause of a supplier or operator"
    _order = "state desc, supplier_id, operator_id"
    _log_access = False

    supplier_id = fields.Many2one(
        "pg.supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    operator_id = fields.Many2one(
        "pg.operator", "Operator", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    state = fields.Selection(const.CIRCUIT_STATES, required=True, readonly=True, default="closed")
    reason = fields.Char(readonly=True)
    opened_at = fields.Datetime("Paused since", readonly=True)
    trial_at = fields.Datetime("Next trial", readonly=True)
    pause = fields.Integer("Pause (s)", readonly=True)
    trip_count = fields.Integer("Times paused", readonly=True)

    _scope_unique = models.UniqueIndex("(supplier_id, COALESCE(operator_id, 0))")

    # === COMPUTE === #

    @api.depends("supplier_id", "operator_id")
    def _compute_display_name(self):
        for circuit in self:
            circuit.display_name = (circuit.operator_id or circuit.supplier_id).display_name

    # === ACTIONS === #

    def action_try_now(self):
        """Let one top-up through now, to see whether it works again."""
        if not self.env.user.has_group("pg_base.group_operator"):
            raise AccessError(self.env._("You do not have the right to do this."))
        self.check_access("read")
        self.sudo().filtered(lambda circuit: circuit.state == "open").trial_at = now()
        self.env["pg.topup"].sudo()._wake_dispatcher()
        return True

    # === BUSINESS === #

    @api.model
    def _begin_trials(self, supplier):
        """Begin the trials of a supplier that are due; the claim's lock is held.

        :return: ids of the locked top-ups that are let through, one a circuit at most.
        """
        patience = timedelta(seconds=lease_seconds() + const.CIRCUIT_TRIAL)
        due = self.search(
            [
                ("supplier_id", "=", supplier.id),
                ("state", "in", ("open", "trial")),
                ("trial_at", "<=", now()),
            ]
        )
        found = []
        for circuit in due:
            topup_id = circuit._lock_candidate(found)
            if topup_id:
                found.append(topup_id)
                circuit.write({"state": "trial", "trial_at": now() + patience})
        return found

    def _lock_candidate(self, taken):
        """Return the id of a due top-up by which this circuit may be tried, locked; or None.

        The supplier's circuit is tried first: while it is open, that of an operator waits. It takes
        a top-up of an operator that works, else one of a paused operator: where both are open, or
        the supplier has one operator, nothing else would ever be tried.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT t.id FROM pg_topup t
                   WHERE t.supplier_id = %(supplier)s AND t.next_attempt_at <= %(now)s
                     AND t.state IN ('paid', 'processing') AND t.review_state <> 'held'
                     AND t.id <> ALL(%(taken)s)
                     AND (%(operator)s IS NULL OR t.operator_id = %(operator)s)
                     AND NOT EXISTS (
                         SELECT FROM pg_circuit c
                          WHERE c.supplier_id = t.supplier_id AND c.state <> 'closed'
                            AND c.id <> %(circuit)s AND c.operator_id IS NULL)
                   ORDER BY EXISTS (
                         SELECT FROM pg_circuit c
                          WHERE c.supplier_id = t.supplier_id AND c.state <> 'closed'
                            AND c.id <> %(circuit)s AND c.operator_id = t.operator_id),
                       t.next_attempt_at, t.id
                   LIMIT 1 FOR UPDATE OF t SKIP LOCKED""",
                supplier=self.supplier_id.id,
                now=now(),
                taken=list(taken),
                operator=self.operator_id.id or None,
                circuit=self.id,
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _judge(self, supplier_id, operator_id, *, is_fault, is_trial=False):
        """Take the news of an outcome that may open or close a circuit, in a step of its own.

        Ordinary successes are not told: a working supplier costs nothing here.

        :param is_fault: a key of ``const.FAULTS``, or False. What only fails at the operator shows
            that the supplier's door works.
        """
        supplier = self.env["pg.supplier"].browse(supplier_id)
        for operator in (self.env["pg.operator"], self.env["pg.operator"].browse(operator_id)):
            circuit = self._find(supplier, operator)
            if circuit.state == "trial" and is_trial:
                circuit._end_trial(is_fault if operator else is_fault == "supplier")
            elif is_fault and circuit.state in (False, "closed"):
                faults, total = self._count(supplier, operator)
                if self._is_too_many(supplier, faults, total):
                    reason = self.env._("%(n)s of %(all)s sends failed.", n=faults, all=total)
                    self._trip(supplier, operator, reason=reason)

    @api.model
    def _find(self, supplier, operator):
        return self.search(
            [("supplier_id", "=", supplier.id), ("operator_id", "=", operator.id)], limit=1
        )

    @api.model
    def _count(self, supplier, operator):
        """Return (faults, calls) within the supplier's window.

        The supplier's own circuit counts what failed at its door, an operator's all its faults.
        """
        [row] = self.env.execute_query(
            SQL(
                """SELECT count(*) FILTER (WHERE %(fault)s), count(*) FROM pg_topup_attempt
                   WHERE supplier_id = %(supplier)s AND answered_at > %(since)s
                     AND (%(operator)s IS NULL OR operator_id = %(operator)s)""",
                fault=SQL("fault IS NOT NULL") if operator else SQL("fault = 'supplier'"),
                supplier=supplier.id,
                operator=operator.id or None,
                since=now() - timedelta(seconds=supplier.circuit_window),
            )
        )
        return row

    @api.model
    def _is_too_many(self, supplier, faults, total):
        """Tell whether so many faults open a circuit: enough of them, and half of all calls."""
        return 0 < supplier.circuit_faults <= faults and faults * 2 >= total

    @api.model
    def _trip(self, supplier, operator=None, *, reason):
        """Open a circuit and alert whoever looks after the supplier."""
        operator = operator or self.env["pg.operator"]
        circuit = self._find(supplier, operator) or self._make(supplier, operator)
        circuit._lock()
        if circuit.state == "open":
            return
        circuit.write(
            {
                "state": "open",
                "reason": reason[:300],
                "opened_at": now(),
                "pause": supplier.circuit_pause,
                "trial_at": now() + timedelta(seconds=supplier.circuit_pause),
                "trip_count": circuit.trip_count + 1,
            }
        )
        supplier._alert_circuit(circuit)

    @api.model
    def _make(self, supplier, operator):
        self.env.cr.execute(
            SQL(
                """INSERT INTO pg_circuit (supplier_id, operator_id, state)
                   VALUES (%s, %s, 'closed') ON CONFLICT DO NOTHING""",
                supplier.id,
                operator.id or None,
            )
        )
        return self._find(supplier, operator)

    def _lock(self):
        self.env.cr.execute(SQL("SELECT id FROM pg_circuit WHERE id = %s FOR UPDATE", self.id))
        self.invalidate_recordset()

    def _end_trial(self, is_fault):
        """Close the circuit after a trial that went well; else pause longer."""
        if is_fault:
            longest = self.supplier_id.circuit_pause * const.CIRCUIT_LONGEST
            pause = min(max(self.pause, 1) * 2, longest)
            self.write(
                {
                    "state": "open",
                    "pause": pause,
                    "trial_at": now() + timedelta(seconds=pause),
                }
            )
            return
        self.write({"state": "closed", "trial_at": False})
        self.supplier_id._resolve_circuit_alert(self)
        self.env["pg.topup"]._wake_dispatcher()
