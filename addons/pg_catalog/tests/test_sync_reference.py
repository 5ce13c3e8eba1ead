from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from odoo.addons.pg_catalog.ports import (
    CatalogueCountry,
    CatalogueFault,
    CataloguePromotion,
    CatalogueRegion,
    CatalogueText,
    PromotionBonus,
    PromotionText,
)
from odoo.addons.pg_catalog.tools import markdown
from odoo.addons.pg_catalog.tools.feed import Feed, by_language, languages_of
from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import CatalogueCase, operator, sku

EVIL_TERMS = """## Terms

Valid **7 days** <script>alert(1)</script>

- one
- [two](https://example.com/terms)
- [three](javascript:alert(2))
"""


def promotion(code="P1", **values):
    """Return a promotion of a feed."""
    values = {
        "operator_code": "DCPG",
        "text_key": code,
        "starts_at": datetime(2020, 1, 1),
        "currency": "PGK",
        "minimum_send": Decimal("2.5"),
        "validity_iso": "P7D",
        **values,
    }
    return CataloguePromotion(code=code, **values)


def promotion_text(key="P1", language="en", headline="Double data", **values):
    """Return the text of a promotion of a feed."""
    bonus = PromotionBonus(Decimal("2.5"), Decimal("25.00"), "%", Decimal("100.0"), 7)
    values = {"terms": EVIL_TERMS, "bonuses": (bonus,), **values}
    return PromotionText(text_key=key, language=language, headline=headline, **values)


@tagged("post_install", "-at_install", "pg")
class TestReference(CatalogueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reference = Feed(
            countries=[CatalogueCountry("PG", "Papua New Guinea", (("675", 11, 11),), ("PG",))],
            regions=[CatalogueRegion("PG", "Papua New Guinea", "PG")],
            promotions=[promotion()],
            promotion_texts=[promotion_text()],
        )

    def find(self, model, code):
        return (
            self.env[model]
            .with_context(active_test=False)
            .search([("code", "=", code), ("supplier_id", "=", self.supplier.id)])
        )

    def test_promotion(self):
        result = self.supplier._apply_feed(self.reference)
        self.assertEqual(result.others["promotions"], Counts(new=1))
        self.assertEqual((result.skus, result.operators), (None, None))
        found = self.find("pg.promotion", "P1")
        self.assertEqual(found.name, "Double data")
        self.assertEqual((found.operator_id.code, found.country_id.code), ("DCPG", "PG"))
        self.assertEqual((found.minimum_send, found.currency_id.name), (2.5, "PGK"))
        self.assertEqual(found.bonus_text, "100 % (7 days)")
        self.assertTrue(found.is_current)
        self.assertFalse(found.ends_at)

    def test_terms_are_safe_to_show(self):
        self.supplier._apply_feed(self.reference)
        terms = self.find("pg.promotion", "P1").terms
        self.assertIn("<strong>7 days</strong>", terms)
        self.assertIn("<li>one</li>", terms)
        self.assertIn('href="https://example.com/terms"', terms)
        self.assertNotIn("<script", terms)
        self.assertNotIn('href="javascript', terms)

    def test_unchanged_changed_gone_back(self):
        self.supplier._apply_feed(self.reference)
        again = self.supplier._apply_feed(self.reference)
        self.assertEqual(again.others["promotions"], Counts(unchanged=1))
        self.assertEqual(again.others["countries"], Counts(unchanged=1))
        self.assertEqual(again.others["regions"], Counts(unchanged=1))
        texts = [promotion_text(headline="Triple data")]
        changed = self.supplier._apply_feed(replace(self.reference, promotion_texts=texts))
        self.assertEqual(changed.others["promotions"], Counts(changed=1))
        gone = self.supplier._apply_feed(replace(self.reference, promotions=[]))
        self.assertEqual(gone.others["promotions"], Counts(gone=1))
        self.assertFalse(self.find("pg.promotion", "P1").active)
        self.assertFalse(self.find("pg.promotion", "P1").is_current)
        back = self.supplier._apply_feed(self.reference)
        self.assertEqual(back.others["promotions"], Counts(back=1))

    def test_bad_promotions_are_skipped(self):
        bad = [
            CatalogueFault("", "LocalizationKey is missing"),
            promotion("NOOP", operator_code="NOPE", text_key="P1"),
            promotion("NOTEXT"),
            promotion("TURNED", text_key="P1", ends_at=datetime(2019, 1, 1)),
            promotion("HUGE", text_key="P1", minimum_send=Decimal(10) ** 12),
        ]
        feed = replace(self.reference, promotions=[*bad, promotion()])
        result = self.supplier._apply_feed(feed)
        self.assertEqual(result.others["promotions"], Counts(new=1, skipped=5))
        self.assertEqual(self.supplier.skipped_count, 5)
        self.assertIn("NOOP: Unknown operator NOPE", self.supplier.sync_skipped)

    def test_promotion_in_installed_languages(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        texts = [promotion_text(), promotion_text(language="fr", headline="Données doublées")]
        self.supplier._apply_feed(replace(self.reference, promotion_texts=texts))
        found = self.find("pg.promotion", "P1")
        self.assertEqual(found.with_context(lang="fr_FR").name, "Données doublées")
        self.assertEqual(found.with_context(lang="en_US").name, "Double data")

    def test_running_promotions_of_a_company(self):
        later = promotion("LATER", text_key="P1", starts_at=datetime(2090, 1, 1))
        over = promotion("OVER", text_key="P1", ends_at=datetime(2021, 1, 1))
        self.supplier._apply_feed(replace(self.reference, promotions=[promotion(), later, over]))
        digicel = self.find("pg.operator", "DCPG")
        Promotion = self.env["pg.promotion"]
        self.assertEqual(Promotion._running(self.seller, digicel).mapped("code"), ["P1"])
        self.assertFalse(Promotion._running(self.seller, self.find("pg.operator", "BMPG")))
        self.supplier.company_id = self.other_seller
        self.assertFalse(Promotion._running(self.seller, digicel))

    def test_regions_link_operators_and_skus(self):
        feed = Feed(
            operators=[operator(region_codes=("PG", "X")), operator("BMPG")],
            skus=[sku("FIX10", region_code="PG"), *self.feed.skus[1:]],
            regions=self.reference.regions,
        )
        self.supplier._apply_feed(feed)
        region = self.find("pg.region", "PG")
        self.assertEqual(self.find("pg.operator", "DCPG").region_ids, region)
        self.assertFalse(self.find("pg.operator", "BMPG").region_ids)
        self.assertEqual(self.find_sku("FIX10").region_id, region)
        self.supplier._apply_feed(replace(feed, operators=[operator(), operator("BMPG")]))
        self.assertFalse(self.find("pg.operator", "DCPG").region_ids)

    def test_country(self):
        self.supplier._apply_feed(self.reference)
        found = self.find("pg.country", "PG")
        self.assertEqual((found.country_id.code, found.dialing_text), ("PG", "+675 (11)"))

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_who_may_read(self):
        self.supplier._apply_feed(self.reference)
        found = self.find("pg.promotion", "P1")
        self.assertEqual(self.as_user(found, "viewer").name, "Double data")
        with self.assertRaises(AccessError):
            self.as_user(found, "admin").write({"name": "Mine"})
        self.supplier.company_id = self.other_seller
        self.assertEqual(self.as_user(found, "viewer", self.other_seller).name, "Double data")
        for model in ("pg.promotion", "pg.country", "pg.region"):
            with self.subTest(model=model):
                mine = self.as_user(self.env[model], "admin")
                self.assertFalse(mine.search([("supplier_id", "=", self.supplier.id)]))
        with self.assertRaises(AccessError):
            self.as_user(found, "admin").read(["name"])


@tagged("post_install", "-at_install", "pg")
class TestTexts(TransactionCase):
    def test_languages(self):
        langs = ["en_US", "pt_BR", "pt_PT", "sr@latin"]
        self.assertEqual(languages_of(langs), ("en", "pt", "sr"))
        texts = [
            CatalogueText("K", "pt-BR", "brasileiro"),
            CatalogueText("K", "pt", "português"),
            CatalogueText("K", "de", "deutsch"),
            CatalogueText("K", "EN", "english"),
        ]
        for order in (texts, texts[::-1]):
            found = by_language(order, langs)["K"]
            self.assertEqual(
                {lang: text.name for lang, text in found.items()},
                {"pt_BR": "brasileiro", "pt_PT": "português", "en_US": "english"},
            )

    def test_markdown(self):
        for text, html in (
            ("", ""),
            ("a & b", "<p>a &amp; b</p>"),
            ("**1 GB** for *3* days", "<p><strong>1 GB</strong> for <em>3</em> days</p>"),
            ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
            ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
            ("snake_case_name", "<p>snake_case_name</p>"),
            ("# T\nx", "<h4>T</h4><p>x</p>"),
            ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ):
            with self.subTest(text=text):
                self.assertEqual(str(markdown.to_html(text)), html)
        self.assertEqual(markdown.to_text("**1 GB** [here](https://x.example)"), "1 GB here")
