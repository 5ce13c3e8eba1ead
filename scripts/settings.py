"""Where one running copy of the platform lives: its folder, ports, database and servers."""

import base64
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.common import ODOO_BIN, PYTHON, VAR, Problem, addons_path, find_odoo

#: Environment variable, field and default of each port.
PORTS = (
    ("PG_HTTP_PORT", "http_port", 8069),
    ("PG_GEVENT_PORT", "gevent_port", 8072),
    ("PG_DB_PORT", "db_port", 5469),
    ("PG_MONGO_PORT", "mongo_port", 27469),
    ("PG_SANDBOX_PORT", "sandbox_port", 8190),
)


@dataclass
class Settings:
    """One copy of the platform under `root`. `own_*` tells whether we start that server."""

    root: Path
    database: str
    http_port: int
    gevent_port: int
    db_port: int
    mongo_port: int
    sandbox_port: int
    interface: str = "127.0.0.1"
    db_host: str = "127.0.0.1"
    db_user: str = "odoo"
    db_password: str = ""
    mongo_uri: str = ""
    own_postgres: bool = True
    own_mongo: bool = True
    durable: bool = True
    #: HTTP processes of Odoo; 0 is one process with threads, which also answers web sockets.
    workers: int = 2

    # === BUILDING === #

    @classmethod
    def for_run(cls, root=VAR / "run"):
        """Return the settings of `make run`: default ports, each with its variable.

        :raise Problem: if a variable holds no number
        """
        values = {field: read_port(name, default) for name, field, default in PORTS}
        settings = cls(
            root=Path(root).resolve(),
            database=os.environ.get("PG_DATABASE", "prepaid"),
            interface=os.environ.get("PG_HTTP_INTERFACE", "127.0.0.1"),
            workers=read_number("PG_WORKERS", 0, range(65)),
            **values,
        )
        settings._use_own_servers()
        return settings._complete()

    @classmethod
    def for_tests(cls, root=VAR / "test"):
        """Return the settings of `make test`: free ports, private servers, fast and forgetful."""
        ports = dict(zip((field for _n, field, _d in PORTS), free_ports(len(PORTS)), strict=True))
        settings = cls(root=Path(root).resolve(), database="pg_test", durable=False, **ports)
        return settings._complete()

    @classmethod
    def load(cls, root):
        """Return the settings saved in a root folder, for whoever joins a running copy."""
        values = json.loads((Path(root) / "settings.json").read_text())
        return cls(**{**values, "root": Path(values["root"])})

    def save(self):
        """Write the settings beside what they describe, readable by the owner only."""
        write_private(
            self.root / "settings.json", json.dumps({**asdict(self), "root": str(self.root)})
        )

    def _use_own_servers(self):
        if os.environ.get("PGHOST"):
            self.own_postgres = False
            self.db_host = os.environ["PGHOST"]
            self.db_port = read_port("PGPORT", 5432)
            self.db_user = os.environ.get("PGUSER", "odoo")
            self.db_password = os.environ.get("PGPASSWORD", "")
        if os.environ.get("PG_MONGO_URI"):
            self.own_mongo = False
            self.mongo_uri = os.environ["PG_MONGO_URI"]

    def _complete(self):
        self.root.mkdir(parents=True, exist_ok=True)
        if self.own_postgres:
            self.db_password = keep_secret(self.root / "postgres.password")
        if self.own_mongo:
            self.mongo_uri = f"mongodb://127.0.0.1:{self.mongo_port}/?directConnection=true"
        make_secret_key(self.root / "secret.key")
        make_secret_key(self.root / "seal.key")
        return self

    # === READING === #

    @property
    def base_url(self):
        """Address of Odoo."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def sandbox_url(self):
        """Address of the sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def conf(self):
        """Odoo's configuration file of this copy."""
        return self.root / "odoo.conf"

    @property
    def logs(self):
        """Folder of this copy's log files."""
        return self.root / "log"

    def owned_ports(self):
        """Return {variable: port} of the ports we will listen on ourselves."""
        skip = set()
        if not self.own_postgres:
            skip.add("PG_DB_PORT")
        if not self.own_mongo:
            skip.add("PG_MONGO_PORT")
        if not self.workers:
            skip.add("PG_GEVENT_PORT")
        return {name: getattr(self, field) for name, field, _d in PORTS if name not in skip}

    def env(self):
        """Return the environment of every process of this copy."""
        ours = {
            "PG_ROOT": self.root,
            "PG_DATABASE": self.database,
            "PG_BASE_URL": self.base_url,
            "PG_SANDBOX_URL": self.sandbox_url,
            "PG_MONGO_URI": self.mongo_uri,
            "PG_SECRET_KEY_FILE": self.root / "secret.key",
            "PG_LEDGER_SEAL_KEY_FILE": self.root / "seal.key",
            "PG_ODOO_CONF": self.conf,
            "PG_ODOO_BIN": ODOO_BIN,
            "PG_PYTHON": PYTHON,
            "PGHOST": self.db_host,
            "PGPORT": self.db_port,
            "PGUSER": self.db_user,
            "PGPASSWORD": self.db_password,
            "PYTHONPATH": find_odoo(),
            "PYTHONUNBUFFERED": 1,
        }
        dropped = {"PGDATABASE", "ODOO_RC", "OPENERP_SERVER"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return {**kept, **{name: str(value) for name, value in ours.items()}}

    def _count_connections(self):
        """Return how many connections to PostgreSQL each of Odoo's processes may have.

        One with threads needs one for each request that it answers at a time: a gateway brings
        dozens of webhooks at once. Somebody else's server is asked for no more than Odoo's default.
        """
        return 192 if self.own_postgres and not self.workers else 64

    def write_conf(self):
        """Write Odoo's configuration of this copy; what is ours is passed by the environment."""
        options = {
            "addons_path": addons_path(),
            "data_dir": self.root / "data",
            "db_host": self.db_host,
            "db_port": self.db_port,
            "db_user": self.db_user,
            "db_password": self.db_password,
            "admin_passwd": keep_secret(self.root / "admin.password"),
            "http_interface": self.interface,
            "http_port": self.http_port,
            "gevent_port": self.gevent_port,
            "workers": self.workers,
            "db_maxconn": self._count_connections(),
            "max_cron_threads": 2,
            "limit_time_cpu": 120,
            "limit_time_real": 240,
            "list_db": "False",
        }
        lines = ["[options]"] + [f"{name} = {value}" for name, value in options.items()]
        write_private(self.conf, "\n".join(lines) + "\n")


def read_port(name, default):
    """Return the port of a variable, or the default.

    :raise Problem: if it is no port
    """
    return read_number(name, default, range(1, 65536))


def read_number(name, default, allowed):
    """Return the number of a variable, or the default.

    :param range allowed: what it may be.
    :raise Problem: if it is none of them
    """
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) not in allowed:
        raise Problem(f"{name}={text} is not a number from {allowed[0]} to {allowed[-1]}")
    return int(text)


def free_ports(count):
    """Return ports that are free now, found by letting the system choose them."""
    sockets = [socket.socket() for _number in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]
    finally:
        for item in sockets:
            item.close()


def port_taken(port, interface="127.0.0.1"):
    """Whether some process listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((interface, port))
        except OSError:
            return True
    return False


def write_private(path, text):
    """Write a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)


def keep_secret(path):
    """Return the random password kept in a file, made at first use."""
    if not path.is_file():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def make_secret_key(path):
    """Make a key at first use, 32 bytes in URL-safe base64.

    One encrypts credentials in the database, the other signs the ledger's seals.
    """
    if not path.is_file():
        write_private(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")
