from odoo.addons.pg_base.tests.common import BaseCase
from odoo.tests import HttpCase, tagged

from .. import inbox, inbox_cron


@tagged("post_install", "-at_install")
class TestInboxWay(BaseCase, HttpCase):
    """The cron gives way to a burst, but never for long."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        code = ("code", "=", "stripe_checkout")
        domain = [code, ("company_id", "=", cls.env.company.id)]
        cls.provider = cls.env["payment.provider"].search(domain, limit=1)
        cls.pauses, cls.number = [], 0

    def come(self, count):
        """Let events come in, of a kind on which nothing depends."""
        for _event in range(count):
            self.number += 1
            self.env["pg.payment.event"].create(
                {
                    "provider_id": self.provider.id,
                    "company_id": self.provider.company_id.id,
                    "event_id": f"evt_way_{self.number}",
                    "kind": "other",
                }
            )
        self.env.flush_all()

    def give_way(self, *waves, ways=inbox_cron.WAYS):
        """Give way while so many events come in during each pause; return what is left of it."""
        coming, self.pauses = iter(waves), []

        def pause(length):
            self.pauses.append(length)
            self.come(next(coming, 0))

        return inbox_cron._give_way(self.env, ways, pause)

    def test_waits_while_a_burst_comes_in(self):
        left = self.give_way(5, 9, 2, inbox_cron.STRAY, 7)
        self.assertEqual(self.pauses, [inbox_cron.WAY] * 4)
        self.assertEqual(left, inbox_cron.WAYS - 4)

    def test_goes_on_beside_a_trickle(self):
        self.come(3)
        self.give_way(inbox_cron.STRAY, 5)
        self.assertEqual(len(self.pauses), 1)

    def test_a_burst_without_end_is_not_waited_for(self):
        left = self.give_way(*[3] * 100, ways=5)
        self.assertEqual((len(self.pauses), left), (5, 0))
        # The next batch of the same run goes on at once.
        self.assertEqual((self.give_way(3, ways=left), self.pauses), (0, []))

    def work_off(self, seconds_old):
        """Work off news of an age, as an HTTP worker; return its states and the cron's calls."""
        self.env.cr.execute(
            "UPDATE pg_payment_event"
            "   SET create_date = now() AT TIME ZONE 'UTC' - %s * interval '1 second'"
            " WHERE event_id LIKE 'evt_way_%%'",
            [seconds_old],
        )
        cron = self.env.ref("pg_payments.cron_events")
        calls = [("cron_id", "=", cron.id)]
        self.env["ir.cron.trigger"].search(calls).unlink()
        self.env.flush_all()
        inbox.work_off(self.env.registry)
        self.env.invalidate_all()
        states = self.env["pg.payment.event"].search([("event_id", "like", "evt_way_%")])
        return set(states.mapped("state")), self.env["ir.cron.trigger"].search_count(calls)

    def test_who_has_answered_leaves_a_burst_to_the_cron(self):
        self.come(inbox.CALM + 1)
        self.assertEqual(self.work_off(seconds_old=1), ({"new"}, 1))

    def test_who_has_answered_works_off_what_is_no_burst(self):
        self.come(inbox.CALM)
        self.assertEqual(self.work_off(seconds_old=1), ({"ignored"}, 0))

    def test_who_has_answered_does_it_when_the_cron_is_late(self):
        """Killed three times, or kept busy by other jobs, the cron may not come for minutes."""
        self.come(inbox.CALM + 1)
        self.assertEqual(self.work_off(seconds_old=inbox.CRON_IS_LATE + 60), ({"ignored"}, 0))

    def test_the_cron_takes_all_of_a_burst_once(self):
        self.come(inbox.CALM * 2)
        self.env["pg.payment.event"]._cron_retry()
        events = self.env["pg.payment.event"].search([("event_id", "like", "evt_way_%")])
        events.invalidate_recordset()
        self.assertEqual(events.mapped("state"), ["ignored"] * inbox.CALM * 2)
