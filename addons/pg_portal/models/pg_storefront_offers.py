from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_topup.const import SOLD_KINDS
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

# With no more offers than this, all of them are seen at once: nothing is picked out.
FEW = 6
POPULAR_LEAST, POPULAR_MOST = 3, 6
POPULAR_DAYS = 90
# So many operators are shown as buttons; the others of a country stand behind "More".
OPERATORS_SHOWN = 6


class PgStorefront(models.AbstractModel):
    """The page with the offers for a number: operator, popular offers, all offers by kind."""

    _inherit = "pg.storefront"

    @api.model
    def _get_offers_values(self, company, token, number, operator_id=None):
        """Return the values of the page with the offers for a number.

        :param operator_id: the operator that the customer chose; else the likeliest one.
        """
        match = self.env["pg.operator"]._match_number(company, number)
        operators, chosen = self._choose_operator(company, match, operator_id)
        base = f"/topup/{company.pg_slug}"
        offers = self._get_offers(company, chosen)
        promotions = self.env["pg.promotion"]._running(company, chosen)
        cards = self._get_offer_cards(offers, token, promotions)
        return {
            **self._get_step_urls(company, token),
            "q": token,
            "number": self._format_number(match.e164),
            **self._get_operator_choices(company, operators, chosen),
            "operator_is_guess": len(operators) > 1 and not match.is_certain,
            "operator_is_sure": match.is_certain and chosen == match.operators[:1],
            "operator_id": chosen.id,
            "operator_name": self._get_operator_name(chosen),
            "offers_path": f"{base}/offers",
            "review_path": f"{base}/review",
            "quote_path": f"{base}/quote",
            "promotions": self._get_promotions(company, promotions),
            "popular": self._pick_popular(company, offers, cards),
            "groups": self._group_cards(offers, cards),
        }

    # === OPERATORS === #

    def _get_operators(self, company, match):
        """Return the operators of the number's country with offers, the likely ones first."""
        sold = self.env["pg.operator"]._find_sold(company, match.country_code, SOLD_KINDS)
        likely = match.operators & sold
        return likely + (sold - likely)

    def _choose_operator(self, company, match, operator_id=None):
        """Return (the operators for a number, the one of them whose offers are shown)."""
        operators = self._get_operators(company, match)
        operators.fetch(["name", "short_name", "active", "country_id"])
        operators.country_id.fetch(["name"])
        chosen = operators.filtered(lambda op: op.id == operator_id) or operators[:1]
        return operators, chosen

    def _get_operator_choices(self, company, operators, chosen):
        """Return the operators as choices; beyond the first few they come as ``more_operators``."""
        logos = self._get_operator_logos(company, operators)
        choices = [
            {
                "id": operator.id,
                "name": self._get_operator_name(operator),
                "selected": operator == chosen,
                "logo_url": logos.get(operator.id, ""),
            }
            for operator in operators
        ]
        shown, more = choices[:OPERATORS_SHOWN], choices[OPERATORS_SHOWN:]
        shown += [choice for choice in more if choice["selected"]]
        return {
            "operators": shown,
            "more_operators": [choice for choice in more if not choice["selected"]],
        }

    @api.model
    def _get_operator_logos(self, company, operators):
        """Return {id of the operator: address of its logo} for those that have one."""
        base = f"/topup/{company.pg_slug}/operator"
        return {
            id_: f"{base}/{id_}/logo?v={version}"
            for id_, version in operators._get_logo_versions().items()
        }

    @api.model
    def _find_operator(self, company, operator_id):
        """Return an operator of which the seller sells something, or an empty recordset."""
        offer = self.env["product.template"].search(
            [("company_id", "=", company.id), ("pg_operator_id", "=", operator_id)], limit=1
        )
        return offer.pg_operator_id

    @api.model
    def _get_operator_name(self, operator):
        """Return an operator's name without its country, which the page shows; '' for none."""
        name, country = operator.name or "", operator.country_id.name or ""
        return name.removesuffix(country).strip() or name

    # === PROMOTIONS === #

    def _get_promotions(self, company, promotions):
        """Return what an operator adds these days, for people."""
        return [
            {
                "name": promotion.name,
                "bonus": promotion.bonus_text or "",
                "until": self._format_day(company, promotion.ends_at),
                "dates": promotion.dates or "",
                "terms": html2plaintext(promotion.terms or "").strip(),
            }
            for promotion in promotions
        ]

    @api.model
    def _get_bonus(self, promotions, sku, send_value):
        """Return what a promotion adds to an amount of airtime, '' for nothing."""
        if sku.kind != "topup":
            return ""
        fitting = promotions.filtered(lambda p: p.bonus_text and D(p.minimum_send) <= send_value)
        return fitting[:1].bonus_text or ""

    # === OFFERS === #

    def _get_offers(self, company, operators):
        """Return the offers of some operators that need a number and nothing else."""
        return self.env["product.template"]._pg_offers(company, operators, SOLD_KINDS)

    @api.model
    def _get_step_urls(self, company, token):
        """Return the ways back to the earlier steps."""
        base = f"/topup/{company.pg_slug}"
        return {"start_url": base, "offers_url": f"{base}/offers?q={token}"}

    def _get_offer_cards(self, offers, token, promotions):
        """Return {id: card} of the offers that can be sold now."""
        pricer = offers.company_id._pg_get_pricer() if offers else None
        skus = offers.pg_sku_id
        self._note_decimals(offers.company_id.currency_id | skus.receive_currency_id)
        cards = {
            offer.id: self._get_offer_card(offer, token, promotions, pricer) for offer in offers
        }
        return {offer_id: card for offer_id, card in cards.items() if card}

    def _group_cards(self, offers, cards):
        """Return the cards under their kinds."""
        groups = []
        for kind in SOLD_KINDS:
            of_kind = offers.filtered(lambda offer, kind=kind: offer.pg_sku_id.kind == kind)
            shown = [
                cards[offer.id] for offer in of_kind.sorted("pg_is_range") if offer.id in cards
            ]
            if shown:
                groups.append({"kind": kind, "label": self._get_kind_label(kind), "offers": shown})
        return groups

    @api.model
    def _get_kind_label(self, kind):
        labels = {
            "topup": self.env._("Airtime"),
            "data": self.env._("Data"),
            "bundle": self.env._("Bundles"),
            "pin": self.env._("PIN codes"),
            "voucher": self.env._("Vouchers"),
        }
        return labels.get(kind) or self.env._("More")

    def _get_offer_card(self, offer, token, promotions, pricer):
        """Return the values of one offer's card, or None when it has no price today.

        Airtime is known by what arrives, everything else by its name.

        :param pricer: of the seller, which reads rates and rules once for all cards.
        """
        card = {"id": offer.id, "is_range": offer.pg_is_range, **self._get_offer_words(offer)}
        try:
            if offer.pg_is_range:
                return {**card, **self._get_range_values(offer, pricer)}
            quote = self._get_quote(offer, pricer=pricer)
        except UserError:
            return None  # It has no price just now; the back office shows the reason.
        return {
            **card,
            "receive": self._format_money(quote.receive_value, quote.receive_currency),
            "price": self._format_money(quote.sell_price, quote.currency, whole=False),
            "bonus": self._get_bonus(promotions, offer.pg_sku_id, quote.send_value),
            "url": f"/topup/{offer.company_id.pg_slug}/review?q={token}&offer={offer.id}",
        }

    @api.model
    def _get_offer_words(self, offer):
        """Return the name of an offer without its operator's, and how long it is valid."""
        operator = offer.pg_operator_id
        name = offer.name
        for prefix in (operator.name, self._get_operator_name(operator), operator.short_name):
            name = name.removeprefix(f"{prefix} ") if prefix else name
        validity = self._format_period(offer.pg_sku_id.validity_iso)
        return {
            "name": name,
            "is_airtime": offer.pg_sku_id.kind == "topup",
            "is_pin": offer.pg_sku_id.kind in ("pin", "voucher"),
            # A name that the seller gave says more than the amount.
            "has_own_name": name != offer.pg_sku_id.name,
            "validity": "" if validity in name else validity,
        }

    def _get_range_values(self, offer, pricer):
        """Return the bounds of both amounts of a range."""
        sku, pricelist = offer.pg_sku_id, self._get_pricelist()
        lowest, highest = (
            offer._pg_quote(send_value=D(value), pricelist=pricelist, pricer=pricer)
            for value in (sku.send_min, sku.send_max)
        )
        example = D(sku.receive_net_min).to_integral_value("ROUND_CEILING")
        return {
            "low": self._format_plain(D(sku.receive_net_min)),
            "high": self._format_plain(D(sku.receive_net_max)),
            "pay_low": self._format_plain(lowest.sell_price),
            "pay_high": self._format_plain(highest.sell_price),
            "pay_currency": lowest.currency,
            "receive_currency": sku.receive_currency_id.name,
            "example": self._format_plain(example),
            "value": "",
            "pay_value": "",
        }

    # === POPULAR === #

    def _pick_popular(self, company, offers, cards):
        """Return three to six cards to begin with, or [] where all offers are seen at once.

        Those that the seller marked as favourite, else those sold most of late, else some between
        the cheapest and the dearest.
        """
        fixed = offers.filtered(lambda offer: offer.id in cards and not offer.pg_is_range)
        if len(cards) <= FEW or len(fixed) <= POPULAR_LEAST:
            return []
        picked = fixed.filtered("is_favorite")
        if len(picked) < POPULAR_LEAST:
            picked |= self._get_best_sold(company, fixed)
        if len(picked) < POPULAR_LEAST:
            airtime = fixed.filtered(lambda offer: offer.pg_sku_id.kind == "topup")
            others = fixed - airtime
            picked |= airtime.sorted("list_price")[1:4] or others[:POPULAR_LEAST]
            picked |= others[:1]
        picked = picked[:POPULAR_MOST].sorted(lambda offer: offer.pg_sku_id.kind != "topup")
        return [cards[offer.id] for offer in picked]

    def _get_best_sold(self, company, offers):
        since = fields.Datetime.now() - timedelta(days=POPULAR_DAYS)
        groups = self.env["pg.topup"]._read_group(
            [
                ("company_id", "=", company.id),
                ("offer_id", "in", offers.ids),
                ("state", "=", "completed"),
                ("create_date", ">=", since),
            ],
            ["offer_id"],
            ["__count"],
            order="__count desc",
            limit=POPULAR_MOST,
        )
        return offers.browse(offer.id for offer, _count in groups)
