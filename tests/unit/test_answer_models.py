"""A response holds what is stored: no limit of an input can turn it into a 500."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import services


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(services.__path__, "services."):
        if found.name.endswith((".api", "page", "pages", ".preview")):
            yield importlib.import_module(found.name)


def response_models() -> Iterator[type[BaseModel]]:
    for module in modules():
        for router in (value for value in vars(module).values() if isinstance(value, APIRouter)):
            for route in router.routes:
                if isinstance(route, APIRoute) and route.response_model is not None:
                    yield from models_in(route.response_model)


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for each in kind.model_fields.values():
            yield from models_in(each.annotation)
    for part in get_args(kind):
        yield from models_in(part)


def limits_in(kind: Any) -> Iterator[object]:
    """What is asked of a value beyond its type, at any depth of an annotation."""
    for part in get_args(kind):
        if isinstance(part, FieldInfo):
            yield from part.metadata
        yield from limits_in(part)


MODELS = sorted(set(response_models()), key=lambda model: model.__qualname__)


def test_the_models_of_every_service_are_found() -> None:
    assert {model.__module__.split(".")[1] for model in MODELS} >= {
        "dispatcher",
        "collector",
        "scorer",
        "alerts",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__qualname__)
def test_a_response_model_constrains_nothing(model: type[BaseModel]) -> None:
    faults = [
        f"{name}: {each!r}"
        for name, field in model.model_fields.items()
        for each in (*field.metadata, *limits_in(field.annotation))
    ]
    assert not faults
    assert model.model_config.get("extra") != "forbid"
    assert not model.__pydantic_decorators__.model_validators
    assert not model.__pydantic_decorators__.field_validators
