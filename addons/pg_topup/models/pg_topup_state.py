import logging

from odoo import models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .. import const
from ..clock import now
from ..exceptions import IllegalTransition

_logger = logging.getLogger(__name__)

# Only the engine, which runs in sudo, writes these; no role has write access to the model either.
ENGINE_FIELDS = {
    "state",
    "refund_state",
    "review_state",
    "next_attempt_at",
    "next_probe_at",
    "transfer_ref",
}


class PgTopup(models.Model):
    _inherit = "pg.topup"

    # === CRUD === #

    def write(self, vals):
        """Override to refuse a change of state that does not come from the engine."""
        if not self.env.su and ENGINE_FIELDS & vals.keys():
            raise AccessError(self.env._("A top-up changes its state only by what happens to it."))
        return super().write(vals)

    # === BUSINESS === #

    def _lock(self):
        """Wait for the row of each top-up, in order of id, and forget what was read before.

        A row that another transaction changed meanwhile raises a serialization failure, and the
        caller is run again from the start: lock before any effect outside. What was read since an
        earlier lock of the same transaction stays: nobody else can have changed it.
        """
        if not set(self._ids) - self._get_locked():
            return
        self.flush_recordset()
        # Not logged as an error: whoever lost the race is simply run again.
        self.env.cr.execute(
            SQL("SELECT id FROM pg_topup WHERE id IN %s ORDER BY id FOR UPDATE", self._ids),
            log_exceptions=False,
        )
        self._note_locked()

    def _note_locked(self):
        """Forget what was read of rows before this transaction locked them.

        The note lives as long as the locks: commit and any rollback, of a savepoint too, clear it.
        """
        locked = self._get_locked()
        self.browse(set(self._ids) - locked).invalidate_recordset()
        locked.update(self._ids)

    def _get_locked(self):
        """Return the set of ids that this transaction has locked."""
        return self.env.cr.precommit.data.setdefault("pg_topup.locked", set())

    def _set_state(self, state, *, note="", **values):
        """Change the state: lock, re-read, check the table, write, record the event.

        The only place that changes it, for one top-up or for many at once: all of them change, or
        none does.

        :param str note: why, for the timeline.
        :param values: further fields to write with it.
        :raise IllegalTransition: the table does not allow it for one of them; nothing is written.
        """
        self._lock()
        before = {topup: topup.state for topup in self}
        for topup, old in before.items():
            if state not in const.TRANSITIONS[old]:
                raise IllegalTransition(f"{topup.name}: {old} -> {state}")
        moment = now()
        values[const.STATE_TIMES[state]] = moment
        self.write({"state": state, **values})
        self._log_event("state", note or dict(const.STATES)[state], state=state, at=moment)
        for topup, old in before.items():
            _logger.info("top-up %s: %s -> %s", topup.name, old, state)
            topup._on_state(old)

    def _on_state(self, before):
        """Hook for the layers above, in the same database transaction as the change."""

    def _log_event(self, kind, text, *, state=False, at=None):
        """Add a line to the timeline of each.

        :param str kind: a key of ``const.EVENT_KINDS``.
        :param text: one for all, or a list with one for each.
        """
        texts = [text] * len(self) if isinstance(text, str) else text
        self.env["pg.topup.event"]._add(
            [
                (topup.id, topup.company_id.id, at or now(), kind, state or None, str(line))
                for topup, line in zip(self, texts, strict=True)
            ]
        )
        self.invalidate_recordset(["event_ids"])

    def _alert(self, text):
        """Record something that a person must see, and give the seller's staff an activity."""
        self.ensure_one()
        self._log_event("alert", text)
        _logger.warning("top-up %s: %s", self.name, text)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Top-up needs attention"),
            note=text,
            user_id=self._get_responsible().id,
        )

    def _get_responsible(self):
        """Return who looks after alerts: a manager of the seller, else the administrator."""
        managers = self.env.ref("pg_base.group_manager").sudo().all_user_ids
        mine = managers.filtered(
            lambda user: self.company_id in user.company_ids and not user.share
        ).sorted("id")
        return mine[:1] or self.env.ref("base.user_admin")
