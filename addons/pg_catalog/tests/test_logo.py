import base64
import os
from unittest import skipUnless

from odoo.addons.pg_catalog.tools import logos
from odoo.tests import tagged

from .common import CatalogueCase

SANDBOX = (os.environ.get("PG_SANDBOX_URL") or "").rstrip("/")


@tagged("post_install", "-at_install", "pg")
class TestLogo(CatalogueCase):
    def test_only_pictures(self):
        for body, expected in (
            (b"\x89PNG\r\n\x1a\n....", True),
            (b"\xff\xd8\xff\xe0", True),
            (b"GIF89a", True),
            (b"RIFF\0\0\0\0WEBPVP8 ", True),
            (b"RIFF\0\0\0\0WAVE", False),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", False),
            (b"<html>", False),
            (b"", False),
        ):
            with self.subTest(body=body):
                self.assertEqual(logos.is_picture(body), expected)

    def test_addresses_that_are_not_asked(self):
        for url, live in (
            ("http://logos.example.com/a.png", False),
            ("http://127.0.0.1:1/a.png", True),
            ("https://10.0.0.5/a.png", True),
            ("https://169.254.169.254/latest", True),
            ("https://[fd00::1]/a.png", True),
            ("https://user:pass@example.com/a.png", True),
            ("file:///etc/passwd", False),
            ("https://example.com:99999/a.png", True),
            ("nonsense", False),
        ):
            with self.subTest(url=url), self.assertRaises(logos.BadLogo):
                logos.fetch(url, live)

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("pg_catalog.cron_fetch_logos").method_direct_trigger()
        self.env.invalidate_all()

    @skipUnless(SANDBOX, "PG_SANDBOX_URL names no sandbox")
    def test_fetched_once_and_stored(self):
        operator = self.find_sku("FIX10").operator_id
        offer = self.offer("FIX10")
        url = f"{SANDBOX}/dingconnect/logo/{operator.code}.png"
        operator.logo_url = url
        self.run_cron()
        self.assertEqual((operator.logo_source, operator.logo_problem), (url, False))
        self.assertTrue(base64.b64decode(operator.logo).startswith(b"\x89PNG"))
        self.assertEqual(offer.pg_image_128, operator.logo)
        self.assertNotIn(operator, operator.search(operator._logo_due_domain()))
        asked_at = operator.logo_asked_at
        self.run_cron()
        self.assertEqual(operator.logo_asked_at, asked_at)

    @skipUnless(SANDBOX, "PG_SANDBOX_URL names no sandbox")
    def test_what_cannot_be_fetched_keeps_the_old_logo_and_says_why(self):
        operator = self.find_sku("FIX10").operator_id
        operator.logo_url = f"{SANDBOX}/dingconnect/logo/{operator.code}.png"
        self.run_cron()
        logo = operator.logo
        for path, problem in (
            ("/dingconnect/logo/missing", "answered 404"),
            ("/", "not a PNG"),
        ):
            with self.subTest(path=path):
                operator.logo_url = SANDBOX + path
                self.run_cron()
                self.assertIn(problem, operator.logo_problem)
                self.assertEqual(operator.logo, logo)
        operator.logo_url = "http://127.0.0.1:9/logo.png"
        self.run_cron()
        self.assertIn("No connection", operator.logo_problem)
