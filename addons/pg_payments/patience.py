"""Whom a cron leaves alone: a gateway that keeps it waiting keeps other sellers waiting, too."""

import time
from contextlib import contextmanager

from odoo.addons.pg_base.outcomes import OutsideError

#: Seconds without a usable answer after which a gateway's account rests until the next run.
SILENCE = 10.0


class Patience:
    """The accounts that did not answer during one run of a cron, by id of their provider."""

    def __init__(self):
        self.silent = []

    @contextmanager
    def watch(self, provider_id):
        """Measure one call; note its account when it ends late and without an answer."""
        started = time.monotonic()
        try:
            yield
        except OutsideError:
            if time.monotonic() - started >= SILENCE:
                self.silent.append(provider_id)
            raise
