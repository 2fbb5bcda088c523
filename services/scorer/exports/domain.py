"""How a document of the API is written as a table: each figure of it is one cell. Pure.

Numbers are written as JSON writes them, so that who reads the file reads what a program is answered. The
columns come from the document's class alone, so they are the same for each document.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from shared.events.nps import SCALE
from shared.values.csv_files import cell_of

WHOLE = "all"
"""In the first column: the row of the document's own figures."""
OF = "of"
"""The first column of a document with sections: which of them the row is of."""
COUNTS = "counts"
"""The field of the eleven counts, which have a column each."""


class Column(NamedTuple):
    """A column, and where its value stands in the document."""

    name: str
    path: tuple[str | int, ...]


def columns_of(model: type[BaseModel], leave_out: Sequence[str] = ()) -> list[Column]:
    """A column for each value of a document; those of a nested one have its name before theirs.

    Lists of documents have no columns: they are sections.

    :param leave_out: fields that are sections, and have rows of their own.
    """
    return [
        column
        for name, field in model.model_fields.items()
        if name not in leave_out
        for column in _columns_of_field(field.serialization_alias or name, field.annotation)
    ]


def table_of(document: BaseModel, sections: Sequence[str] = ()) -> Iterator[list[str]]:
    """The names of the columns, then the rows.

    Without sections there is one row. With them the first column tells what a row is of: ``all`` for the
    document's own figures, else the section; a section without figures has no row.

    :param sections: fields with a document, or a list of them.
    """
    kind = type(document)
    own = columns_of(kind, sections)
    by_section = {name: columns_of(_model_of(kind, name)) for name in sections}
    if not sections:
        yield [column.name for column in own]
        yield _row(own, [column.name for column in own], document)
        return
    names = list(dict.fromkeys(c.name for columns in (own, *by_section.values()) for c in columns))
    yield [OF, *names]
    yield [WHOLE, *_row(own, names, document)]
    for name, columns in by_section.items():
        for part in _parts(getattr(document, name)):
            yield [name, *_row(columns, names, part)]


def rows_of(documents: Sequence[BaseModel], model: type[BaseModel]) -> Iterator[list[str]]:
    """A row for each of some documents of one class, without the names of their columns."""
    columns = columns_of(model)
    names = [column.name for column in columns]
    for document in documents:
        yield _row(columns, names, document)


def _columns_of_field(name: str, annotation: Any) -> Iterator[Column]:
    inner = _without_none(annotation)
    if name == COUNTS:
        yield from (Column(f"score_{score}", (name, score)) for score in SCALE)
    elif isinstance(inner, type) and issubclass(inner, BaseModel):
        for column in columns_of(inner):
            yield Column(f"{name}_{column.name}", (name, *column.path))
    elif not _is_list_of_documents(inner):
        yield Column(name, (name,))


def _row(columns: Sequence[Column], names: Sequence[str], document: BaseModel) -> list[str]:
    values = document.model_dump(mode="json", by_alias=True)
    cells = {column.name: cell_of(_value(values, column.path)) for column in columns}
    return [cells.get(name, "") for name in names]


def _value(values: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if values is None:
            return None
        values = values[step]
    return values


def _parts(value: BaseModel | Sequence[BaseModel] | None) -> Sequence[BaseModel]:
    if value is None:
        return ()
    return (value,) if isinstance(value, BaseModel) else value


def _without_none(annotation: Any) -> Any:
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    has_none = len(kinds) < len(get_args(annotation))
    return kinds[0] if has_none and len(kinds) == 1 else annotation


def _is_list_of_documents(annotation: Any) -> bool:
    (item,) = get_args(annotation) if get_origin(annotation) is list else (None,)
    return isinstance(item, type) and issubclass(item, BaseModel)


def _model_of(model: type[BaseModel], name: str) -> type[BaseModel]:
    inner = _without_none(model.model_fields[name].annotation)
    found: type[BaseModel] = get_args(inner)[0] if get_origin(inner) is list else inner
    return found
