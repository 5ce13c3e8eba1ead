import csv
import io
import json
import tempfile
import tracemalloc
from decimal import Decimal
from unittest.mock import patch
from urllib.parse import urlencode

import openpyxl
from odoo.addons.pg_topup.controllers import export as export_controller
from odoo.addons.pg_topup.report.export import COLUMNS, Export, iter_csv, iter_xlsx, safe
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DELIVERED, REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestMetrics(TopupCase):
    def test_figures_follow_the_filter_and_the_rules(self):
        first, second, failed = self.sell(), self.sell(), self.sell(REFUSED)
        self.place()
        for topup in first + second + failed:
            self.run_until(topup, "completed", "failed")
        topups = self.as_user(self.env["pg.topup"], "viewer")
        figures = topups.get_metrics([])
        self.assertEqual(failed.state, "failed")
        self.assertEqual(
            (figures["count"], figures["delivered"], figures["failed"], figures["in_doubt"]),
            (4, 2, 1, 0),
        )
        self.assertEqual(figures["success"], 66.7)
        self.assertEqual(Decimal(str(figures["revenue"])), Decimal(str(first.amount * 2)))
        self.assertEqual(Decimal(str(figures["average"])), Decimal(str(second.amount)))
        self.assertEqual(figures["currency_id"], self.seller.currency_id.id)
        self.assertEqual(topups.get_metrics([("state", "=", "failed")])["count"], 1)
        nothing = topups.get_metrics([("name", "=", "none")])
        self.assertEqual(
            (nothing["count"], nothing["success"], nothing["revenue"]), (0, False, False)
        )
        other = self.as_user(self.env["pg.topup"], "admin", self.other_seller)
        self.assertEqual(other.get_metrics([])["count"], 0)
        with self.assertRaises(AccessError):
            self.env["pg.topup"].with_user(self.env.ref("base.public_user")).get_metrics([])

    def test_groups_that_the_screen_offers(self):
        self.sell()
        self.place()
        topups = self.as_user(self.env["pg.topup"], "viewer")
        for field, first in (("gateway", "stripe_checkout"), ("channel", "storefront")):
            found = dict(topups._read_group([], [field], ["__count"]))
            self.assertIn(first, found)
        self.assertEqual(topups.search_count([("gateway", "=", "stripe_checkout")]), 1)
        self.assertEqual(topups.search_count([("offer_id", "ilike", "Digicel top-up")]), 2)


@tagged("post_install", "-at_install", "pg")
class TestExport(HttpCase, TopupCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.password = user.login
            user.group_ids += cls.env.ref("base.group_allow_export")

    @classmethod
    def registry_enter_test_mode_cls(cls):
        """Override of `base`: both parents enter the test mode, once is enough."""
        if not cls._registry_patched:
            super().registry_enter_test_mode_cls()

    def get(self, role, kind="csv", domain=(), company=None):
        login = self.users[company or self.seller, role].login
        self.authenticate(login, login)
        query = urlencode({"domain": json.dumps(list(domain))})
        return self.url_open(f"/pg/topups/export/{kind}?{query}")

    def table(self, answer):
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_file_of_what_is_filtered(self):
        topup = self.sell()
        self.place()
        self.dispatch()
        self.env.flush_all()
        answer = self.get("operator", domain=[("state", "=", "completed")])
        self.assertEqual(answer.status_code, 200)
        heading, row = self.table(answer)
        values = dict(zip(heading, row, strict=True))
        self.assertEqual(len(heading), len(COLUMNS))
        self.assertEqual(values["Order"], topup.name)
        self.assertEqual(values["Number"], f"'{DELIVERED}")
        self.assertEqual(Decimal(values["Amount"]), Decimal(str(topup.amount)))
        self.assertEqual(values["Currency"], "PGK")
        self.assertEqual(values["State"], "Delivered")
        self.assertEqual(values["Operator"], topup.operator_id.name)
        self.assertEqual(len(self.table(self.get("operator"))), 3)

    def test_viewer_gets_masked_numbers_and_another_seller_nothing(self):
        self.sell()
        self.env.flush_all()
        answer = self.get("viewer")
        self.assertNotIn(DELIVERED[4:], answer.content.decode())
        self.assertEqual(len(self.table(answer)), 2)
        self.assertEqual(len(self.table(self.get("admin", company=self.other_seller))), 1)

    def test_only_the_organisations_that_are_switched_on(self):
        self.sell()
        self.env.flush_all()
        user = self.users[self.seller, "admin"]
        user.company_ids += self.other_seller
        self.authenticate(user.login, user.login)
        rows = {}
        for company in self.seller + self.other_seller:
            answer = self.url_open(f"/pg/topups/export/csv?companies={company.id}")
            rows[company] = len(self.table(answer)) - 1
        self.assertEqual(rows, {self.seller: 1, self.other_seller: 0})

    def test_spreadsheet(self):
        topup = self.sell()
        self.env.flush_all()
        answer = self.get("operator", "xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        heading, row = ([cell.value for cell in line] for line in sheet.iter_rows())
        values = dict(zip(heading, row, strict=True))
        self.assertEqual(values["Order"], topup.name)
        self.assertEqual(values["Number"], DELIVERED)
        self.assertAlmostEqual(values["Amount"], topup.amount)
        self.assertLess(abs((values["Placed (UTC)"] - topup.create_date).total_seconds()), 1)

    @mute_logger("odoo.http")
    def test_refused(self):
        self.sell()
        self.env.flush_all()
        login = self.users[self.seller, "viewer"].login
        self.authenticate(login, login)
        wrong = ('["nonsense"', '{"a": 1}', '[["nothing", "=", 1]]', "[" + " " * 30_000 + "]")
        for domain in wrong:
            answer = self.url_open(f"/pg/topups/export/csv?{urlencode({'domain': domain})}")
            self.assertEqual(answer.status_code, 422, domain[:20])
            self.assertNotIn(b"Traceback", answer.content)
        self.assertEqual(self.get("viewer", "pdf").status_code, 404)
        self.users[self.seller, "viewer"].group_ids -= self.env.ref("base.group_allow_export")
        self.assertEqual(self.get("viewer").status_code, 403)
        self.authenticate(None, None)
        anonymous = self.url_open("/pg/topups/export/csv", allow_redirects=False)
        self.assertEqual(anonymous.status_code, 303)

    def test_no_formula(self):
        self.assertEqual(
            [safe(text) for text in ("=1+1", "+675", "-2", "@x", "T-1")],
            ["'=1+1", "'+675", "'-2", "'@x", "T-1"],
        )

    def test_memory_does_not_grow_with_the_rows(self):
        topup = self.sell()
        self.env.flush_all()
        self._multiply(topup, 20_000)
        peaks = {}
        for limit in (2_000, 20_001):
            domain = [("name", "=like", "X%")] if limit > 2_000 else [("name", "=like", "X1%")]
            export = Export(self.env, domain)
            tracemalloc.start()
            count = sum(piece.count(b"\n") for piece in iter_csv(export))
            peaks[count] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        small, large = sorted(peaks)
        self.assertEqual(large, 20_001)
        self.assertLess(peaks[large], peaks[small] + 1_000_000)

    def test_spreadsheet_of_many_rows_in_flat_memory(self):
        topup = self.sell()
        topup.failure = "<b>&\x07 = é"
        self.env.flush_all()
        self._multiply(topup, 20_000)
        peaks = {}
        for pattern in ("X1%", "X%"):
            export = Export(self.env, [("name", "=like", pattern)])
            sizes = []
            tracemalloc.start()
            with tempfile.TemporaryFile() as target:
                for piece in iter_xlsx(export):
                    target.write(piece)
                    sizes.append(len(piece))
                peaks[pattern] = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                sheet = openpyxl.load_workbook(target, read_only=True).active
                rows = sum(1 for _row in sheet.iter_rows())
            self.assertLess(max(sizes), 1_000_000)
        self.assertEqual(rows, 20_001)
        self.assertLess(peaks["X%"], peaks["X1%"] + 1_000_000)

    def test_spreadsheet_refuses_what_no_sheet_holds(self):
        self.sell()
        self.env.flush_all()
        with patch.object(export_controller, "ROWS", 1):
            answer = self.get("operator", "xlsx")
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.get("operator", "xlsx").status_code, 200)

    def test_every_cell_of_the_spreadsheet(self):
        topup = self.sell(email="kila@example.com", source={"utm_source": "=1+1"})
        self.dispatch()
        topup.failure = "<b>&\x07 = é"
        self.env.flush_all()
        sheet = openpyxl.load_workbook(io.BytesIO(self.get("operator", "xlsx").content)).active
        heading, row = ([cell for cell in line] for line in sheet.iter_rows())
        values = {name.value: cell for name, cell in zip(heading, row, strict=True)}
        self.assertEqual(values["Reason"].value, "<b>& = é")
        self.assertEqual((values["Source"].value, values["Source"].data_type), ("=1+1", "s"))
        self.assertEqual(values["Business day"].value.date(), topup.business_date)
        self.assertEqual(values["State"].value, "Delivered")
        self.assertEqual(values["Organisation"].value, self.seller.name)
        self.assertEqual(values["E-mail"].value, "kila@example.com")
        self.assertIsNone(values["Campaign"].value)
        self.assertEqual(values["Amount"].number_format, "#,##0.00")

    def test_names_of_those_without_a_name_are_masked_for_viewers(self):
        self.sell()
        self.sell(email="kila@example.com")
        self.env.flush_all()
        for kind in ("csv", "xlsx"):
            answer = self.get("viewer", kind)
            if kind == "csv":
                self.assertNotIn("kila@", answer.text)
                self.assertIn("k••••@example.com", answer.content.decode())
            else:
                sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
                words = {str(cell) for line in sheet.iter_rows(values_only=True) for cell in line}
                self.assertFalse([word for word in words if DELIVERED[4:] in word])

    def _multiply(self, topup, count):
        """Copy one row many times, with names and keys of their own."""
        own = ("id", "name", "uuid", "access_token", "client_key", "supplier_reference")
        columns = [
            name
            for name, field in topup._fields.items()
            if field.store and field.column_type and name not in own
        ]
        listed = ", ".join(f'"{name}"' for name in columns)
        self.env.cr.execute(
            f"""INSERT INTO pg_topup (name, uuid, access_token, supplier_reference, {listed})
                SELECT 'X' || n, gen_random_uuid(), 'X' || n, 'X' || n, {listed}
                  FROM pg_topup, generate_series(1, %s) n WHERE id = %s""",
            [count, topup.id],
        )
