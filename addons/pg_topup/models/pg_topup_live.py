import time

from odoo import api, models
from odoo.tools import SQL

# Seconds for which a process believes what it knows of who is looking.
WATCH_AGE = 3
# Seconds between two messages of a process to one organisation; screens look again after the last
# one for what was not told (see `live.js`).
QUIET = 0.5
# More changed top-ups in one transaction are told as "look again".
MOST_IDS = 500


class ResCompany(models.Model):
    """A channel of Odoo's bus for each seller: its staff hears which top-ups have changed."""

    _name = "res.company"
    _inherit = ["res.company", "bus.listener.mixin"]


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Override of `bus` to let staff hear of the top-ups of their own organisations."""
        channels = super()._build_bus_channel_list(channels)
        user = self.env.user
        if not user.share and user.has_group("pg_base.group_viewer"):
            channels.extend(user.company_ids)
        return channels


class PgTopup(models.Model):
    """Live screens: one message per organisation and transaction, only while somebody looks."""

    _inherit = "pg.topup"

    # When this was asked last in this process, and of which companies staff is online, by
    # database.
    _watched = {}  # noqa: RUF012 - shared by purpose
    # When this process told a company last, by (database, company id).
    _told = {}  # noqa: RUF012 - shared by purpose

    def _log_event(self, kind, text, *, state=False, at=None):
        """Override to note, for the open screens, that something happened."""
        super()._log_event(kind, text, state=state, at=at)
        self._note_live()

    def _note_live(self):
        precommit = self.env.cr.precommit
        if "pg_topup.live" not in precommit.data:
            precommit.data["pg_topup.live"] = {}
            precommit.add(self.browse().sudo()._send_live)
        noted = precommit.data["pg_topup.live"]
        for topup in self:
            noted.setdefault(topup.company_id.id, set()).add(topup.id)

    @api.model
    def _send_live(self):
        """Tell the bus what this transaction changed; right before its commit."""
        noted = self.env.cr.precommit.data.pop("pg_topup.live", {})
        watched = self._get_watched()
        moment = time.monotonic()
        for company_id in noted.keys() & watched:
            key = (self.env.cr.dbname, company_id)
            if moment - self._told.get(key, -QUIET) < QUIET:
                continue
            self._told[key] = moment
            ids = sorted(noted[company_id])[-MOST_IDS:]
            self.env["res.company"].browse(company_id)._bus_send("pg_topup/state", {"ids": ids})

    @api.model
    def _get_watched(self):
        """Return the ids of the companies with staff that has the back office open.

        Kept for seconds: with nobody there a sale pays nothing for live screens.
        """
        key, moment = self.env.cr.dbname, time.monotonic()
        asked_at, companies = self._watched.get(key, (None, ()))
        if asked_at is None or moment - asked_at > WATCH_AGE:
            rows = self.env.execute_query(
                SQL(
                    """SELECT DISTINCT r.cid
                         FROM mail_presence p
                         JOIN res_users u ON u.id = p.user_id AND u.active AND NOT u.share
                         JOIN res_company_users_rel r ON r.user_id = u.id
                        WHERE p.status <> 'offline'"""
                )
            )
            companies = frozenset(company_id for (company_id,) in rows)
            self._watched[key] = (moment, companies)
        return companies
