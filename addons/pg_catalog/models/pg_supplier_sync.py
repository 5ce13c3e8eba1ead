import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import bulk, feed_reference, feed_rows, feed_write
from ..tools import feed as feeds

MAX_SKIPPED_SHOWN = 50


class PgSupplier(models.Model):
    """Reading a supplier's catalogue and writing what changed."""

    _inherit = "pg.supplier"

    prices_at = fields.Datetime(
        "Prices as of", readonly=True, copy=False, help="When the SKUs were last read."
    )
    reference_at = fields.Datetime(
        "Operators as of",
        readonly=True,
        copy=False,
        help="When operators, promotions, countries and regions were last read.",
    )
    skipped_count = fields.Integer("Items skipped", readonly=True, copy=False)

    # === BUSINESS === #

    @api.private
    def _sync_catalogue(self, **parts):
        """Read the supplier's catalogue and bring ours up to date, in this transaction.

        Reaches outside: for scripts and tests only; crons do it in steps.

        :param parts: ``products=False`` or ``reference=False`` to leave a part out.
        :rtype: feed_write.SyncResult
        :raise OutsideError: the catalogue did not arrive; nothing was changed.
        :raise UserError: it cannot be used, or another sync is under way; nothing was changed.
        """
        self.ensure_one()
        return self._apply_feed(feeds.fetch(self._get_port(), self._sync_scope(**parts)))

    def _sync_scope(self, products=True, reference=True):
        """Return the ``feed.Scope`` to ask for."""
        return feeds.Scope(
            countries=tuple(self.country_ids.mapped("code")),
            languages=feeds.languages_of(self._sync_langs()),
            products=products,
            reference=reference,
            known_operators=frozenset(self._sync_operators()),
        )

    def _sync_langs(self):
        return [code for code, _name in self.env["res.lang"].get_installed()]

    @api.private
    def _apply_feed(self, feed, report=feeds.no_report):
        """Write a fetched catalogue: changed rows only, gone = archived, back = restored.

        One transaction: what is killed in it leaves the catalogue as it was.

        :param report: called with the phase that begins.
        :rtype: feed_write.SyncResult
        :raise UserError: the feed has no SKU at all, or another sync is under way.
        """
        self.ensure_one()
        started = time.monotonic()
        self._lock_for_sync(feed)
        self.env.flush_all()
        lookups, skipped, others = self._sync_lookups(feed), [], {}
        self._apply_places(feed, lookups, skipped, others)
        report("write_operators")
        operators = self._apply_operators(feed, lookups, skipped)
        report("write_skus")
        skus, sku_ids = self._apply_skus(feed, lookups, skipped)
        report("write_prices")
        cost_ids = self._record_prices(sku_ids)
        report("write_promotions")
        self._apply_promotions(feed, lookups, skipped, others)
        self.env.invalidate_all(flush=False)
        report("offers")
        # New ones, which come first, have no offers yet.
        self._on_skus_changed(sku_ids[skus.new if skus else 0 :], cost_ids)
        result = feed_write.SyncResult(
            operators=operators,
            skus=skus,
            others=others,
            seconds=time.monotonic() - started,
            skipped=tuple(skipped),
            sku_ids=tuple(sku_ids),
            cost_ids=tuple(cost_ids),
        )
        self._store_sync("done", str(result), result.skipped, feed)
        return result

    def _lock_for_sync(self, feed):
        """Let only one sync of a supplier write, and never from an empty feed."""
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._("Another sync of %(supplier)s is under way.", supplier=self.name)
            )
        parts = ((feed.skus, self.sku_count), (feed.operators, self.operator_count))
        if any(items == [] and count for items, count in parts):
            raise UserError(
                self.env._(
                    "%(supplier)s answered with an empty catalogue. Ours was left as it is.",
                    supplier=self.name,
                )
            )

    @api.private
    def _apply_item(self, item):
        """Bring one SKU up to date with what was read of it, its history and offers too.

        What cannot be taken is noted on the SKU, as in a sync.

        :param item: a ``ports.CatalogueSku``.
        """
        self.ensure_one()
        self.env.flush_all()
        lookups = self._sync_lookups(feeds.Feed())
        lookups.regions, lookups.operators = self._sync_regions(), self._sync_operators()
        rows, _seen, bad = feeds.read_items([item], feed_rows.sku_row, lookups)
        for row in rows:
            # One SKU was read without its texts: ours stay.
            row.update(name={}, description={}, read_more={})
        ids = feed_rows.SKUS.update(self.env, self.id, rows)
        feed_rows.SKUS.note_problems(self.env, self.id, bad)
        cost_ids = self._record_prices(ids)
        self.env.invalidate_all(flush=False)
        self._on_skus_changed(ids, cost_ids)

    # === PARTS === #

    def _apply_places(self, feed, lookups, skipped, others):
        """Write countries and regions."""
        if feed.countries is not None:
            others["countries"], _ids = self._apply_part(
                feed_reference.COUNTRIES,
                feed.countries,
                feed_reference.country_row,
                lookups,
                skipped,
            )
        if feed.regions is not None:
            others["regions"], _ids = self._apply_part(
                feed_reference.REGIONS, feed.regions, feed_reference.region_row, lookups, skipped
            )
        lookups.regions = self._sync_regions()

    def _apply_operators(self, feed, lookups, skipped):
        """Write operators, and which regions they serve; return their Counts or None."""
        counts = None
        if feed.operators is not None:
            counts, _ids = self._apply_part(
                feed_rows.OPERATORS, feed.operators, feed_rows.operator_row, lookups, skipped
            )
            bulk.link_regions(self.env, self.id)
            if counts.new or counts.changed:
                self.env.ref("pg_catalog.cron_fetch_logos").sudo()._trigger()
        lookups.operators = self._sync_operators()
        return counts

    def _apply_skus(self, feed, lookups, skipped):
        """Write SKUs; return (Counts or None, ids of the written ones, new ones first)."""
        if feed.skus is None:
            return None, []
        rows, seen, bad = feeds.read_items(feed.skus, feed_rows.sku_row, lookups)
        counts, ids = feed_write.write_rows(self.env, feed_rows.SKUS, self.id, rows, seen, bad)
        good = {row["code"] for row in rows}
        problems = [(code, reason) for code, reason in bad if code and code not in good]
        feed_rows.SKUS.note_problems(self.env, self.id, problems)
        skipped += bad
        return counts, ids

    def _apply_promotions(self, feed, lookups, skipped, others):
        if feed.promotions is not None:
            others["promotions"], _ids = self._apply_part(
                feed_reference.PROMOTIONS,
                feed.promotions,
                feed_reference.promotion_row,
                lookups,
                skipped,
            )

    def _apply_part(self, table, items, to_row, lookups, skipped):
        """Write one kind of row; adds what was left out to ``skipped``.

        :return: (Counts, ids of the rows that were written).
        """
        rows, seen, left_out = feeds.read_items(items, to_row, lookups)
        skipped += left_out
        return feed_write.write_rows(self.env, table, self.id, rows, seen, left_out)

    # === LOOKUPS === #

    def _sync_lookups(self, feed):
        """Return what the names of a feed stand for in this database."""
        env = self.env(context=dict(self.env.context, active_test=False))
        langs = self._sync_langs()
        return feeds.Lookups(
            company_id=self.company_id.id or None,
            currencies={c.name: c.id for c in env["res.currency"].search([])},
            countries={c.code: c.id for c in env["res.country"].search([])},
            texts=feeds.by_language(feed.texts, langs),
            promotion_texts=feeds.by_language(feed.promotion_texts, langs),
        )

    def _sync_operators(self):
        """Return {code: (id, country id)} of the supplier's operators, archived ones not."""
        rows = self.env.execute_query(
            SQL(
                "SELECT code, id, country_id FROM pg_mobile_operator"
                " WHERE supplier_id = %s AND active",
                self.id,
            )
        )
        return {code: (id_, country_id) for code, id_, country_id in rows}

    def _sync_regions(self):
        """Return {code: id} of the supplier's regions, archived ones not."""
        return dict(
            self.env.execute_query(
                SQL("SELECT code, id FROM pg_region WHERE supplier_id = %s AND active", self.id)
            )
        )

    # === RESULT === #

    def _store_sync(self, state, message, skipped=(), feed=None):
        """Store how the last sync ended.

        :param feed: what was read; None when it failed.
        """
        now = fields.Datetime.now()
        vals = {
            "sync_state": state,
            "sync_at": now,
            "sync_message": message,
            "sync_skipped": skipped_text(skipped) or False,
            "skipped_count": len(skipped),
            "sync_requested_by": False,
        }
        if feed and feed.skus is not None:
            vals["prices_at"] = now
        if feed and feed.promotions is not None:
            vals["reference_at"] = now
        self.sudo().write(vals)


def skipped_text(skipped):
    """Return (code, reason) pairs as lines, the first fifty of them."""
    lines = [f"{code or '(no code)'}: {reason}" for code, reason in skipped[:MAX_SKIPPED_SHOWN]]
    more = len(skipped) - len(lines)
    return "\n".join(lines + ([f"… {more} more"] if more else []))
