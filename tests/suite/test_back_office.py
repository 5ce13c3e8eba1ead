"""The seller's staff in a real browser: the history, live, filtered, searched and exported."""

import csv
import re

import pytest
from playwright.sync_api import expect

from scripts.browser import DESKTOP, chromium, log_in

LIVE = 25_000


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
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, platform.base_url, f"{role}@island-mobile", "minutes-demo")
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def open_history(page, platform):
    page.goto(f"{platform.base_url}/odoo/top-ups")
    page.wait_for_selector(".o_pg_metrics")
    page.evaluate("window.notReloaded = true")


def search(page, field, text):
    """Choose a field of the search box for what is typed."""
    page.fill(".o_searchview_input", text)
    page.locator(".o_searchview_autocomplete .o-dropdown-item, .o_menu_item").filter(
        has_text=re.compile(rf"Search {field} for", re.I)
    ).first.click()


def metric(page, name):
    return page.locator(f".o_pg_metric[data-metric={name}] .fs-4")


def test_list_and_figures_follow_a_sale_without_reload(platform, office):
    page = office("operator")
    open_history(page, platform)
    before = int(metric(page, "count").inner_text().replace(",", ""))
    customer, order = platform.order()
    name = platform.name_of(order)
    row = page.locator(".o_data_row", has_text=name)
    expect(row).to_have_count(1, timeout=LIVE)
    customer.pay(order)
    expect(row.locator("[name=state]")).to_have_text("Delivered", timeout=LIVE)
    expect(metric(page, "count")).to_have_text(str(before + 1), timeout=LIVE)
    assert page.evaluate("window.notReloaded") is True


def test_form_follows_from_sending_to_delivered(platform, office):
    page = office("operator")
    customer, order = platform.order()
    row = platform.topup(order)
    page.goto(f"{platform.base_url}/odoo/top-ups/{row['id']}")
    current = page.locator(".o_statusbar_status .o_arrow_button_current")
    expect(current).to_have_text("Waiting for payment")
    page.evaluate("window.notReloaded = true")
    customer.pay(order)
    expect(current).to_have_text("Delivered", timeout=LIVE)
    events = page.locator("div[name=event_ids] .o_data_row")
    expect(events.filter(has_text="Delivered")).not_to_have_count(0)
    assert page.evaluate("window.notReloaded") is True


def test_found_by_number_and_days_and_exported(platform, office):
    page = office("manager")
    customer, order = platform.order()
    customer.pay(order)
    customer.wait(order, "completed")
    topup = platform.topup(order)
    open_history(page, platform)
    local = topup["number"].removeprefix("+675")
    search(page, "Phone number", f"{local[:4]} {local[4:]}")
    rows = page.locator(".o_data_row")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(topup["name"])
    expect(metric(page, "count")).to_have_text("1")

    day = str(topup["business_date"])
    page.fill(".o_pg_range input[name=from]", day)
    expect(page.locator(".o_searchview_facet")).to_have_count(2)
    expect(rows).to_have_count(1)
    page.fill(".o_pg_range input[name=to]", day)
    expect(page.locator(".o_searchview_facet")).to_have_count(2)
    expect(page.locator(".o_searchview_facet").last).to_contain_text(f"{day} to {day}")
    expect(rows).to_have_count(1)
    page.fill(".o_pg_range input[name=to]", "2020-01-02")
    page.fill(".o_pg_range input[name=from]", "2020-01-01")
    expect(rows).to_have_count(0)
    expect(metric(page, "count")).to_have_text("0")
    page.fill(".o_pg_range input[name=from]", "")
    page.fill(".o_pg_range input[name=to]", "")
    expect(page.locator(".o_searchview_facet")).to_have_count(1)
    expect(rows).to_have_count(1)

    with page.expect_download() as download:
        page.click("a[href*='/pg/topups/export/csv']")
    with open(download.value.path(), newline="", encoding="utf-8-sig") as file:
        heading, line = csv.reader(file)
    values = dict(zip(heading, line, strict=True))
    assert (values["Order"], values["State"]) == (topup["name"], "Delivered")


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
