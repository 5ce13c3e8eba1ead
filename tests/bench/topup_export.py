"""All top-ups as CSV and as spreadsheet: how long it takes, and what memory."""

import time

import psutil

from scripts import process
from scripts.backoffice import BackOffice
from scripts.common import say
from scripts.demo_sale import PASSWORD

LOGIN = "manager@island-mobile"
NOTHING = '[["id", "<", 0]]'


def measure_export(settings):
    """Return the seconds of both files, and the most memory above that before.

    A file without a row is taken first, so that code and caches are there.
    """
    office = BackOffice(settings.base_url, settings.database, LOGIN, PASSWORD)
    for kind in ("csv", "xlsx"):
        _download(settings, office, kind, NOTHING)
    figures, peaks = {}, []
    for kind in ("csv", "xlsx"):
        before, started = _memory_mb(settings), time.monotonic()
        peak, size = _download(settings, office, kind, "[]")
        spent = time.monotonic() - started
        say(f"      {kind}: {size / 1e6:.0f} MB in {spent:.0f} s")
        peaks.append(peak - before)
        figures[f"export_{kind}_s"] = round(spent, 1)
    return figures | {"export_peak_extra_mb": round(max(peaks))}


def _download(settings, office, kind, domain):
    """Return the most memory of Odoo's processes meanwhile, and the bytes that came."""
    url = f"{settings.base_url}/pg/topups/export/{kind}"
    peak, size, looked = 0, 0, 0
    with office.http.get(url, params={"domain": domain}, stream=True, timeout=300) as answer:
        answer.raise_for_status()
        for piece in answer.iter_content(1 << 16):
            size += len(piece)
            if time.monotonic() - looked > 0.5:
                looked, peak = time.monotonic(), max(peak, _memory_mb(settings))
    return peak, size


def _memory_mb(settings):
    """Return the memory of the largest of Odoo's processes."""
    master = psutil.Process(process.running_pid(settings.root, "odoo"))
    return max(child.memory_info().rss for child in master.children()) / 1e6
