"""This process's connections to MongoDB."""

import threading

from odoo.addons.pg_base.tools import options
from pymongo import MongoClient
from pymongo.errors import ConfigurationError

_clients = {}
_clients_lock = threading.Lock()


class NotConfigured(Exception):
    """No address of a MongoDB is set: entries are chained and wait."""


def read_address():
    """Return ``(address, prefix)`` that the installation names.

    Options: ``pg_mongo_uri`` (address) and ``pg_mongo_db_prefix`` (empty: databases ``ledger``,
    ``ledger_meta``, ``ledger_views``).

    :raise NotConfigured: no address is set
    """
    uri = options.get("pg_mongo_uri")
    if not uri:
        raise NotConfigured
    return uri, options.get("pg_mongo_db_prefix") or ""


def get_client(uri, answer_seconds):
    """Return this process's client; pymongo clients are shared by threads, not by forks."""
    with _clients_lock:
        key = uri, answer_seconds
        if key not in _clients:
            try:
                _clients[key] = MongoClient(
                    uri,
                    serverSelectionTimeoutMS=2000,
                    connectTimeoutMS=2000,
                    socketTimeoutMS=answer_seconds * 1000,
                    appname="pg_ledger",
                )
            except (ConfigurationError, ValueError) as error:
                raise ConfigurationError("pg_mongo_uri is not a MongoDB address") from error
        return _clients[key]
