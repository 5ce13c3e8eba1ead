"""The first visit to a storefront in a real browser: weight, time on a slow phone, barriers."""

from scripts.axe import find_barriers, install_axe
from scripts.browser import PHONE, chromium
from scripts.common import Problem

# The throttling of Lighthouse's mobile profile: a 3G line and a phone a quarter as fast.
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6 * 1024 * 1024 / 8,
    "uploadThroughput": 750 * 1024 / 8,
}
SLOWER = 4
VISITS = 5


def measure_first_visit(url):
    """Return {"first_load_kb", "interactive_3g_s"}: the median of some visits with cold caches."""
    times, weights = [], []
    with chromium() as browser:
        for _visit in range(VISITS):
            weight, spent = _visit_once(browser, url)
            weights.append(weight)
            times.append(spent)
    middle = VISITS // 2
    return {
        "first_load_kb": round(sorted(weights)[middle] / 1024, 1),
        "interactive_3g_s": round(sorted(times)[middle], 2),
    }


def _visit_once(browser, url):
    """Return (bytes over the wire, seconds until the page's own script has run)."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    weight = []
    devtools.on("Network.loadingFinished", lambda event: weight.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="load")
    page.wait_for_selector("html.js")
    spent = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    context.close()
    return sum(weight), spent / 1000


def count_barriers(url, number):
    """Return how many serious findings axe-core has on the pages up to paying; None without npm."""
    try:
        install_axe()
    except Problem:
        return None
    with chromium() as browser:
        page = browser.new_context(**PHONE).new_page()
        page.goto(url)
        found = find_barriers(page)
        page.fill("input[name=number]", number)
        page.click("main form button[type=submit]")
        page.wait_for_selector("li.offer > a")
        found += find_barriers(page)
        page.locator("li.offer > a").first.click()
        page.wait_for_selector("#payment")
        found += find_barriers(page)
    return len(found)
