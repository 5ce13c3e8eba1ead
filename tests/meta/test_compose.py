"""docker-compose.yml and what it stands on, parsed: there may be no Docker engine to run it."""

import ast
import configparser
import re
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
SERVICES = {
    "postgres": "postgres:16",
    "mongo1": "mongo:8",
    "mongo2": "mongo:8",
    "mongo3": "mongo:8",
    "mongo-init": "mongo:8",
    "init": "prepaid-minutes:19.0",
    "odoo": "prepaid-minutes:19.0",
    "dispatcher": "prepaid-minutes:19.0",
    "mirror": "prepaid-minutes:19.0",
    "sandbox": "prepaid-minutes:19.0",
}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::?[-?][^}]*)?\}")


@pytest.fixture(scope="module")
def compose():
    """Return the parsed file, anchors merged."""
    return yaml.safe_load((TOP / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    """Return the services by name."""
    return compose["services"]


def test_services_and_images(services):
    assert {name: service["image"] for name, service in services.items()} == SERVICES


def test_image_layer(services):
    build = services["odoo"]["build"]
    lines = (TOP / build["dockerfile"]).read_text().splitlines()
    assert "FROM odoo:19.0" in lines
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert copied, "the image must bring our files"
    for name in copied:
        assert (TOP / name).exists(), name


def test_image_brings_what_the_addons_need():
    text = (TOP / "requirements.txt").read_text().partition("# the addons\n")[2]
    names = set(re.findall(r"^([A-Za-z0-9_-]+)==", text, re.MULTILINE))
    assert {"stripe", "paypalrestsdk", "pymongo", "phonenumbers", "starlette", "uvicorn"} <= names
    assert "psycopg2" not in names, "Odoo's own packages come with its image"


@pytest.mark.parametrize("name", ["odoo", "dispatcher"])
def test_calls_in_flight_are_finished_before_a_stop(services, name):
    """A call to the supplier takes up to 100 s; Docker kills after 10 by itself."""
    assert services[name]["stop_grace_period"] in ("2m", "3m")


@pytest.mark.parametrize("name", ["odoo", "dispatcher", "mirror", "init", "sandbox"])
def test_command_is_known_to_the_entrypoint(services, name):
    script = (TOP / "docker" / "entrypoint.sh").read_text()
    (command,) = services[name]["command"]
    assert re.search(rf"^ *{command}\)", script, re.MULTILINE)


@pytest.mark.parametrize("name", ["pg_dispatcher", "pg_mirror"])
def test_process_is_an_odoo_command(name):
    (path,) = (TOP / "addons").glob(f"pg_*/cli/{name}.py")
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    names = {
        statement.value.value
        for node in classes
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and statement.targets[0].id == "name"
    } or {node.name.lower() for node in classes}
    assert name in names, "Odoo finds a command by its file's name"


def test_three_mongo_members_make_one_set(services):
    members = [name for name in services if re.fullmatch(r"mongo\d", name)]
    assert members == ["mongo1", "mongo2", "mongo3"]
    for name in members:
        command = services[name]["command"]
        assert command[command.index("--replSet") + 1] == "rs0"
        assert services["mongo-init"]["depends_on"][name]["condition"] == "service_healthy"
    volumes = {volume.split(":")[0] for name in members for volume in services[name]["volumes"]}
    assert len(volumes) == 3
    script = (TOP / "docker" / "mongo-init.sh").read_text()
    uri = services["odoo"]["environment"]["PG_MONGO_URI"]
    for name in members:
        assert f'"{name}"' in script and f"{name}:27017" in uri
    assert "replicaSet=rs0" in uri and "w=majority" in uri


def test_order_of_starting(services):
    assert services["init"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    done = "service_completed_successfully"
    assert services["odoo"]["depends_on"]["init"]["condition"] == done
    assert services["mirror"]["depends_on"]["mongo-init"]["condition"] == done
    assert services["dispatcher"]["depends_on"] == {"odoo": {"condition": "service_started"}}


@pytest.mark.parametrize("name", ["postgres", "mongo1", "mongo2", "mongo3", "odoo"])
def test_healthcheck(services, name):
    assert services[name]["healthcheck"]["test"]


def test_sandbox_only_by_its_profile(services):
    assert services["sandbox"]["profiles"] == ["sandbox"]
    assert [name for name, service in services.items() if service.get("profiles")] == ["sandbox"]


def test_only_loopback_ports_are_published(services):
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_volumes_are_declared(compose, services):
    used = {
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == set(compose["volumes"])


def test_variables_are_in_the_example():
    text = (TOP / "docker-compose.yml").read_text()
    example = (TOP / ".env.example").read_text()
    offered = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert set(VARIABLE.findall(text)) == offered


def test_variables_are_read_by_somebody(services):
    """A name nobody reads would be a setting without effect."""
    readers = [*(TOP / "addons").rglob("*.py"), TOP / "docker" / "entrypoint.sh"]
    code = "\n".join(path.read_text() for path in readers if "tests" not in path.parts)
    by_odoo = {"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"}
    for name in set(services["odoo"]["environment"]) - by_odoo:
        assert name in code or name.lower() in code, name


def test_secrets_come_from_the_environment(services):
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|SECRET|TOKEN", key):
                assert VARIABLE.fullmatch(str(value)), f"{name}: {key} is a literal"
    example = (TOP / ".env.example").read_text()
    assert re.findall(r"^\w*(?:PASSWORD|KEYS)=(.+)$", example, re.MULTILINE) == []


def test_odoo_conf():
    parser = configparser.RawConfigParser()
    parser.read(TOP / "odoo.conf")
    options = dict(parser["options"])
    assert int(options["workers"]) >= 2
    assert options["proxy_mode"] == "True"
    assert options["list_db"] == "False"
    assert "dbfilter" not in options and "db_name" not in options
    secret = [name for name in options if re.search("passw|secret|key|token", name)]
    assert secret == []
