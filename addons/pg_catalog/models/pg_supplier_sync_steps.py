import logging
import time
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError
from odoo.fields import Domain
from psycopg2 import OperationalError

from ..tools import feed as feeds
from .pg_supplier_sync import skipped_text

_logger = logging.getLogger(__name__)

# A supplier is due a little before the cron's interval is over, so that no run is missed.
PRODUCTS_INTERVAL = timedelta(hours=2, minutes=45)
REFERENCE_INTERVAL = timedelta(hours=23)
SYNC_LOCK = 7733
# Seconds between two notes of how far a phase is.
REPORT_SECONDS = 1


class Progress:
    """Notes how far a sync is, each time in a step of its own, at most once a second in a phase."""

    def __init__(self, env, run_id):
        self._env, self._run_id = env, run_id
        self._phase, self._at = None, 0.0

    def __call__(self, phase, done=0):
        now = time.monotonic()
        if phase == self._phase and now - self._at < REPORT_SECONDS:
            return
        self._phase, self._at = phase, now
        with steps.step(self._env) as env:
            env["pg.supplier.sync.run"].browse(self._run_id).write(
                {"phase": phase, "done_count": done}
            )


class PgSupplier(models.Model):
    """Syncing in the background: read without a transaction, write in one, show progress."""

    _inherit = "pg.supplier"

    sync_run_ids = fields.One2many("pg.supplier.sync.run", "supplier_id", "Syncs", readonly=True)
    sync_progress = fields.Json(compute="_compute_sync_progress")

    # === COMPUTE === #

    @api.depends("sync_requested_by", "sync_run_ids.state", "sync_run_ids.phase")
    def _compute_sync_progress(self):
        for supplier in self:
            supplier.sync_progress = supplier._describe_progress()

    def _describe_progress(self):
        """Return how far a sync is, for the supplier's form."""
        run = self.sync_run_ids.sudo()[:1]
        labels = dict(run._fields["phase"]._description_selection(self.env))
        if run.state == "running":
            text = labels.get(run.phase) or self.env._("Starting")
            return {"state": "running", "phase": text, "done": run.done_count}
        if self.sudo().sync_requested_by:
            return {"state": "waiting", "phase": self.env._("Waiting for its turn"), "done": 0}
        return {"state": self.sync_state, "phase": "", "done": 0}

    # === ACTION === #

    def get_sync_progress(self):
        """Return how far a sync is; the form asks for it every other second while one runs."""
        self.ensure_one()
        self.check_access("read")
        return self._describe_progress()

    def action_open_syncs(self):
        """Open the syncs of the supplier."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pg_catalog.pg_supplier_sync_run_action"
        )
        return {**action, "domain": [("supplier_id", "in", self.ids)]}

    # === CRON === #

    @api.model
    def _cron_sync_catalogue(self):
        """Read SKUs and descriptions of each supplier that is due, all of those asked for."""
        now = fields.Datetime.now()
        is_due = Domain("sync_at", "=", False) | Domain("sync_at", "<", now - PRODUCTS_INTERVAL)
        asked = Domain("sync_requested_by", "!=", False)
        self._cron_sync(is_due | asked, lambda supplier: supplier._parts_due())

    @api.model
    def _cron_sync_reference(self):
        """Read operators, promotions, countries and regions of each supplier that is due."""
        limit = fields.Datetime.now() - REFERENCE_INTERVAL
        is_due = Domain("reference_at", "=", False) | Domain("reference_at", "<", limit)
        self._cron_sync(is_due, lambda supplier: {"products": not supplier.prices_at})

    def _parts_due(self):
        """Return the parts to be read: all when somebody asks or it is the first time."""
        return {"reference": bool(self.sync_requested_by or not self.reference_at)}

    def _cron_sync(self, domain, get_parts):
        """Sync the suppliers of a domain; one failure does not stop the next."""
        ids = self.search(Domain("code", "!=", "none") & domain).ids
        for done, supplier_id in enumerate(ids, start=1):
            self._sync_in_steps(supplier_id, get_parts)
            self.env["ir.cron"]._commit_progress(1, remaining=len(ids) - done)

    # === STEPS === #

    def _sync_in_steps(self, supplier_id, get_parts=None):
        """Sync one supplier: read in one step, fetch without a transaction, write in another.

        :param get_parts: supplier → arguments of ``_sync_scope``; default: everything.
        """
        with self._sync_lock(supplier_id) as is_mine:
            if not is_mine:
                self._refuse_sync(supplier_id)
                return
            run_id, user_id, port, scope, problem = self._begin_sync(supplier_id, get_parts)
            state, message, result = "failed", problem, None
            if not problem:
                progress = Progress(self.env, run_id)
                state, message, result = self._run_sync(supplier_id, port, scope, progress)
            self._finish_sync(run_id, user_id, state, message, result)

    @contextmanager
    def _sync_lock(self, supplier_id):
        """Hold the right to sync a supplier, across all processes; gone with the process.

        Only a lock and no row: the transaction that holds it is in nobody's way.
        """
        with steps.step(self.env, read_committed=True) as env:
            env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (SYNC_LOCK, supplier_id))
            yield env.cr.fetchone()[0]

    def _begin_sync(self, supplier_id, get_parts):
        """Write the run that begins, and read what it needs.

        :return: (run id, id of the user who asked or False, port, scope, problem or "").
        """
        with steps.step(self.env) as env:
            supplier = env["pg.supplier"].browse(supplier_id)
            user, Run = supplier.sync_requested_by, env["pg.supplier.sync.run"]
            # Whoever held the lock before is gone, or we would not hold it.
            left = Run.search([("supplier_id", "=", supplier_id), ("state", "=", "running")])
            left._finish("interrupted", env._("The sync was interrupted. The next one repairs it."))
            run = Run.create({"supplier_id": supplier_id, "requested_by_id": user.id})
            try:
                port = supplier._get_port()
                scope = supplier._sync_scope(**(get_parts(supplier) if get_parts else {}))
            except UserError as error:
                return run.id, user.id, None, None, str(error)
            return run.id, user.id, port, scope, ""

    def _run_sync(self, supplier_id, port, scope, progress):
        """Fetch and write.

        :return: (state, message, result or None).
        """
        try:
            feed = feeds.fetch(port, scope, progress)
            with steps.step(self.env) as env:
                result = env["pg.supplier"].browse(supplier_id)._apply_feed(feed, progress)
            return "done", str(result), result
        except OutsideError as error:
            message = self._explain_failure(error)
        except UserError as error:
            message = str(error)
        except OperationalError as error:
            # Another transaction changed the same rows: its work stands, ours comes next time.
            _logger.info("The sync of supplier %s gave way: %s", supplier_id, error)
            message = self.env._("Somebody else changed the catalogue at the same time.")
        except Exception:
            _logger.exception("The sync of supplier %s broke", supplier_id)
            message = self.env._("The sync broke; the server's log says where.")
        return "failed", message, None

    def _refuse_sync(self, supplier_id):
        """Tell whoever asked that a sync is under way already."""
        with steps.step(self.env) as env:
            supplier = env["pg.supplier"].browse(supplier_id)
            user, supplier.sync_requested_by = supplier.sync_requested_by, False
            message = env._("Another sync of %(supplier)s is under way.", supplier=supplier.name)
            _logger.info(message)
            supplier._tell(user, "failed", message)

    def _finish_sync(self, run_id, user_id, state, message, result):
        """Store how the sync ended, log, and tell the person who asked."""
        with steps.step(self.env) as env:
            run = env["pg.supplier.sync.run"].browse(run_id)
            skipped = result.skipped if result else ()
            run._finish(state, message, result, skipped_text(skipped))
            supplier = run.supplier_id
            _logger.info("Sync of supplier %s %s: %s", supplier.id, state, message)
            if state == "failed":
                supplier._store_sync(state, message)
            supplier._tell(env["res.users"].browse(user_id or ()), state, message)

    def _explain_failure(self, error):
        """Return the sentence for a person whom the supplier's failure concerns."""
        detail = f"{error} ({' / '.join(filter(None, (error.code, error.context)))})".replace(
            " ()", ""
        )
        if isinstance(error, NotSent):
            return self.env._("No usable connection: %(detail)s", detail=detail)
        if isinstance(error, Throttled):
            return self.env._("The supplier asks to slow down: %(detail)s", detail=detail)
        if isinstance(error, Rejected):
            return self.env._("The supplier refused: %(detail)s", detail=detail)
        return self.env._("The supplier's answer could not be used: %(detail)s", detail=detail)

    def _tell(self, user, state, message):
        if user:
            user._bus_send(
                "simple_notification",
                {
                    "type": "success" if state == "done" else "danger",
                    "title": self.name,
                    "message": message,
                    "sticky": state != "done",
                },
            )
