"""The OpenAPI document of each service."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI
from support.http_clients import a_context, api_client
from support.stack import Postgres

from services import SERVICES
from services.command import service

ALWAYS = {"400", "401", "403", "413", "422", "429", "503"}

Document = dict[str, Any]


@pytest.fixture(scope="module")
async def documents(postgres: Postgres) -> dict[str, Document]:
    """Every service's document, as its API serves it."""
    found = {}
    for name in SERVICES:
        context = await a_context(service(name), postgres)
        async with api_client(service(name), context) as client:
            found[name] = await _document(client, name)
        await context.database.close()
    return found


async def _document(client: httpx.AsyncClient, name: str) -> Document:
    answer = await client.get(f"/openapi/{name}.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(documents: dict[str, Document]) -> Iterator[tuple[str, str, Document]]:
    """Each operation of the JSON API, with its name and its path."""
    for document in documents.values():
        for path, methods in document["paths"].items():
            if path.startswith("/v1/"):
                for method, operation in methods.items():
                    yield f"{method.upper()} {path}", path, operation


def references(part: Any) -> Iterator[str]:
    """Every ``$ref`` inside the part."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_an_openapi_document_whose_references_resolve(
    documents: dict[str, Document], name: str
) -> None:
    document = documents[name]
    assert document["openapi"].startswith("3.1.")
    OpenAPI.model_validate(document)
    for reference in references(document):
        here = document
        for part in reference.removeprefix("#/").split("/"):
            here = here[part]


def test_every_operation_describes_its_purpose_and_its_parameters(documents: dict[str, Document]) -> None:
    faults = []
    for name, path, operation in operations(documents):
        if not operation.get("summary"):
            faults.append(f"{name} has no summary")
        taken = operation.get("parameters", [])
        faults += [f"{name}: {one['name']} is not described" for one in taken if not one.get("description")]
        in_path = {one["name"] for one in taken if one["in"] == "path"}
        faults += [f"{name}: {{{part}}} is unknown" for part in in_path if f"{{{part}}}" not in path]
        if not operation.get("security"):
            faults.append(f"{name} has no security scheme")
    assert not faults, "\n".join(faults)


def test_every_operation_describes_its_responses(documents: dict[str, Document]) -> None:
    faults = []
    for name, path, operation in operations(documents):
        answers = operation["responses"]
        good = {status: answer for status, answer in answers.items() if status.startswith("2")}
        described = [
            status
            for status, answer in good.items()
            if _schema(answer, "application/json") or _schema(answer, "text/csv")
        ]
        if set(described) != set(good) - {"204"} or not good:
            faults.append(f"{name} does not describe its success")
        refusals = ALWAYS | ({"404"} if "{" in path else set())
        if name.startswith(("PUT", "PATCH", "POST /v1/cases")):
            refusals |= {"409"}
        faults += [
            f"{name} does not describe {status}"
            for status in sorted(refusals)
            if not _schema(answers.get(status, {}), "application/problem+json")
        ]
    assert not faults, "\n".join(faults)


def _schema(answer: Document, media: str) -> Any:
    return answer.get("content", {}).get(media, {}).get("schema")


def test_no_two_operations_have_one_id(documents: dict[str, Document]) -> None:
    for document in documents.values():
        ids = Counter(one["operationId"] for path in document["paths"].values() for one in path.values())
        assert [name for name, times in ids.items() if times > 1] == []
    everywhere = Counter(operation["operationId"] for _, _, operation in operations(documents))
    assert [name for name, times in everywhere.items() if times > 1] == []


def test_each_path_is_claimed_by_the_service_that_serves_it_and_by_no_other(
    documents: dict[str, Document],
) -> None:
    claims = [(name, claim) for name in SERVICES for claim in service(name).paths]
    assert [claim for claim, times in Counter(claim for _, claim in claims).items() if times > 1] == []
    for name, document in documents.items():
        for path in document["paths"]:
            owners = {owner for owner, claim in claims if path == claim or path.startswith(f"{claim}/")}
            assert owners == {name} or path in {"/healthz", "/readyz", "/metrics"}, path
