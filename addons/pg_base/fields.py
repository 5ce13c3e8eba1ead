"""Field types of the suite."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from .tools import secrets

_lt = LazyTranslate(__name__)

MASK = "••••••••"


class Secret(fields.Char):
    """A credential: encrypted in the database, never returned by any read.

    Writing a value encrypts it; reading gives :data:`MASK` (or ``False`` when nothing is stored),
    so forms, RPC answers, exports and templates only ever see the mask. Writing the mask back
    keeps what is stored. Server code gets the clear text by ``record._pg_reveal(name)`` of the
    mixin ``pg.secret.mixin``. Secrets are not copied, not searchable by value and not groupable.
    """

    falsy_value = None
    _description_searchable = False
    _description_sortable = lambda self, env: False  # noqa: E731
    _description_groupable = lambda self, env: False  # noqa: E731

    def __init__(self, string=None, **kwargs):
        kwargs.setdefault("copy", False)
        kwargs.setdefault("trim", False)
        super().__init__(string, **kwargs)

    # === CONVERSIONS === #

    def convert_to_cache(self, value, record, validate=True):
        """Override of `odoo` to keep only the ciphertext in the cache."""
        value = super().convert_to_cache(value, record, validate)
        if not value:
            return None
        if value == MASK or secrets.is_token(value):
            return value
        return secrets.encrypt(value.strip())

    def convert_to_column(self, value, record, values=None, validate=True):
        """Override of `odoo` to never store the mask."""
        value = super().convert_to_column(value, record, values, validate)
        return None if value == MASK else value

    def convert_to_record(self, value, record):
        """Override of `odoo` to hide the value from everybody."""
        return MASK if value else False

    def write(self, records, value):
        """Override of `odoo` to leave the stored value alone when the mask comes back."""
        if value != MASK:
            super().write(records, value)

    def _condition_to_sql(self, field_expr, operator, value, model, alias, query):
        """Override of `odoo` to allow only "set" and "not set" in searches."""
        if operator not in ("in", "not in") or any(value):
            raise UserError(str(_lt("A secret cannot be searched by its value.")))
        return super()._condition_to_sql(field_expr, operator, value, model, alias, query)

    # === BUSINESS === #

    def reveal(self, record):
        """Return the clear text stored on one record, '' when there is none.

        :raise UserError: when no configured key can decrypt it.
        """
        record.ensure_one()
        cache = self._get_cache(record.env)
        # An emptied field is None in the cache until it is flushed: that is known, not missing.
        if record.id not in cache:
            record.sudo().fetch([self.name])
        token = cache.get(record.id)
        return secrets.decrypt(token) if token and token != MASK else ""
