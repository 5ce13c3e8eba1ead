import os
from unittest.mock import patch

from cryptography.fernet import Fernet
from odoo import models
from odoo.addons.pg_base.fields import MASK, Secret
from odoo.addons.pg_base.tools import options, secrets
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import TransactionCase, tagged


class SecretHolder(models.Model):
    _name = "pg.test.secret.holder"
    _description = "Model of a test"
    _inherit = ["pg.secret.mixin"]
    _module = None
    _log_access = False

    key = Secret("Key")


@tagged("post_install", "-at_install", "pg")
class TestSecret(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        add_to_registry(cls.registry, SecretHolder)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(cls.env.cr, [SecretHolder._name], {"models_to_check": True})
        cls.addClassCleanup(cls.registry.__delitem__, SecretHolder._name)
        cls.Holder = cls.env[SecretHolder._name]

    def column(self, holder):
        self.env.flush_all()
        self.env.cr.execute("SELECT key FROM pg_test_secret_holder WHERE id = %s", [holder.id])
        return self.env.cr.fetchone()[0]

    def test_only_ciphertext_is_stored_and_only_the_mask_is_read(self):
        holder = self.Holder.create({"key": "planted-secret"})
        self.assertTrue(self.column(holder).startswith(secrets.PREFIX))
        self.assertNotIn("planted", self.column(holder))
        self.assertEqual(holder.key, MASK)
        self.assertEqual(holder.read(["key"])[0]["key"], MASK)
        self.assertEqual(holder.export_data(["key"])["datas"], [[MASK]])
        self.assertEqual(holder._pg_reveal("key"), "planted-secret")
        holder.invalidate_recordset()
        self.assertEqual(holder.key, MASK)
        self.assertEqual(holder._pg_reveal("key"), "planted-secret")

    def test_mask_written_back_changes_nothing(self):
        holder = self.Holder.create({"key": "first"})
        before = self.column(holder)
        holder.write({"key": MASK})
        self.assertEqual(self.column(holder), before)
        holder.write({"key": " second "})
        self.assertEqual(holder._pg_reveal("key"), "second")
        holder.write({"key": False})
        self.assertFalse(holder.key)
        self.assertIsNone(self.column(holder))
        self.assertEqual(holder._pg_reveal("key"), "")

    def test_mask_is_never_stored(self):
        self.assertIsNone(self.column(self.Holder.create({"key": MASK})))

    def test_copy_leaves_it_out(self):
        self.assertFalse(self.Holder.create({"key": "x"}).copy().key)

    def test_search_by_value_is_refused(self):
        holder = self.Holder.create({"key": "planted"})
        self.assertEqual(self.Holder.search([("key", "!=", False)]), holder)
        for operator in ("=", "ilike", "=like"):
            with self.subTest(operator), self.assertRaises(UserError):
                self.Holder.search([("key", operator, "planted")])

    def test_reveal_is_not_reached_by_rpc(self):
        self.assertTrue(getattr(type(self.Holder)._pg_reveal, "_api_private", False))

    def test_rotation(self):
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        with patch.dict(os.environ, {"PG_SECRET_KEYS": old}):
            token = secrets.encrypt("value")
        with patch.dict(os.environ, {"PG_SECRET_KEYS": f"{new},{old}"}):
            rotated = secrets.rotate(token)
        with patch.dict(os.environ, {"PG_SECRET_KEYS": new}):
            self.assertEqual(secrets.decrypt(rotated), "value")
            with self.assertRaises(UserError):
                secrets.decrypt(token)

    def test_without_a_key_nothing_is_written(self):
        with patch.dict(os.environ, {"PG_SECRET_KEY_FILE": "/nonexistent"}, clear=True):
            options._section.cache_clear()
            with self.assertRaises(UserError):
                self.Holder.create({"key": "x"})
        self.assertFalse(self.Holder.search([]))
