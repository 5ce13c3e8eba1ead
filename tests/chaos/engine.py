"""Load, faults and deaths on a running copy of the platform, then silence, then the truths."""

import contextlib
import json
import queue
import signal
import subprocess
import threading
import time

import psycopg2
import pymongo
import requests

from scripts import process
from scripts.common import PROJECT, PYTHON, Problem, say, seconds
from scripts.services import connect, wake_crons
from tests.chaos.plan import CANCEL, CLOSE, DECLINE_FIRST, LEAVE, PAY
from tests.chaos.truths import Truths

PAYERS = 6
# Sales under way at once beyond which customers wait: the load is steady, not a flood.
CROWD = 250
# Orders between two changes of faults and of the webhooks' ways.
SLICE = 30
# The crons that look after what news did not tell run each minute or five; here, with each look.
CRONS_DUE = """
    UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id IN (
        SELECT res_id FROM ir_model_data WHERE module = 'pg_payments'
           AND name IN ('cron_poll', 'cron_refunds', 'cron_events'))"""
# What only a person can end (absent twice) stays in doubt, with its look-ups, and is counted so.
UNDER_WAY = """
    SELECT count(*) FROM pg_topup WHERE client_key LIKE %s AND needs_person IS NOT TRUE AND (
        state IN ('paid', 'processing', 'in_doubt')
        OR (state = 'failed' AND refund_state <> 'error'))"""
# Time is scaled: what is planned for later is looked at now. Nothing else is changed.
HURRY = (
    "UPDATE pg_topup SET next_probe_at = now() AT TIME ZONE 'UTC' WHERE client_key LIKE %s"
    " AND next_probe_at > now() AT TIME ZONE 'UTC' + interval '3 s' AND absent_count < 3",
    "UPDATE pg_topup SET next_attempt_at = now() AT TIME ZONE 'UTC' WHERE client_key LIKE %s"
    " AND next_attempt_at > now() AT TIME ZONE 'UTC' + interval '3 s'",
    # What is due keeps its place in the row; else those that nobody paid would always be first.
    "UPDATE payment_transaction SET pg_next_poll_at = now() AT TIME ZONE 'UTC'"
    " WHERE pg_next_poll_at > now() AT TIME ZONE 'UTC' + interval '3 s'"
    " AND state IN ('draft', 'pending')"
    " AND pg_topup_id IN (SELECT id FROM pg_topup WHERE client_key LIKE %s)",
)


class Chaos:
    """One run.

    :param stack: of a running copy with demo data.
    :param names: of the servers that may die.
    :param kill_pause: shortest and longest seconds between two deaths.
    """

    def __init__(self, stack, sandbox, ding, stripe, plan, *, names, kill_pause):
        self.stack = stack
        self.settings = stack.settings
        self.sandbox = sandbox
        self.ding, self.stripe = ding, stripe
        self.plan = plan
        self.names = names
        self.kill_pause = kill_pause
        self.pattern = f"chaos-{plan.seed}-%"
        self.kills = []
        self.paid_sessions = []
        self.errors = []
        self._placed = queue.Queue()
        self._over = threading.Event()
        self._crowded = threading.Event()
        self._lock = threading.Lock()

    def run(self, drain):
        """Run everything; return the figures.

        :param drain: seconds after which what is still open stays open.
        """
        started = time.monotonic()
        killer = threading.Thread(target=self._kill_at_random, daemon=True)
        try:
            self._sell(killer)
            say(f"--- all orders placed and paid in {seconds(started)}")
        finally:
            self._over.set()
            if killer.is_alive():
                killer.join()
            self._calm()
        self.drain(drain)
        return self.judge()

    def _sell(self, killer):
        payers = [threading.Thread(target=self._pay_placed, daemon=True) for _n in range(PAYERS)]
        with self._orders_worker() as worker:
            worker.stdout.readline()
            for thread in (killer, *payers):
                thread.start()
            try:
                self._place_all(worker)
            finally:
                for _payer in payers:
                    self._placed.put(None)
            for payer in payers:
                payer.join()

    # === CUSTOMERS === #

    @contextlib.contextmanager
    def _orders_worker(self):
        log = (self.settings.logs / "chaos-orders.log").open("a")
        argv = [str(PYTHON), "-m", "tests.inside", "tests.chaos.orders"]
        worker = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=PROJECT,
            env=self.settings.env(),
        )
        try:
            yield worker
        finally:
            worker.stdin.close()
            worker.wait(timeout=60)
            log.close()

    def _place_all(self, worker):
        """Have orders placed one after the other, while few enough are under way."""
        orders, told = self.plan.orders, time.monotonic()
        for index, order in enumerate(orders):
            if index % SLICE == 0:
                self._change_faults(min(SLICE, len(orders) - index))
                self._wait_for_room()
            worker.stdin.write(json.dumps(order.line()) + "\n")
            worker.stdin.flush()
            answer = json.loads(worker.stdout.readline())
            if "error" in answer:
                self.errors.append(answer["error"])
                continue
            self._placed.put((order, answer["session"]))
            if time.monotonic() - told > 20:
                told = time.monotonic()
                say(f"      {index + 1}/{len(orders)} orders, {len(self.kills)} deaths")

    def _wait_for_room(self):
        while self._count_under_way() > CROWD:
            time.sleep(0.5)

    def _pay_placed(self):
        http = requests.Session()
        http.trust_env = False
        while (item := self._placed.get()) is not None:
            try:
                self._act(http, *item)
            except Exception as error:
                with self._lock:
                    self.errors.append(f"{type(error).__name__}: {error}"[:300])

    def _act(self, http, order, session):
        """Do what the customer does at the payment page."""
        if order.action == LEAVE:
            return
        if order.action == CANCEL:
            self.sandbox.pay(session, "cancel")
            return
        if order.action == DECLINE_FIRST:
            self.sandbox.pay(session, "decline")
        outcome = CLOSE if order.action == CLOSE else PAY
        answer = self.sandbox.pay(session, outcome)
        with self._lock:
            self.paid_sessions.append(session)
        if order.comes_back and answer.get("url"):
            # An Odoo that is down at this moment is no news to the customer.
            with contextlib.suppress(requests.RequestException):
                http.get(answer["url"], timeout=20)

    # === FAULTS AND DEATHS === #

    def _change_faults(self, count):
        # What did not happen yet, while sends were paused, is no fault of the calls to come.
        self.sandbox.clear_faults(self.ding)
        for on, name, options in self.plan.draw_faults(count):
            account = self.stripe if on[0] in "PG" and "/" in on else self.ding
            self.sandbox.add_fault(account, on=on, fault=name, **options)
        self.sandbox.webhooks(self.stripe, **self.plan.draw_webhooks())

    def _kill_at_random(self):
        while not self._over.wait(self.plan.draw_pause(*self.kill_pause)):
            victim, down = self.plan.draw_kill(self.names)
            try:
                self._kill(victim, down)
            except Exception as error:
                self.errors.append(f"kill of {victim}: {type(error).__name__}: {error}"[:300])

    def _kill(self, victim, down):
        if victim == "worker":
            if not self._kill_worker():
                return
        else:
            self.stack.kill(victim)
            time.sleep(down)
            self._revive(victim)
        self.kills.append(victim)
        self._supervise()

    def _kill_worker(self):
        """Kill one of Odoo's HTTP or cron workers with -9; its master makes a new one."""
        master = process.running_pid(self.settings.root, "odoo")
        children = [
            pid
            for pid in sorted(process.members(master) if master else [])
            if pid != master and process.stat_fields(pid)[1:2] == [str(master).encode()]
        ]
        if not children:
            return False
        process.send(children[self.plan.draw_index(len(children))], signal.SIGKILL)
        return True

    def _supervise(self):
        """Start again whoever ended by itself, as a supervisor does: an Odoo ends when it finds
        no database at its start."""
        for name in ("postgres", "mongod", "sandbox", *self.names):
            if name != "worker" and not self.stack.is_running(name):
                self._revive(name)

    def _revive(self, name):
        for left in reversed(range(5)):
            try:
                self.stack.start(name)
                return
            except Problem:
                if not left:
                    raise
                time.sleep(1)

    # === SILENCE === #

    def _calm(self):
        """End all faults, start whoever is down, send all news."""
        self.sandbox.clear_faults(self.ding)
        self.sandbox.clear_faults(self.stripe)
        self.sandbox.webhooks(self.stripe, duplicate=1, reorder=False, delay=0, drop=0)
        self._supervise()

    def drain(self, limit):
        """Wait until every sale is over, or none has ended for so many seconds.

        How long a backlog takes is the machine's speed; that it stands still is a fault.
        """
        end, told, least = time.monotonic() + limit, time.monotonic(), None
        while time.monotonic() < end:
            left = self._count_under_way() + self._count_unheard()
            if not left and not self._count_waiting():
                break
            if least is None or left < least:
                least, end = left, time.monotonic() + limit
            for statement in HURRY:
                self._sql(statement, [self.pattern])
            self._sql(CRONS_DUE)
            wake_crons(self.settings)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                say(f"      draining: {left} sales under way")
            time.sleep(2)

    def _count_under_way(self):
        try:
            return self._sql(UNDER_WAY, [self.pattern])[0][0]
        except psycopg2.Error:
            return CROWD + 1

    def _count_unheard(self):
        """Return how many payments we have not heard of yet."""
        heard = self._sql(
            "SELECT count(*) FROM payment_transaction WHERE state = 'done' AND"
            " operation <> 'refund' AND pg_checkout_ref = ANY(%s)",
            [self.paid_sessions],
        )
        return len(set(self.paid_sessions)) - heard[0][0]

    def _count_waiting(self):
        """Return how many ledger entries MongoDB has not got yet."""
        return self._sql("SELECT count(*) FROM pg_ledger_outbox")[0][0]

    def _sql(self, query, params=None):
        connection = connect(self.settings, self.settings.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, params)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def judge(self):
        """Return the figures; ``problems`` says what each count is about."""
        connection = connect(self.settings, self.settings.database)
        mongo = pymongo.MongoClient(self.settings.mongo_uri)
        truths = Truths(
            connection,
            self.sandbox,
            self.ding,
            self.stripe,
            mongo,
            self.pattern,
            self.paid_sessions,
        )
        figures = truths.judge()
        figures |= {"kills": len(self.kills), "seed": self.plan.seed}
        self.problems = truths.problems
        connection.close()
        return figures
