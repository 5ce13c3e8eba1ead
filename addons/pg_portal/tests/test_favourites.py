from odoo.tests import tagged

from .account_common import EMAIL, AccountCase
from .common import DELIVERED

OTHER = "ben@example.com"
EVIL = "<script>alert(1)</script>"


@tagged("post_install", "-at_install", "pg")
class TestFavourites(AccountCase):
    def setUp(self):
        super().setUp()
        self.own = self.place(email=EMAIL)
        self.foreign = self.place(email=OTHER)
        self.path = f"{self.my}/numbers"

    def change(self, status=303, **values):
        fields = self.fields(self.get(self.path), "form[.//input[@name='act']]")
        return self.post(self.path, {**fields, **values}, status=status)

    def remember(self, topup):
        """Put the number of a top-up into its customer's book."""
        return self.env["pg.recipient"]._add(self.seller, topup.partner_id, topup.number)

    def favourites(self, topup=None):
        self.env.invalidate_all()
        partner = (topup or self.own).partner_id
        return self.env["pg.recipient"].search([("partner_id", "=", partner.id)])

    def test_add_name_top_up_remove(self):
        self.log_in()
        self.change(number="7012 3456", name="Mother")
        favourite = self.favourites()
        self.assertEqual(favourite.mapped("number"), [DELIVERED])
        page = self.page(self.get(self.path))
        [link] = page.xpath("//a[contains(@href, '/offers?q=')]/@href")
        self.assertIn("+675 7012 3456", self.words(self.get(link)))
        self.assertNotIn(DELIVERED[1:], link)
        self.change(number="+675 70123456", name="Mum")
        self.assertEqual(self.favourites().mapped("name"), ["Mum"])
        self.change(act="name", recipient=favourite.id, name=EVIL)
        response = self.get(self.path)
        self.assertNotIn(EVIL, response.text)
        self.assertIn(EVIL, self.words(response))
        self.change(act="name", recipient=favourite.id, name=" ")
        self.assertIn("+675 7012 3456", self.words(self.get(self.path)))
        self.change(act="remove", recipient=favourite.id)
        self.assertFalse(self.favourites())

    def test_nonsense(self):
        self.log_in()
        for number in ("abc", "1", EVIL, "9" * 60):
            response = self.change(number=number, status=422)
            self.assertNotIn(EVIL, response.text)
        self.change(act="explode", recipient="1", status=404)
        self.change(act="remove", recipient="-1", status=404)
        self.post(self.path, {"act": "add", "number": DELIVERED}, status=400)
        self.assertFalse(self.favourites())

    def test_of_another(self):
        theirs = self.remember(self.foreign)
        self.get(self.path, status=303)
        self.log_in()
        self.assertIn("No favourites yet", self.words(self.get(self.path)))
        self.change(act="remove", recipient=theirs.id, status=404)
        self.change(act="name", recipient=theirs.id, name="Mine", status=404)
        self.assertEqual(self.favourites(self.foreign), theirs)
        self.assertFalse(theirs.name)

    def test_own_numbers_stand_on_the_first_page(self):
        self.remember(self.foreign)
        self.remember(self.own).name = EVIL
        guest = self.get(self.base)
        self.assertNotIn("Your numbers", self.words(guest))
        self.assertIn("Topped up here before?", self.words(guest))
        self.log_in()
        response = self.get(self.base)
        self.assertNotIn(EVIL, response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        [link] = self.page(response).xpath("//nav[@class='own']//a")
        self.assertIn(EVIL, link.text_content())
        self.assertIn("+675 7012 3456", link.text_content())
        offers = self.get(link.get("href"))
        self.assertIn("+675 7012 3456", self.words(offers))
        # At another seller the customer is a stranger.
        self.assertNotIn("Your numbers", self.words(self.get(self.other_base)))
        refused = self.post(f"{self.base}/number", {"number": "12"}, status=422)
        self.assertIn("Your numbers", self.words(refused))

    def test_deleted_with_the_customer(self):
        self.remember(self.own)
        self.log_in()
        self.form_post(f"{self.my}/delete", {"sure": "1"}, status=200)
        self.assertFalse(self.favourites())
