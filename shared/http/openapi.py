"""The refusals that all JSON routes share, in the OpenAPI document."""

from typing import Any

import msgspec

SHARED_PROBLEMS = (400, 401, 403, 404, 408, 409, 413, 414, 415, 422, 429, 431, 503)
_METHODS = ("get", "put", "post", "delete", "patch")
_PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457: what is wrong, and what to do about it.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with each shared refusal added to the operations that do not describe it themselves."""
    from shared.http.problems import problem_texts  # noqa: PLC0415  (only needed when the document is requested)

    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operations in document.get("paths", {}).values():
        for operation in (operations[method] for method in _METHODS if method in operations):
            responses = operation.setdefault("responses", {})
            responses.pop("422", None)
            for status in SHARED_PROBLEMS:
                responses.setdefault(str(status), _response(str(problem_texts(status)[0])))
    return document


def _response(title: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": title, "content": content}


def schema_of(struct: type) -> dict[str, Any]:
    """The schema of a msgspec type with its parts in place: they are none of FastAPI's components."""
    (schema,), parts = msgspec.json.schema_components([struct], ref_template="{name}")

    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolve(parts[value["$ref"]])
            return {name: resolve(inner) for name, inner in value.items()}
        return [resolve(inner) for inner in value] if isinstance(value, list) else value

    resolved: dict[str, Any] = resolve(schema)
    return resolved
