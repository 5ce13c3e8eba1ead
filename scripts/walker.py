"""A customer with a real browser at the running platform: what every walk needs."""

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

import psycopg2
from PIL import Image

from sandbox.client import SandboxClient
from scripts.browser import DESKTOP, PHONE
from scripts.common import PROJECT, say

TARGET = Path(os.environ.get("PG_SCREENS") or PROJECT / "docs" / "screens")
SLUG = "island-mobile"
DEVICES = {"phone": PHONE, "desktop": DESKTOP}
MAIL = """SELECT body_html FROM mail_mail WHERE email_to = %s AND body_html ~ %s
          ORDER BY id DESC LIMIT 1"""


class Walker:
    """One customer with one device; pictures are left below docs/screens, or PG_SCREENS."""

    def __init__(self, browser, base_url, device):
        self.base_url, self.device = base_url, device
        self.store = f"{base_url}/topup/{SLUG}"
        self.mine = f"{base_url}/portal/{SLUG}"
        self.sandbox = SandboxClient(os.environ["PG_SANDBOX_URL"])
        [self.ding] = [
            one for one in self.sandbox.accounts("dingconnect") if one["name"] == "Prepaid platform"
        ]
        self.email = f"kila.{uuid.uuid4().hex[:6]}@customer.example"
        self.digits = int(time.time()) % 7000 + 1000
        self.context = browser.new_context(**DEVICES[device], locale="en-US")
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)

    def sql(self, query, *values):
        """Run one statement on the platform's database; return its rows."""
        with contextlib.closing(psycopg2.connect(dbname=os.environ["PG_DATABASE"])) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall() if cursor.description else []

    def read_mail(self, pattern):
        """Return what a pattern finds in the last mail to the customer, once it is there."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            rows = self.sql(MAIL, self.email, pattern.replace(r"\d", "[0-9]"))
            if rows:
                return re.search(pattern, rows[0][0])[0]
            time.sleep(0.2)
        raise TimeoutError(pattern)

    def number(self):
        self.digits += 1
        return f"7012 {self.digits}"

    def shoot(self, room, name, *, whole=True):
        """Leave a picture; nothing may stick out of the screen."""
        page = self.page
        page.wait_for_timeout(250)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            say(f"!!! {room}/{name}-{self.device} is {wide} px too wide")
        folder = TARGET / room
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{self.device}.png"
        page.screenshot(path=path, full_page=whole)
        # A quarter of the bytes; nobody sees the difference.
        Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            path, optimize=True
        )

    def title(self, text, timeout=30_000):
        self.page.wait_for_selector(f"h1:has-text('{text}')", timeout=timeout)

    def submit(self):
        self.page.click("main form button[type=submit]")
