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
