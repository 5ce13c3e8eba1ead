"""The seller's staff in a real browser."""

import pytest
from playwright.sync_api import expect

from scripts.browser import DESKTOP, chromium, log_in


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def office(browser, platform):
    """Return a maker of pages of staff that is logged in; a JavaScript error fails the test."""
    contexts, errors = [], []

    def make(role):
        context = browser.new_context(**DESKTOP, accept_downloads=True, locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, platform.base_url, f"{role}@island-mobile", "minutes-demo")
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def test_manager_gives_a_reason_before_money_moves(platform, office):
    customer, order = platform.order()
    topup = platform.topup(order)
    platform.sql("UPDATE res_company SET pg_undo_seconds = 60 WHERE pg_slug = 'island-mobile'")
    try:
        customer.pay(order)
        platform.wait_until(lambda: platform.topup(order)["state"] == "paid", what="paid")
        platform.sql(
            "UPDATE pg_topup SET review_state = 'held', review_reason = 'Large', held_at = now(),"
            " next_attempt_at = NULL WHERE id = %s",
            topup["id"],
        )
    finally:
        platform.sql("UPDATE res_company SET pg_undo_seconds = 0 WHERE pg_slug = 'island-mobile'")
    page = office("manager")
    page.goto(f"{platform.base_url}/odoo/top-ups/{topup['id']}")
    page.click("button:has-text('Refuse and refund')")
    dialog = page.locator(".modal")
    expect(dialog).to_contain_text("The money goes back to the customer. Nothing is sent.")
    dialog.locator("button[name=action_apply]:visible").click()
    assert platform.topup(order)["state"] == "paid", "no reason, nothing happens"
    dialog.locator("[name=reason] textarea").fill("The customer asked us to stop it.")
    dialog.locator("button[name=action_apply]:visible").click()
    expect(dialog).to_have_count(0)
    platform.wait_until(lambda: platform.topup(order)["state"] == "refunded", what="refunded")
    assert platform.transfers(order) == []
    texts = platform.sql("SELECT text FROM pg_topup_event WHERE topup_id = %s", topup["id"])
    assert "Refuse and refund: The customer asked us to stop it." in [t["text"] for t in texts]


def test_manager_imports_offers_from_a_file(platform, office, tmp_path):
    """As in any list of Odoo; a file that is wrong changes nothing and says where."""
    find = "SELECT t.id, t.list_price, t.pg_price_mode FROM product_template t JOIN pg_sku s"
    find += " ON s.id = t.pg_sku_id WHERE s.code = 'TO_CC_TopUp' AND t.active"
    page = office("manager")
    page.goto(f"{platform.base_url}/odoo/prepaid-offers")
    expect(page.locator(".o_list_button_add")).to_have_text("Add from catalogue")
    page.locator(".o_cp_action_menus .dropdown-toggle").click()
    page.click(".o-dropdown-item:has-text('Import records')")
    expect(page.locator("a[href$='/offers_import.csv']")).to_have_count(1)
    for margin, sentence in (("-5", "cannot be negative"), ("12", "")):
        file = tmp_path / f"offers{margin}.csv"
        file.write_text(f"Name,SKU,Margin %\nTonga any,TO_CC_TopUp,{margin}\n")
        page.set_input_files("input[type=file]", file)
        expect(page.locator(".o_import_action")).to_contain_text(file.name)
        page.click(".o_control_panel button:has-text('Import')")
        if sentence:
            expect(page.locator(".o_import_action")).to_contain_text(sentence)
            assert platform.sql(find) == []
    page.wait_for_selector(".o_list_view .o_data_row")
    (offer,) = platform.sql(find)
    assert offer["pg_price_mode"] == "own" and offer["list_price"] > 0
    platform.sql("UPDATE product_template SET active = false WHERE id = %s", offer["id"])


def test_operators_by_country_and_region(platform, office):
    """The regions of a country appear when it is chosen, and narrow the operators."""
    page = office("manager")
    page.goto(f"{platform.base_url}/odoo/prepaid-operators")
    panel, cards = page.locator(".o_search_panel"), page.locator(".o_kanban_record[data-id]")
    expect(panel.locator("section:has-text('Region')")).to_have_count(0)
    panel.locator("header:has-text('Papua New Guinea')").click()
    region = panel.locator(".o_search_panel_filter:has-text('Region')")
    expect(region.locator(".o_search_panel_filter_value")).to_have_text(["Papua New Guinea4"])
    region.locator("input[type=checkbox]").check()
    expect(page.locator(".o_searchview_facet, .o_kanban_record[data-id]").first).to_be_visible()
    expect(cards).to_have_count(4)
    panel.locator("header:has-text('Fiji')").click()
    expect(region.locator(".o_search_panel_filter_value")).to_have_text(["Fiji2"])
