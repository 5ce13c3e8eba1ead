from datetime import timedelta

from odoo import models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_catalog.ports import COMPLETED, TransferRecord

from .. import const
from ..clock import now
from .pg_topup_dispatch import describe


class PgTopup(models.Model):
    """What comes to light when a top-up has gone on: a transfer that was thought never made.

    Nothing can take it back. It is made use of where the top-up is not delivered yet, and told to a
    person where it was delivered twice, or delivered and given back.
    """

    _inherit = "pg.topup"

    # === ANSWERS === #

    def _take_late_answer(self, attempt, outcome):
        """Take an answer to an attempt that is not waited for any more.

        :param outcome: a `TransferRecord`, or one of the four outcome exceptions.
        """
        if not _is_delivery(outcome) or outcome.transfer_ref == self.transfer_ref:
            self._log_event(
                "attempt", self.env._("A late answer changed nothing: %s", describe(outcome))
            )
            self._keep_late_code(outcome)
        elif self.state in ("processing", "in_doubt"):
            self._take_late_delivery(attempt, outcome)
        else:
            attempt._close("late", outcome)
            self._tell_late([outcome.transfer_ref])

    def _take_late_delivery(self, attempt, record):
        """End as delivered what would be sent again; beside a send under way, remember it."""
        if attempt.state == "open":
            # Accepted before, delivered now.
            self._settle_record(attempt, record)
        elif any(other.state in const.LIVE_ATTEMPTS for other in self.attempt_ids):
            attempt._close("late", record)
            self._alert(
                self.env._(
                    "Attempt %(no)s was delivered after all (%(ref)s) while another one is under "
                    "way.",
                    no=attempt.number,
                    ref=record.transfer_ref,
                )
            )
        else:
            self._deliver(attempt, record)

    def _deliver_late(self):
        """End as delivered a top-up of which an earlier attempt was delivered after all.

        :return: whether there is such an attempt.
        """
        late = self.attempt_ids.filtered(lambda attempt: attempt.state == "late")[:1]
        if late:
            self._deliver(late, self._make_record(late.transfer_ref))
        return bool(late)

    def _make_record(self, transfer_ref, code=""):
        """Return the record of a delivery of which only the supplier's id is known."""
        return TransferRecord(
            reference=self.supplier_reference,
            transfer_ref=transfer_ref,
            state=COMPLETED,
            sku_code=self.sku_id.code,
            account_number=self.number,
            send_value=None,
            send_currency=self.send_currency_id.name,
            receive_value=None,
            receive_currency=self.receive_currency_id.name,
            receipt_params=(("pin", code),) if code else (),
        )

    def _tell_late(self, refs):
        """Alert of transfers that were delivered beside how the top-up ended."""
        if self.state == "completed":
            refs = ", ".join([self.transfer_ref, *refs])
            self._alert(self.env._("The supplier delivered this top-up twice: %s", refs))
            return
        self._alert(
            self.env._(
                "Delivered after all (%s), though it has ended as not delivered. Decide what "
                "becomes of the money.",
                ", ".join(refs),
            )
        )

    # === LOOKING AGAIN === #

    def _plan_recheck(self, turn=0):
        """Plan to look an ended top-up up again: absence was believed, or a person decided.

        :param int turn: how often that was done already.
        """
        if turn < len(const.RECHECK_WAITS):
            wait = timedelta(seconds=const.RECHECK_WAITS[turn])
            self.write({"probe_count": turn, "next_probe_at": now() + wait})

    def _settle_recheck(self, outcome):
        """Compare how a top-up ended with what the supplier holds now.

        :param outcome: list of `TransferRecord`, or an outcome exception.
        """
        turn = self.probe_count + 1
        self.next_probe_at = False
        if isinstance(outcome, OutsideError):
            self._plan_recheck(self.probe_count)
            return
        known = {self.transfer_ref, *self.attempt_ids.mapped("transfer_ref")}
        found = {
            record.transfer_ref
            for record in outcome
            if record.reference == self.supplier_reference and _is_delivery(record)
        }
        if found - known:
            self._tell_late(sorted(found - known))
        else:
            self._plan_recheck(turn)


def _is_delivery(outcome):
    return (
        isinstance(outcome, TransferRecord)
        and outcome.state == COMPLETED
        and bool(outcome.transfer_ref)
    )
