"""The servers of one running copy: start, stop, wait until ready.

    python -m scripts.services ROOT start|stop|kill|status [NAME…]

Names: postgres mongod sandbox odoo dispatcher mirror. ROOT was made by `make run` (var/run), by
`make test` (var/test) or by `Settings(...).save()`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts import process
from scripts.bootstrap import MIN_POSTGRES, postgres_bin
from scripts.common import ODOO_BIN, PYTHON, VAR, Problem, addons_path, main, say, tail
from scripts.settings import Settings, port_taken, write_private

#: In the order of starting; stopping goes the other way.
NAMES = ("postgres", "mongod", "sandbox", "odoo", "dispatcher", "mirror")
STOP_SIGNALS = {"postgres": signal.SIGINT}  # SIGINT is PostgreSQL's fast shutdown


# === POSTGRESQL === #


def postgres_prefix(folder):
    """Return the command prefix that runs PostgreSQL, which refuses root, as another user.

    Where a parent folder is closed to that user (a project under /root, say) the process is given
    the right to pass through, and nothing else.
    """
    if os.geteuid():
        return []
    user = postgres_user()
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
    if any(not parent.stat().st_mode & 0o001 for parent in folder.parents if parent.exists()):
        right = "+dac_read_search"
        prefix += ["--inh-caps", right, "--ambient-caps", right]
    return prefix


def postgres_user():
    """Return the user PostgreSQL runs as when we are root: postgres, or else nobody."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Problem("there is neither a user postgres nor a user nobody to run PostgreSQL as")


def prepare_postgres(settings):
    """Make the cluster at first use; drop the lock file of a server that is no more."""
    folder = settings.root / "pg"
    data = folder / "data"
    drop_stale_lock(data, settings.root)
    if (data / "PG_VERSION").is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    data.mkdir(parents=True)
    data.chmod(0o700)
    password = folder / "initdb.password"
    write_private(password, settings.db_password)
    if not os.geteuid():
        user = postgres_user()
        for path in (folder, data, password):
            os.chown(path, user.pw_uid, user.pw_gid)
    argv = [postgres_bin() / "initdb", "-D", data, "-U", settings.db_user, "-E", "UTF8"]
    argv += ["--locale=C.UTF-8", "--data-checksums", "--auth=scram-sha-256"]
    argv += ["--pwfile", password] + ([] if settings.durable else ["--no-sync"])
    env = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    answer = subprocess.run(
        postgres_prefix(data) + argv, capture_output=True, text=True, cwd="/", env=env
    )
    password.unlink()
    if answer.returncode:
        shutil.rmtree(data, ignore_errors=True)
        reason = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise Problem(f"PostgreSQL could not make its data folder {data}: {reason}")


def drop_stale_lock(data, root):
    """Remove postmaster.pid when its process is gone or is somebody else's."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if not process.is_ours(pid, root):
        lock.unlink(missing_ok=True)


def postgres_argv(settings):
    """Return the server's command line."""
    data = settings.root / "pg" / "data"
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # a deep project folder would make its path too long
        "max_connections": 300,
        "shared_buffers": "256MB",
    }
    if not settings.durable:
        options |= {"fsync": "off", "full_page_writes": "off"}
    argv = [postgres_bin() / "postgres", "-D", data, "-p", settings.db_port]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    return postgres_prefix(data) + argv


def connect(settings, database="postgres", **options):
    """Return a psycopg2 connection in autocommit mode."""
    import psycopg2

    connection = psycopg2.connect(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=settings.db_password,
        dbname=database,
        connect_timeout=5,
        **options,
    )
    connection.autocommit = True
    return connection


def postgres_ready(settings):
    """Whether the server answers a query."""
    import psycopg2

    try:
        connect(settings).close()
    except psycopg2.OperationalError:
        return False
    return True


def check_own_postgres(settings):
    """Check a PostgreSQL that is not ours.

    :raise Problem: if it cannot be reached, is too old, or its user may not create databases
    """
    import psycopg2

    place = f"{settings.db_user}@{settings.db_host}:{settings.db_port}"
    try:
        connection = connect(settings)
    except psycopg2.OperationalError as error:
        raise Problem(
            f"PostgreSQL at {place} (PGHOST, PGPORT, PGUSER, PGPASSWORD) cannot be used: "
            f"{str(error).strip().splitlines()[-1]}"
        ) from None
    version = connection.server_version // 10000
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        may_create = cursor.fetchone()[0]
    connection.close()
    if version < MIN_POSTGRES:
        raise Problem(
            f"PostgreSQL {version} at {place} is too old, Odoo 19 needs {MIN_POSTGRES} or newer"
        )
    if not may_create:
        raise Problem(f"{place} may not create databases; ALTER ROLE {settings.db_user} CREATEDB")


# === MONGODB === #


def mongod_argv(settings):
    """Return the server's command line."""
    folder = settings.root / "mongo"
    folder.mkdir(parents=True, exist_ok=True)
    argv = [VAR / "mongo" / "bin" / "mongod", "--dbpath", folder, "--bind_ip", "127.0.0.1"]
    argv += ["--port", settings.mongo_port, "--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.5"]
    argv += ["--setParameter", "diagnosticDataCollectionEnabled=false", "--nounixsocket"]
    return argv + ["--networkMessageCompressors", "snappy,zstd"]


def mongo_client(settings):
    """Return a client that gives up after two seconds."""
    import pymongo

    return pymongo.MongoClient(settings.mongo_uri, serverSelectionTimeoutMS=2000)


def mongod_ready(settings):
    """Whether the server is a writable primary; a new one is made a replica set of one first.

    A replica set remembers its address: after a change of port it is told the new one.
    """
    import pymongo.errors

    member = {"_id": 0, "host": f"127.0.0.1:{settings.mongo_port}"}
    with mongo_client(settings) as client:
        try:
            hello = client.admin.command("hello")
            if hello.get("isWritablePrimary") and hello.get("me") == member["host"]:
                return True
            initiate_replica_set(client.admin, member)
        except pymongo.errors.PyMongoError:
            return False
    return False


def initiate_replica_set(admin, member):
    """Start the replica set of one, or give it the port it now has."""
    import pymongo.errors

    try:
        config = admin.command("replSetGetConfig")["config"]
    except pymongo.errors.OperationFailure as error:
        if error.code == 94:  # NotYetInitialized
            admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            return
        # a member that is not found in its own set cannot tell its configuration: read the copy
        config = admin.client.local["system.replset"].find_one()
    if config["members"][0]["host"] != member["host"]:
        config = {**config, "members": [member], "version": config["version"] + 1}
        admin.command("replSetReconfig", config, force=True)


def check_own_mongo(settings):
    """:raise Problem: if a MongoDB that is not ours cannot be used"""
    import pymongo.errors

    try:
        with mongo_client(settings) as client:
            info = client.server_info()
            hello = client.admin.command("hello")
    except pymongo.errors.PyMongoError as error:
        reason = str(error).split(",")[0][:120]
        raise Problem(f"MongoDB at PG_MONGO_URI cannot be used: {reason}") from None
    if int(info["version"].split(".")[0]) < 6:
        raise Problem(f"MongoDB {info['version']} at PG_MONGO_URI is too old, 6.0 is needed")
    if not hello.get("setName"):
        raise Problem("MongoDB at PG_MONGO_URI is no replica set; start it with --replSet")


# === SANDBOX AND ODOO === #


def sandbox_argv(settings):
    """Return the simulator's command line; what it knows is kept in the root folder."""
    state = settings.root / "sandbox" / "state"
    state.parent.mkdir(parents=True, exist_ok=True)
    return [PYTHON, "-m", "sandbox", "--port", settings.sandbox_port, "--state", state]


def odoo_argv(settings, command=None):
    """Return the command line of Odoo, or of one of our own processes beside it.

    Odoo looks for an addon's command before it reads its configuration: it is told where.
    """
    argv = [PYTHON, ODOO_BIN]
    if command:
        argv += [f"--addons-path={addons_path()}", command]
    return argv + ["-c", settings.conf, "-d", settings.database]


def answers(url):
    """Whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wake_crons(settings):
    """Have Odoo's cron workers look for work now; after a start they sleep a minute first."""
    connection = connect(settings)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('cron_trigger', %s)", [settings.database])
    connection.close()


# === THE STACK === #


class Stack:
    """All servers of one copy of the platform.

    Whole-suite tests join a running one by `Stack.join(os.environ["PG_ROOT"])` and may then
    `kill("odoo")` and `start("odoo")`.
    """

    def __init__(self, settings):
        self.settings = settings
        self.children = {}

    @classmethod
    def join(cls, root):
        """Return the stack that runs in a root folder."""
        return cls(Settings.load(root))

    def argv(self, name):
        """Return the command line of a named server."""
        makers = {
            "postgres": postgres_argv,
            "mongod": mongod_argv,
            "sandbox": sandbox_argv,
            "odoo": odoo_argv,
            "dispatcher": lambda settings: odoo_argv(settings, "pg_dispatcher"),
            "mirror": lambda settings: odoo_argv(settings, "pg_mirror"),
        }
        return makers[name](self.settings)

    def is_ready(self, name):
        """Whether a named server can be used."""
        if name == "postgres":
            return postgres_ready(self.settings)
        if name == "mongod":
            return mongod_ready(self.settings)
        if name == "sandbox":
            return answers(f"{self.settings.sandbox_url}/")
        if name == "odoo":
            return answers(f"{self.settings.base_url}/web/login")
        return self.is_running(name)

    def is_running(self, name):
        """Whether a named server's process is alive.

        A child of ours is known by its handle: for a moment after its start its environment, by
        which others know it, cannot be read yet.
        """
        child = self.children.get(name)
        if child and child.poll() is None:
            return True
        return process.running_pid(self.settings.root, name) is not None

    def start(self, name, wait=True, timeout=90):
        """Start a server unless it runs, and wait until it can be used.

        :raise Problem: if it ends at once or does not become ready in time
        """
        if not self.is_running(name):
            if name == "postgres":
                prepare_postgres(self.settings)
            env = self.settings.env()
            if name == "mongod":
                env["LD_LIBRARY_PATH"] = str(VAR / "mongo" / "lib")
            if name == "postgres":
                env["LC_ALL"] = "C.UTF-8"
            argv = self.argv(name)
            self.children[name] = process.start(self.settings.root, name, argv, env)
        if wait:
            self.wait(name, timeout)
            if name == "odoo":
                wake_crons(self.settings)

    def wait(self, name, timeout=90):
        """:raise Problem: if a server ends or is not ready after `timeout` seconds"""
        deadline = time.monotonic() + timeout
        while not self.is_ready(name):
            log = self.settings.logs / f"{name}.log"
            if not self.is_alive(name):
                raise Problem(f"{name} ended at once; the end of {log}:\n{tail(log)}")
            if time.monotonic() > deadline:
                raise Problem(f"{name} was not ready after {timeout} s; look into {log}")
            time.sleep(0.1)

    def is_alive(self, name):
        """Like is_running, and takes the exit status of a child of ours."""
        child = self.children.get(name)
        if child and child.poll() is not None:
            return False
        return self.is_running(name)

    def stop(self, name):
        """Stop a server in its own orderly way; return whether it ran."""
        number = STOP_SIGNALS.get(name, signal.SIGTERM)
        return self._end(name, number)

    def kill(self, name):
        """Kill a server and its children with -9, as a crash would."""
        return self._end(name, signal.SIGKILL)

    def _end(self, name, number):
        was_running = process.stop(self.settings.root, name, number)
        child = self.children.pop(name, None)
        if child:
            if child.poll() is None:
                child.kill()
            child.wait()
        return was_running

    def stop_all(self):
        """Stop whatever runs, last started first; return the names."""
        return [name for name in reversed(NAMES) if self.stop(name)]

    def check_ports(self):
        """:raise Problem: if a port we need is taken by somebody else"""
        for variable, port in self.settings.owned_ports().items():
            if port_taken(port, self.settings.interface):
                raise Problem(
                    f"port {port} is taken by another program; "
                    f"stop it or choose another port: {variable}=… make run"
                )

    def check_own_servers(self):
        """:raise Problem: if a server that is not ours cannot be used"""
        if not self.settings.own_postgres:
            check_own_postgres(self.settings)
        if not self.settings.own_mongo:
            check_own_mongo(self.settings)

    def data_servers(self):
        """Return the names of what must run before Odoo, without what is not there or not ours."""
        names = []
        if self.settings.own_postgres:
            names.append("postgres")
        if self.settings.own_mongo:
            names.append("mongod")
        if sandbox_present():
            names.append("sandbox")
        return names


def sandbox_present():
    """Whether the simulators are part of this checkout."""
    return (Path(__file__).parent.parent / "sandbox" / "__main__.py").is_file()


def entry():
    """Command line."""
    if len(sys.argv) < 3 or sys.argv[2] not in ("start", "stop", "kill", "status"):
        raise Problem("usage: python -m scripts.services ROOT start|stop|kill|status [NAME…]")
    root, action, *names = sys.argv[1:]
    unknown = set(names) - set(NAMES)
    if unknown:
        raise Problem(f"no such server: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    stack = Stack.join(root)
    for name in names or NAMES:
        if action == "status":
            say(f"{name}: {process.running_pid(stack.settings.root, name) or 'stopped'}")
        else:
            getattr(stack, action)(name)


if __name__ == "__main__":
    main(entry)
