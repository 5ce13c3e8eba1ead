from odoo import fields, models

SOURCE_FIELDS = ("utm_source", "utm_medium", "utm_campaign")
LONGEST = 64


def clean_source(values):
    """Return where a visitor came from, fit to be kept: it comes out of an address.

    :param values: a mapping or None; anything may be in it.
    :return: dict of ``utm_source``, ``utm_medium``, ``utm_campaign``, text or False.
    """
    cleaned = {}
    for name in SOURCE_FIELDS:
        value = (values or {}).get(name)
        text = "".join(c for c in value if c.isprintable()) if isinstance(value, str) else ""
        cleaned[name] = " ".join(text.split())[:LONGEST] or False
    return cleaned


class PgTopup(models.Model):
    """Where an order came from, in the words of the link that led to it (utm).

    Plain text, unlike Odoo's `utm.source`: those are shared by all organisations (ADR 0024).
    """

    _inherit = "pg.topup"

    utm_source = fields.Char("Source", readonly=True, copy=False)
    utm_medium = fields.Char("Medium", readonly=True, copy=False)
    utm_campaign = fields.Char("Campaign", readonly=True, copy=False)

    # === BUSINESS === #

    def _note_source(self):
        """Keep on a customer what brought the first order."""
        self.ensure_one()
        partner = self.partner_id.sudo()
        found = {name: self[name] for name in SOURCE_FIELDS if self[name]}
        if not found or not partner or any(partner[f"pg_{name}"] for name in SOURCE_FIELDS):
            return
        earlier = [("partner_id", "=", partner.id), ("id", "<", self.id)]
        if not self.search_count(earlier, limit=1):
            partner.write({f"pg_{name}": value for name, value in found.items()})


class ResPartner(models.Model):
    _inherit = "res.partner"

    pg_utm_source = fields.Char(
        "Acquisition source",
        copy=False,
        help="utm_source of the link by which this customer came to the first order.",
    )
    pg_utm_medium = fields.Char("Acquisition medium", copy=False)
    pg_utm_campaign = fields.Char("Acquisition campaign", copy=False)
