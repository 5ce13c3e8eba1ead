"""Set-based writing of a catalogue: a few statements for thousands of rows, changed rows only."""

import json

from odoo.tools import SQL

CHUNK = 2000


class BulkTable:
    """One table that is fed by a supplier, keyed by (supplier_id, code).

    :param str table: name of the table.
    :param dict columns: column → PostgreSQL type, for every fed column but supplier and code.
    :param set translated: the columns whose jsonb value is merged language by language.
    :param dict defaults: column → what new rows begin with; people may change it later.
    """

    def __init__(self, table, columns, translated=(), defaults=None):
        self.table = table
        self.columns = columns
        self.defaults = defaults or {}
        self.translated = frozenset(translated)

    def read_codes(self, cr, supplier_id):
        """Return {code: (id, active)} of all rows of a supplier."""
        cr.execute(
            SQL(
                "SELECT code, id, active FROM %s WHERE supplier_id = %s",
                SQL.identifier(self.table),
                supplier_id,
            )
        )
        return {code: (id_, active) for code, id_, active in cr.fetchall()}

    def insert(self, env, supplier_id, rows):
        """Insert rows and return their ids."""
        names = [SQL.identifier(name) for name in (*self.columns, *self.defaults)]
        values = [SQL.identifier("r", name) for name in self.columns]
        values += [SQL("%s", value) for value in self.defaults.values()]
        ids = []
        for part in _chunks(rows):
            env.cr.execute(
                SQL(
                    """INSERT INTO %s (supplier_id, code, active, create_uid, create_date,
                                       write_uid, write_date, %s)
                       SELECT %s, r.code, TRUE, %s, now() AT TIME ZONE 'UTC',
                              %s, now() AT TIME ZONE 'UTC', %s
                         FROM %s
                    RETURNING id""",
                    SQL.identifier(self.table),
                    SQL(", ").join(names),
                    supplier_id,
                    env.uid,
                    env.uid,
                    SQL(", ").join(values),
                    self._source(part),
                )
            )
            ids += [id_ for (id_,) in env.cr.fetchall()]
        return ids

    def update(self, env, supplier_id, rows):
        """Bring existing rows up to date, restoring archived ones.

        Rows that hold the same values already are not written.

        :return: the ids of the rows that were written.
        """
        ids = []
        for part in _chunks(rows):
            env.cr.execute(
                SQL(
                    """UPDATE %s AS t
                          SET active = TRUE, write_uid = %s,
                              write_date = now() AT TIME ZONE 'UTC', %s
                         FROM %s
                        WHERE t.supplier_id = %s AND t.code = r.code
                          AND (NOT t.active OR (%s) IS DISTINCT FROM (%s))
                    RETURNING t.id""",
                    SQL.identifier(self.table),
                    env.uid,
                    SQL(", ").join(
                        SQL("%s = %s", SQL.identifier(name), self._value(name))
                        for name in self.columns
                    ),
                    self._source(part),
                    supplier_id,
                    SQL(", ").join(SQL.identifier("t", name) for name in self.columns),
                    SQL(", ").join(self._value(name) for name in self.columns),
                )
            )
            ids += [id_ for (id_,) in env.cr.fetchall()]
        return ids

    def archive_missing(self, env, supplier_id, seen):
        """Archive the rows of a supplier whose code was not seen; return their ids."""
        env.cr.execute(
            SQL(
                """UPDATE %s SET active = FALSE, write_uid = %s,
                          write_date = now() AT TIME ZONE 'UTC'
                    WHERE supplier_id = %s AND active AND NOT code = ANY(%s)
                RETURNING id""",
                SQL.identifier(self.table),
                env.uid,
                supplier_id,
                list(seen),
            )
        )
        return [id_ for (id_,) in env.cr.fetchall()]

    def note_problems(self, env, supplier_id, problems):
        """Note on existing rows why what was fed for them could not be taken.

        :param problems: pairs of (code, reason).
        """
        if not problems:
            return
        env.cr.execute(
            SQL(
                """UPDATE %s AS t SET feed_problem = r.reason
                     FROM jsonb_to_recordset(%s::jsonb) AS r(code text, reason text)
                    WHERE t.supplier_id = %s AND t.code = r.code
                      AND t.feed_problem IS DISTINCT FROM r.reason""",
                SQL.identifier(self.table),
                json.dumps([{"code": code, "reason": reason} for code, reason in problems]),
                supplier_id,
            )
        )

    def _value(self, name):
        """Return what a column is to hold: the fed value, for translations merged into it."""
        fed = SQL.identifier("r", name)
        if name not in self.translated:
            return fed
        return SQL("COALESCE(%s, '{}'::jsonb) || %s", SQL.identifier("t", name), fed)

    def _source(self, rows):
        """Return the rows as a table expression `r`, passed as one JSON parameter."""
        types = {"code": "text", **self.columns}
        return SQL(
            "jsonb_to_recordset(%s::jsonb) AS r(%s)",
            json.dumps(rows, default=str),
            SQL(", ").join(
                SQL("%s %s", SQL.identifier(name), SQL(kind)) for name, kind in types.items()
            ),
        )


def _chunks(rows):
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def link_regions(env, supplier_id):
    """Bring the regions that operators serve in line with the codes that were fed for them."""
    wanted = SQL(
        """SELECT DISTINCT o.id AS operator_id, r.id AS region_id
             FROM pg_mobile_operator o
             JOIN pg_region r ON r.supplier_id = o.supplier_id AND r.active
                             AND r.code = ANY(string_to_array(o.region_codes, ','))
            WHERE o.supplier_id = %s""",
        supplier_id,
    )
    linked = SQL(
        """SELECT l.operator_id, l.region_id FROM pg_operator_region_rel l
             JOIN pg_mobile_operator o ON o.id = l.operator_id WHERE o.supplier_id = %s""",
        supplier_id,
    )
    env.cr.execute(
        SQL(
            "DELETE FROM pg_operator_region_rel WHERE (operator_id, region_id) IN (%s EXCEPT %s)",
            linked,
            wanted,
        )
    )
    env.cr.execute(
        SQL(
            "INSERT INTO pg_operator_region_rel (operator_id, region_id) %s EXCEPT %s",
            wanted,
            linked,
        )
    )
