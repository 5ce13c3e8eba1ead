"""Every page that a customer meets, for everybody: no barrier, small screens, right to left."""

import json
import os
from pathlib import Path

import pytest

from scripts.axe import find_barriers, install_axe
from scripts.browser import chromium
from scripts.common import Problem
from scripts.screens_customer import CustomerRooms

SMALL = 320
# Pages in Odoo's own looks, and the sandbox's.
THEIRS = ("gateway", "odoo-login", "my-topups")
# So many pages are met; a walk that stops short must not pass.
LEAST = {"storefront": 17, "portal": 15, "widget": 7}


class Inspector(CustomerRooms):
    """Walks as the photographer does, and looks for what hinders people."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.met, self.found = [], []

    def shoot(self, room, name, **_options):
        """Override of the photographer to inspect the page."""
        page, size = self.page, self.page.viewport_size
        self.met.append(room)
        if name in THEIRS:
            return
        self.found += [f"{room}/{name} {line}" for line in find_barriers(page)]
        for direction in ("rtl", "ltr"):
            page.set_viewport_size({**size, "width": SMALL})
            page.evaluate("(dir) => { document.documentElement.dir = dir; }", direction)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > SMALL:
                self.found.append(f"{room}/{name} is {width} px wide, {direction}")
        page.set_viewport_size(size)


@pytest.fixture(scope="module")
def browser():
    try:
        install_axe()
    except Problem as problem:
        pytest.skip(str(problem))
    with chromium() as browser:
        yield browser


def test_nothing_hinders_anybody_on_any_page(platform, browser):
    rows = json.loads((Path(os.environ["PG_ROOT"]) / "access.json").read_text())
    [shop] = [row["url"] for row in rows if row["label"] == "Widget on another site"]
    rooms = Inspector(browser, platform.base_url, "phone")
    for part in ("storefront", "orders", "portal", "sell"):
        platform.sql("DELETE FROM pg_rate_limit")
        getattr(rooms, part)()
    rooms.widget(shop)
    assert rooms.found == []
    for room, least in LEAST.items():
        assert rooms.met.count(room) >= least, room
