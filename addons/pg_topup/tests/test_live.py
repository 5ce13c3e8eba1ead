import json
from types import SimpleNamespace
from unittest.mock import patch

from odoo.addons.pg_topup.models import pg_topup_live
from odoo.tests import new_test_user, tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestLive(TopupCase):
    def setUp(self):
        super().setUp()
        self.forget()
        self.addCleanup(self.forget)
        self.last = self.env["bus.bus"].search([], order="id desc", limit=1).id or 0

    def forget(self):
        self.env["pg.topup"]._watched.clear()
        self.env["pg.topup"]._told.clear()

    def look(self, role="operator", company=None):
        """Let somebody of the staff have the back office open."""
        user = self.users[company or self.seller, role]
        presences = self.env["mail.presence"]
        presences.create({"user_id": user.id, "status": "online"})
        self.forget()

    def commit(self):
        """Return what went to the bus since the last commit, as (channel, payload)."""
        last = self.last
        self.env.flush_all()
        self.env.cr.precommit.run()
        rows = self.env["bus.bus"].search([("id", ">", last)], order="id")
        self.last = max(rows.ids, default=last)
        found = [(json.loads(row.channel), json.loads(row.message)) for row in rows]
        return [
            (channel[1:], message["payload"])
            for channel, message in found
            if message["type"] == "pg_topup/state"
        ]

    def test_one_message_per_organisation_and_commit(self):
        self.look()
        self.commit()
        mine, also_mine = self.place(), self.place()
        other = self.place(company=self.other_seller, offer=self.other_offer)
        self.assertTrue(other)
        self.commit()
        self.forget()
        for _time in range(3):
            (mine + also_mine + other)._log_event("note", "again")
        self.assertEqual(
            self.commit(),
            [(["res.company", self.seller.id], {"ids": [mine.id, also_mine.id]})],
        )
        mine._log_event("note", "at once again")
        self.assertEqual(self.commit(), [], "screens look again by themselves")

    def test_nobody_looks_nothing_is_sent(self):
        self.env["mail.presence"].search([]).status = "offline"
        self.commit()
        self.place()
        self.assertEqual(self.commit(), [])

    def test_who_is_there_is_asked_once_in_a_while(self):
        self.env["pg.topup"]._get_watched()
        with self.assertQueryCount(0):
            self.env["pg.topup"]._get_watched()
        self.assertLessEqual(pg_topup_live.WATCH_AGE, 5)

    def test_channels_by_role_and_organisation(self):
        session = SimpleNamespace(session=SimpleNamespace(uid=1))
        with patch("odoo.addons.bus.models.ir_websocket.wsrequest", new=session):
            for user, heard in (
                (self.users[self.seller, "viewer"], self.seller),
                (self.users[self.other_seller, "admin"], self.other_seller),
                (new_test_user(self.env, "clerk", "base.group_user"), self.env["res.company"]),
                (new_test_user(self.env, "payer", "base.group_portal"), self.env["res.company"]),
            ):
                channels = self.env["ir.websocket"].with_user(user)._build_bus_channel_list([])
                found = [
                    channel
                    for channel in channels
                    if getattr(channel, "_name", "") == "res.company"
                ]
                self.assertEqual(found, list(heard), user.login)
