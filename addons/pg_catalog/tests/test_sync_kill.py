import os
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager

from odoo import tools
from odoo.addons.pg_catalog.models.pg_supplier_sync_steps import SYNC_LOCK
from odoo.addons.pg_catalog.tools.feed import Feed
from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.tests import tagged

from .common import CatalogueCase, operator, sku

# Writes a changed catalogue in a process of its own, and waits before the commit to be killed.
CHILD = """
    import sys, time
    from odoo import SUPERUSER_ID, api, tools
    from odoo.modules.registry import Registry

    tools.config.parse_config(sys.argv[3:])
    from odoo.addons.pg_catalog.tests.test_sync_kill import changed_feed

    with Registry(sys.argv[1]).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        supplier = env["pg.supplier"].browse(int(sys.argv[2]))
        print(supplier._apply_feed(changed_feed()), flush=True)
        time.sleep(60)
"""


def first_feed():
    """Return a catalogue of 300 SKUs."""
    return Feed(operators=[operator()], skus=[sku(f"S{n}") for n in range(300)])


def changed_feed():
    """Return it with other prices, half of it gone and some new."""
    return Feed(operators=[operator()], skus=[sku(f"S{n}", "3.00") for n in range(150, 400)])


@tagged("post_install", "-at_install", "pg")
class TestKilledSync(CatalogueCase):
    """Real transactions: what is made here is committed, and removed at the end."""

    @contextmanager
    def committed_supplier(self):
        """Yield the id of a supplier with the first catalogue, committed."""
        with self.registry.cursor() as cr:
            supplier = self.env(cr=cr)["pg.supplier"].create({"name": "Killed"})
            supplier._apply_feed(first_feed())
        try:
            yield supplier.id
        finally:
            with self.registry.cursor() as cr:
                self.env(cr=cr)["pg.supplier"].browse(supplier.id).unlink()

    def start_child(self, supplier_id):
        """Start the process and return it when it has written everything but not committed."""
        options = ["-c", tools.config["config"]] if tools.config["config"] else []
        options += [f"--addons-path={','.join(tools.config['addons_path'])}", "--no-http"]
        for name in ("db_host", "db_port", "db_user", "db_password"):
            if tools.config[name]:
                options.append(f"--{name}={tools.config[name]}")
        argv = [sys.executable, "-c", textwrap.dedent(CHILD), self.env.cr.dbname, str(supplier_id)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        child = subprocess.Popen(
            argv + options,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.addCleanup(self.end_child, child)
        line = child.stdout.readline()
        self.assertIn("100 new, 150 changed", line, line or child.stderr.read())
        return child

    def end_child(self, child):
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()

    def states(self, supplier_id):
        """Return what a seller sees of the catalogue: {(active, price): count}."""
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT active, send_min, count(*) FROM pg_sku WHERE supplier_id = %s"
                " GROUP BY active, send_min",
                [supplier_id],
            )
            return {(active, float(price)): count for active, price, count in cr.fetchall()}

    def test_killed_while_writing(self):
        """kill -9: the old catalogue stays whole; the next sync does all of it."""
        with self.committed_supplier() as supplier_id:
            child = self.start_child(supplier_id)
            self.assertEqual(self.states(supplier_id), {(True, 2.5): 300}, "Nothing of it shows")
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            self.assertEqual(self.states(supplier_id), {(True, 2.5): 300})
            with self.registry.cursor() as cr:
                supplier = self.env(cr=cr)["pg.supplier"].browse(supplier_id)
                # The server notices the broken connection of the dead process by itself.
                supplier.lock_for_update(allow_referencing=True)
                result = supplier._apply_feed(changed_feed())
            self.assertEqual(result.skus, Counts(new=100, changed=150, gone=150))
            self.assertEqual(self.states(supplier_id), {(True, 3.0): 250, (False, 2.5): 150})

    def test_another_sync_meanwhile_is_refused_and_tells(self):
        """The lock of a sync holds across processes and connections, and goes with them."""
        with self.committed_supplier() as supplier_id, self.registry.cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SYNC_LOCK, supplier_id])
            with self.registry.cursor() as cr:
                self.env(cr=cr)["pg.supplier"]._sync_in_steps(supplier_id)
            with self.registry.cursor() as cr:
                supplier = self.env(cr=cr)["pg.supplier"].browse(supplier_id)
                self.assertFalse(supplier.sync_run_ids)
                self.assertEqual(supplier.sync_state, "done")
            other.rollback()
            with self.registry.cursor() as cr:
                self.env(cr=cr)["pg.supplier"]._sync_in_steps(supplier_id)
            with self.registry.cursor() as cr:
                supplier = self.env(cr=cr)["pg.supplier"].browse(supplier_id)
                self.assertEqual(supplier.sync_run_ids.mapped("state"), ["failed"])
                self.assertIn("not connected", supplier.sync_message)

    def test_an_interrupted_run_is_told_from_a_running_one(self):
        with self.committed_supplier() as supplier_id:
            with self.registry.cursor() as cr:
                run = self.env(cr=cr)["pg.supplier.sync.run"].create({"supplier_id": supplier_id})
                progress = run.supplier_id.get_sync_progress()
                self.assertEqual(progress["state"], "running")
            with self.registry.cursor() as cr:
                self.env(cr=cr)["pg.supplier"]._sync_in_steps(supplier_id)
            with self.registry.cursor() as cr:
                runs = self.env(cr=cr)["pg.supplier.sync.run"].search(
                    [("supplier_id", "=", supplier_id)], order="id"
                )
                self.assertEqual(runs.mapped("state"), ["interrupted", "failed"])
                self.assertEqual(runs[0].id, run.id)
