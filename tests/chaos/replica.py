"""A replica set of three members of its own, whose primary may be killed."""

import contextlib
import time

import pymongo
from pymongo.errors import PyMongoError

from scripts import process
from scripts.common import VAR, Problem
from scripts.settings import free_ports

MEMBERS = ("member-0", "member-1", "member-2")


class ReplicaSet:
    """Three mongod below a root folder; an election takes about a second."""

    def __init__(self, root):
        self.root = root
        self.ports = dict(zip(MEMBERS, free_ports(len(MEMBERS)), strict=True))
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        self.uri = f"mongodb://{hosts}/?replicaSet=three"

    def start(self):
        """Start all members and make them a set."""
        for name in MEMBERS:
            self.start_member(name)
        config = {
            "_id": "three",
            "settings": {"electionTimeoutMillis": 1000},
            "members": [
                {"_id": number, "host": f"127.0.0.1:{port}"}
                for number, port in enumerate(self.ports.values())
            ],
        }
        first = self.connect(self.ports[MEMBERS[0]])
        end = time.monotonic() + 20
        while True:
            try:
                first.admin.command("replSetInitiate", config)
                break
            except PyMongoError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        self.find_primary()

    def start_member(self, name):
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        argv = [VAR / "mongo" / "bin" / "mongod", "--dbpath", folder, "--bind_ip", "127.0.0.1"]
        argv += ["--port", self.ports[name], "--replSet", "three", "--nounixsocket"]
        argv += ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"]
        argv += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        env = {"LD_LIBRARY_PATH": str(VAR / "mongo" / "lib"), "PATH": "/usr/bin:/bin"}
        process.start(self.root, name, argv, env)

    @staticmethod
    def connect(port):
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        return pymongo.MongoClient(uri, serverSelectionTimeoutMS=1000)

    def find_primary(self, timeout=30):
        """Return the name of the member that is the primary now.

        :raise Problem: there is none within the time
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for name, port in self.ports.items():
                with contextlib.suppress(PyMongoError), self.connect(port) as client:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return name
            time.sleep(0.2)
        raise Problem("the replica set of three has no primary")

    def kill_primary(self):
        """Kill the primary with -9, wait for the next, start the dead one again."""
        victim = self.find_primary()
        process.stop(self.root, victim, 9)
        successor = self.find_primary()
        time.sleep(1)
        self.start_member(victim)
        return victim, successor

    def stop(self):
        for name in MEMBERS:
            process.stop(self.root, name)
