import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError
from odoo.tools import SQL
from psycopg2 import OperationalError

from ..tools import feed as feeds

_logger = logging.getLogger(__name__)

# A supplier is due a little before the cron's interval is over, so that no run is missed.
SYNC_INTERVAL = timedelta(hours=2, minutes=45)
MAX_SKIPPED_SHOWN = 50


class PgSupplier(models.Model):
    """The background work of a supplier: reading its catalogue, testing its connection."""

    _inherit = "pg.supplier"

    # === BUSINESS === #

    @api.private
    def _sync_catalogue(self):
        """Read the supplier's catalogue and bring ours up to date, in this transaction.

        Reaches outside: for crons' steps, scripts and tests only.

        :rtype: feed.SyncResult
        :raise OutsideError: the catalogue did not arrive; nothing was changed.
        :raise UserError: it cannot be used, or another sync is under way; nothing was changed.
        """
        self.ensure_one()
        port, countries, languages = self._get_port(), *self._sync_scope()
        return self._apply_feed(feeds.fetch(port, countries, languages))

    def _sync_scope(self):
        """Return (country codes, language codes) to ask for."""
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        return self.country_ids.mapped("code"), sorted({code.split("_")[0] for code in codes})

    @api.private
    def _apply_feed(self, feed):
        """Write a fetched catalogue: changed rows only, gone = archived, back = restored.

        :rtype: feed.SyncResult
        :raise UserError: the feed has no SKU at all, or another sync is under way.
        """
        self.ensure_one()
        started = time.monotonic()
        self._lock_for_sync(feed)
        self.env.flush_all()
        lookups = self._sync_lookups(feed)
        rows, seen, skipped = feeds.read_items(feed.operators, feeds.operator_row, lookups)
        operators, _ids = feeds.write_rows(self.env, feeds.OPERATORS, self.id, rows, seen, skipped)
        lookups.operators = self._sync_operators()
        rows, seen, left_out = feeds.read_items(feed.skus, feeds.sku_row, lookups)
        skus, sku_ids = feeds.write_rows(self.env, feeds.SKUS, self.id, rows, seen, left_out)
        self._record_prices(sku_ids)
        self.env.invalidate_all(flush=False)
        self._on_skus_changed(self.env["pg.sku"].browse(sku_ids))
        result = feeds.SyncResult(
            operators=operators,
            skus=skus,
            seconds=time.monotonic() - started,
            skipped=tuple(skipped + left_out),
            sku_ids=tuple(sku_ids),
        )
        self._store_sync("done", str(result), result.skipped)
        return result

    def _lock_for_sync(self, feed):
        """Let only one sync of a supplier write, and never from an empty feed."""
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._("Another sync of %(supplier)s is under way.", supplier=self.name)
            )
        if not feed.skus and self.with_context(active_test=True).sku_count:
            raise UserError(
                self.env._(
                    "%(supplier)s answered with an empty catalogue. Ours was left as it is.",
                    supplier=self.name,
                )
            )

    def _sync_lookups(self, feed):
        """Return what the names of a feed stand for in this database."""
        env = self.env(context=dict(self.env.context, active_test=False))
        langs = {}
        for code, _name in env["res.lang"].get_installed():
            langs.setdefault(code.split("_")[0], []).append(code)
        texts = {}
        for text in feed.texts:
            for lang in langs.get(text.language.split("-")[0].lower(), ()):
                texts.setdefault(text.text_key, {})[lang] = (text.name, text.description)
        return feeds.Lookups(
            company_id=self.company_id.id or None,
            currencies={c.name: c.id for c in env["res.currency"].search([])},
            countries={c.code: c.id for c in env["res.country"].search([])},
            texts=texts,
        )

    def _sync_operators(self):
        """Return {code: (id, country id)} of the supplier's operators, archived ones not."""
        self.env.cr.execute(
            SQL(
                "SELECT code, id, country_id FROM pg_mobile_operator"
                " WHERE supplier_id = %s AND active",
                self.id,
            )
        )
        return {code: (id_, country_id) for code, id_, country_id in self.env.cr.fetchall()}

    def _record_prices(self, sku_ids):
        """Add a row of price history for the SKUs whose price is not the last one recorded."""
        if not sku_ids:
            return
        owner = self.company_id or self.env.ref("base.main_company")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pg_sku_price (sku_id, company_id, effective_at, send_min, send_max,
                            send_currency_id, distributor_fee, receive_min, receive_max,
                            receive_currency_id, value, value_currency_id,
                            create_uid, create_date, write_uid, write_date)
                SELECT s.id, s.company_id, now() AT TIME ZONE 'UTC', s.send_min, s.send_max,
                       s.send_currency_id, s.distributor_fee, s.receive_min, s.receive_max,
                       s.receive_currency_id,
                       round((s.send_min + s.distributor_fee) * rate.rate, %(decimals)s),
                       %(currency)s, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                       now() AT TIME ZONE 'UTC'
                  FROM pg_sku s
             LEFT JOIN jsonb_to_recordset(%(rates)s::jsonb) AS rate(currency int4, rate numeric)
                    ON rate.currency = s.send_currency_id
             LEFT JOIN LATERAL (SELECT * FROM pg_sku_price p WHERE p.sku_id = s.id
                                 ORDER BY p.effective_at DESC, p.id DESC LIMIT 1) last ON TRUE
                 WHERE s.id = ANY(%(ids)s)
                   AND (s.send_min, s.send_max, s.send_currency_id, s.distributor_fee,
                        s.receive_min, s.receive_max, s.receive_currency_id)
                       IS DISTINCT FROM
                       (last.send_min, last.send_max, last.send_currency_id, last.distributor_fee,
                        last.receive_min, last.receive_max, last.receive_currency_id)
                """,
                decimals=owner.currency_id.decimal_places,
                currency=owner.currency_id.id,
                uid=self.env.uid,
                rates=self._rates_json(sku_ids, owner),
                ids=sku_ids,
            )
        )

    def _rates_json(self, sku_ids, owner):
        """Return the day's rates of the currencies of some SKUs as JSON; unknown ones left out."""
        self.env.cr.execute(
            SQL("SELECT DISTINCT send_currency_id FROM pg_sku WHERE id = ANY(%s)", sku_ids)
        )
        rates = []
        for (currency_id,) in self.env.cr.fetchall():
            try:
                rate = self.env["res.currency"].browse(currency_id)._pg_rate(owner)
            except UserError:
                continue
            rates.append(f'{{"currency": {currency_id}, "rate": {rate}}}')
        return f"[{', '.join(rates)}]"

    def _on_skus_changed(self, skus):
        """Let the offers of changed SKUs follow; the hook for whatever else depends on a SKU."""
        skus.modified(["operator_id"])
        offers = self.env["product.template"].sudo().search([("pg_sku_id", "in", skus.ids)])
        offers._pg_follow_sku()

    def _store_sync(self, state, message, skipped=()):
        shown = [f"{code or '(no code)'}: {reason}" for code, reason in skipped]
        more = len(shown) - MAX_SKIPPED_SHOWN
        lines = shown[:MAX_SKIPPED_SHOWN] + ([f"… {more} more"] if more > 0 else [])
        self.sudo().write(
            {
                "sync_state": state,
                "sync_at": fields.Datetime.now(),
                "sync_message": message,
                "sync_skipped": "\n".join(lines) or False,
                "sync_requested_by": False,
            }
        )

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

    # === CRON === #

    @api.model
    def _cron_sync_catalogue(self):
        """Sync each supplier that is due or asked for; one failure does not stop the next."""
        limit = fields.Datetime.now() - SYNC_INTERVAL
        due = self.search(
            [
                ("code", "!=", "none"),
                "|",
                "|",
                ("sync_requested_by", "!=", False),
                ("sync_at", "=", False),
                ("sync_at", "<", limit),
            ]
        )
        ids = due.ids
        for done, supplier_id in enumerate(ids, start=1):
            self._sync_in_steps(supplier_id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(ids) - done)

    def _sync_in_steps(self, supplier_id):
        """Sync one supplier: read in one step, fetch without a transaction, write in another."""
        try:
            with steps.step(self.env) as env:
                supplier = env["pg.supplier"].browse(supplier_id)
                asked_by = supplier.sync_requested_by
                asked_id, port, scope = asked_by.id, supplier._get_port(), supplier._sync_scope()
        except UserError as error:
            self._finish_sync(supplier_id, None, "failed", str(error))
            return
        try:
            feed = feeds.fetch(port, *scope)
            with steps.step(self.env) as env:
                message = str(env["pg.supplier"].browse(supplier_id)._apply_feed(feed))
            state = "done"
        except OutsideError as error:
            state, message = "failed", self._explain_failure(error)
        except UserError as error:
            state, message = "failed", str(error)
        except OperationalError:
            # Another transaction changed the same rows: its work stands, ours comes next time.
            state, message = "failed", self.env._("Another sync was under way.")
        except Exception:
            _logger.exception("The sync of supplier %s broke", supplier_id)
            state, message = "failed", self.env._("The sync broke; the server's log says where.")
        self._finish_sync(supplier_id, asked_id, state, message)

    def _finish_sync(self, supplier_id, user_id, state, message):
        """Store a failure, log, and tell the person who asked."""
        _logger.info("Sync of supplier %s %s: %s", supplier_id, state, message)
        with steps.step(self.env) as env:
            supplier = env["pg.supplier"].browse(supplier_id)
            user = env["res.users"].browse(user_id) if user_id else supplier.sync_requested_by
            if state == "failed":
                supplier._store_sync(state, message)
            supplier._tell(user, state, message)

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

    @api.model
    def _cron_test_connection(self):
        """Test the suppliers for whom somebody asked it."""
        for supplier_id in self.search([("test_requested_by", "!=", False)]).ids:
            self._test_in_steps(supplier_id)

    def _test_in_steps(self, supplier_id):
        balance = None
        try:
            with steps.step(self.env) as env:
                port = env["pg.supplier"].browse(supplier_id)._get_port()
            balance = port.balance()
            state = "done"
            message = self.env._(
                "The connection works. Balance: %(amount)s %(currency)s",
                amount=f"{balance.amount:,.2f}",
                currency=balance.currency,
            )
        except OutsideError as error:
            state, message = "failed", self._explain_failure(error)
        except UserError as error:
            state, message = "failed", str(error)
        with steps.step(self.env) as env:
            env["pg.supplier"].browse(supplier_id)._store_test(state, message, balance)

    def _store_test(self, state, message, balance):
        """Store the outcome of a connection test and tell the person who asked."""
        user = self.test_requested_by
        self.write(
            {
                "test_state": state,
                "test_at": fields.Datetime.now(),
                "test_message": message,
                "test_requested_by": False,
                **self._balance_vals(balance),
            }
        )
        self._tell(user, state, message)

    def _balance_vals(self, balance):
        """Return the values that keep a ``ports.Balance``; none for an unknown currency."""
        if not balance:
            return {}
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", balance.currency)], limit=1)
        )
        if not currency:
            return {}
        return {
            "balance": balance.amount,
            "currency_id": currency.id,
            "balance_at": fields.Datetime.now(),
        }
