import ipaddress
import logging
import re

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

from ..exceptions import TooManyRequests
from ..tools import options, steps

_logger = logging.getLogger(__name__)

PARAMETER = "pg_base.rate."
RULE = re.compile(r"(\d{1,9})/(\d{1,7})")
# Addresses of one IPv6 line: whoever has one has all of them.
IPV6_LINE = 64
# Rows that one run of the cleaning deletes at a time.
GC_BATCH = 10000


class PgRateLimit(models.AbstractModel):
    """How often somebody may do something, counted once for all processes.

    The table is not a model: it is UNLOGGED (a crash forgets it, which is fine), holds no number or
    address in clear, and each hit is one statement in a short transaction of its own, so that it
    counts whatever becomes of the request and no request waits for another's end.

    Counts in windows: the first hit opens a window of some seconds, in which a number of hits are
    allowed. The rule of a bucket may be changed by the system parameter ``pg_base.rate.<bucket>``
    ("30/60": thirty in a minute; "0": never limited), or all be switched off for an installation by
    ``pg_rate_limits = off`` (bench, load tests).
    """

    _name = "pg.rate.limit"
    _description = "Rate limits"

    def init(self):
        """Make the table."""
        self.env.cr.execute(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS pg_rate_limit (
                key char(64) PRIMARY KEY,
                hits integer NOT NULL,
                ends_at timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS pg_rate_limit_ends_at ON pg_rate_limit (ends_at);
            """
        )

    # === BUSINESS === #

    @api.model
    def _hit(self, bucket, key, limit, seconds):
        """Count a hit and return whether it is allowed.

        Opens a cursor of its own that writes: a route that calls this is not ``readonly``.

        :param str bucket: what is done, e.g. ``storefront.number``.
        :param key: who does it: an address, a number; kept as a keyed hash only.
        :param int limit: hits that are allowed in a window; 0 or less never limits.
        :param int seconds: length of the window.
        """
        return self._count(bucket, key, limit, seconds) is None

    @api.model
    def _enforce(self, bucket, key, limit, seconds, description=None):
        """Count a hit; when it is one too many, end the request with status 429.

        :param str description: sentence for the customer, instead of the usual one.
        :raise TooManyRequests: with the seconds until the window ends.
        """
        left = self._count(bucket, key, limit, seconds)
        if left is not None:
            raise TooManyRequests(left, description)

    @api.model
    def _forget(self, bucket, key):
        """Take all hits back, e.g. after a login that succeeded."""
        steps.run_step(self.env, self._delete, self._hash(bucket, key), read_committed=True)

    @api.model
    def _get_address(self):
        """Return who asks, for use as a key: the client's address, of IPv6 its /64; or "".

        The proxy's headers count with Odoo's ``proxy_mode`` only: Odoo reads them then, and
        nobody reads them otherwise.
        """
        address, _browser = self.env["ir.http"]._pg_get_visitor()
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return address
        if parsed.version == 4:
            return str(parsed)
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), IPV6_LINE), strict=False))

    @api.model
    def _get_rule(self, bucket, limit, seconds):
        """Return (limit, seconds) of a bucket, as set for this database or as given."""
        if options.get("pg_rate_limits") == "off":
            return 0, seconds
        # In sudo mode since visitors may not read parameters.
        value = (self.env["ir.config_parameter"].sudo().get_param(PARAMETER + bucket) or "").strip()
        if not value:
            return limit, seconds
        if value == "0":
            return 0, seconds
        found = RULE.fullmatch(value)
        if not found or not int(found[2]):
            _logger.warning("%s%s is not written as hits/seconds: ignored", PARAMETER, bucket)
            return limit, seconds
        return int(found[1]), int(found[2])

    # === COUNTING === #

    def _count(self, bucket, key, limit, seconds):
        """Count a hit; return None when allowed, else the seconds until the window ends."""
        limit, seconds = self._get_rule(bucket, limit, seconds)
        if limit <= 0:
            return None
        return steps.run_step(
            self.env, self._upsert, self._hash(bucket, key), limit, seconds, read_committed=True
        )

    def _hash(self, bucket, key):
        # In sudo mode to read the database's secret.
        return hmac(self.sudo().env, "pg.rate.limit", (bucket, str(key)))

    @staticmethod
    def _upsert(env, digest, limit, seconds):
        """Count in one statement; a refused hit changes nothing, so that floods write nothing."""
        env.cr.execute(
            SQL(
                """
                INSERT INTO pg_rate_limit AS known (key, hits, ends_at)
                VALUES (%(key)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
                ON CONFLICT (key) DO UPDATE
                   SET hits = CASE WHEN known.ends_at <= clock_timestamp() THEN 1
                                   ELSE known.hits + 1 END,
                       ends_at = CASE WHEN known.ends_at <= clock_timestamp()
                                      THEN EXCLUDED.ends_at ELSE known.ends_at END
                 WHERE known.hits < %(limit)s OR known.ends_at <= clock_timestamp()
                RETURNING hits
                """,
                key=digest,
                seconds=seconds,
                limit=limit,
            )
        )
        if env.cr.fetchone():
            return None
        env.cr.execute(
            SQL(
                """
                SELECT CEIL(EXTRACT(EPOCH FROM ends_at - clock_timestamp()))::integer
                  FROM pg_rate_limit WHERE key = %s
                """,
                digest,
            )
        )
        row = env.cr.fetchone()
        return max(1, row[0]) if row else 1

    @staticmethod
    def _delete(env, digest):
        env.cr.execute(SQL("DELETE FROM pg_rate_limit WHERE key = %s", digest))

    # === CRON === #

    @api.model
    def _cron_clean(self):
        """Forget windows that are over."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM pg_rate_limit WHERE key IN (
                    SELECT key FROM pg_rate_limit WHERE ends_at <= now()
                     LIMIT %s FOR UPDATE SKIP LOCKED)
                """,
                GC_BATCH,
            )
        )
        if self.env.cr.rowcount == GC_BATCH:
            self.env.ref("pg_base.cron_rate_limit")._trigger()
