from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

ROLES = ("viewer", "operator", "manager", "admin")


class BaseCase(TransactionCase):
    """Two sellers, and a user of every role in each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller, cls.other_seller = cls.env["res.company"].create(
            [
                {"name": "Seller One", "pg_is_seller": True, "pg_slug": "test-seller-one"},
                {"name": "Seller Two", "pg_is_seller": True, "pg_slug": "test-seller-two"},
            ]
        )
        cls.users = {
            (company, role): cls._create_user(company, role)
            for company in (cls.seller, cls.other_seller)
            for role in ROLES
        }

    @classmethod
    def _create_user(cls, company, role):
        """Return a user of one role who may enter one company only."""
        return new_test_user(
            cls.env,
            login=f"{role}-{company.pg_slug}",
            groups=f"pg_base.group_{role}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def as_user(self, record, role, company=None):
        """Return a record or model as seen by the user of a role in a company."""
        company = company or self.seller
        return record.with_user(self.users[company, role]).with_company(company)
