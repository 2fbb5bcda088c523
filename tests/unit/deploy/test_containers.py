"""What the image and the compose file bring beside the services."""

import re
from importlib.metadata import version
from pathlib import Path

from deploy.containers import sbom, secrets
from services import SERVICES
from services.command import service
from services.dispatcher.settings import MAX_IMPORT_MIB
from services.dispatcher.web import larger_bodies
from shared.http.connection_limits import ConnectionLimits
from shared.http.request_limits import RequestLimits
from shared.pages.assets import SHARED_ASSETS
from shared.privacy.service_client import PERSONAL_DATA_PATH

DEPLOY = Path(secrets.__file__).parents[1]
CADDYFILE = DEPLOY / "Caddyfile"


def routes() -> dict[str, set[str]]:
    """The paths of each matcher of the proxy."""
    found = re.findall(r"^\s*@(\w+) path (.+)$", CADDYFILE.read_text(), re.MULTILINE)
    return {name: set(paths.split()) for name, paths in found}


def test_the_proxy_brings_each_path_to_the_service_that_has_it() -> None:
    for name in SERVICES:
        if name == "scorer":  # gets what nobody else has, so that `/` is its own
            continue
        own = {f"/static/{name}/*", f"/openapi/{name}.json"}
        paths = {given for path in service(name).paths for given in (path, f"{path}/*")}
        assert routes()[name] == paths | own
        assert f"reverse_proxy @{name} {{\n\t\tdynamic a {name}-api 8000" in CADDYFILE.read_text()
    assert "reverse_proxy {\n\t\tdynamic a scorer-api 8000" in CADDYFILE.read_text()
    assert routes()["shared"] == {f"/static/{SHARED_ASSETS.name}/*"}


def test_the_proxy_brings_what_our_services_ask_each_other_to_each_that_answers() -> None:
    for name in SERVICES:
        own = [path for path in service(name).paths if path.startswith(PERSONAL_DATA_PATH)]
        assert routes().get(f"{name}_data", set()) == {f"{path}/*" for path in own}
    address = re.search(r"AFTERWORD_INTERNAL_URL: (\S+)", (DEPLOY / "compose.yaml").read_text())
    assert address
    assert f"\n{address[1]} {{\n" in CADDYFILE.read_text()


def test_what_speaks_to_machines_is_not_shown_to_the_world() -> None:
    assert routes()["machines"] == {"/healthz", "/readyz", "/metrics"}


def test_a_backup_beside_the_compose_file_comes_into_no_image() -> None:
    rules = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    assert {"deploy/.env*", "**/*.dump", "**/*.tar"} <= set(rules[rules.index("!deploy") :])


def a_folder(path: Path) -> Path:
    for name in ("postgres", *SERVICES):
        (path / name).mkdir()
    return path


def read(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.glob("*/*")}


def test_secrets_are_made_once_and_no_two_passwords_are_equal(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    assert len(secrets.make_secrets(folder)) == 1 + 2 * len(SERVICES)
    first = read(folder)
    assert secrets.make_secrets(folder) == []
    assert read(folder) == first
    passwords = {first["postgres/password"], *(first[f"{name}/database_url"] for name in SERVICES)}
    assert len(passwords) == 1 + len(SERVICES)
    assert all(
        (folder / name).stat().st_mode & 0o077 == 0 for name in first if not name.startswith("postgres")
    )


def test_a_service_whose_secrets_were_lost_gets_the_root_secret_of_the_others(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    secrets.make_secrets(folder)
    root = (folder / "trigger" / "secret").read_text()
    for path in list((folder / "alerts").iterdir()):
        path.unlink()
    assert secrets.make_secrets(folder) == ["alerts/secret", "alerts/database_url"]
    assert {(folder / name / "secret").read_text() for name in SERVICES} == {root}


def test_the_bill_of_materials_names_every_package_with_its_version() -> None:
    document = sbom.document()
    assert document["metadata"]["component"]["name"] == "afterword"
    assert f"pkg:pypi/aiokafka@{version('aiokafka')}" in {each["purl"] for each in document["components"]}
    assert document == sbom.document()


def test_the_image_tells_the_version_that_it_holds() -> None:
    assert f"\nARG VERSION={version('afterword')}\n" in (DEPLOY / "Dockerfile").read_text()


def test_the_proxy_waits_no_longer_and_takes_no_more_than_the_services_themselves() -> None:
    caddyfile, connection, request = CADDYFILE.read_text(), ConnectionLimits(), RequestLimits()
    longest = request.body_grace_s + request.body_bytes / request.body_bytes_per_s
    assert f"read_header {connection.head_s:.0f}s" in caddyfile
    assert longest < float(caddyfile.partition("read_body ")[2].partition("s")[0]) < longest + 15
    assert f"max_header_size {connection.head_bytes // 1024}KB" in caddyfile
    assert f"max_size {request.body_bytes // 1024**2}MiB" in caddyfile
    files = larger_bodies(MAX_IMPORT_MIB)
    for path, most in files.items():
        place = caddyfile.index(f" path {path}\n\trequest_body @")
        assert caddyfile[place:].partition("max_size ")[2].startswith(f"{most // 1024**2}MiB")
    assert f"@other not path {' '.join(files)}\n" in caddyfile
