"""A manifest over the rows that an expression picks.

An expression compares columns with values and joins comparisons with `and`, `or`, `not`:

    duration_s >= 1 and duration_s < 15 and speaker != "kss/1"
    phones_per_second > 5 and "안녕" in text
    split in ["train", "valid"] and not noise_floor_db > -30

It is parsed, never executed: an expression cannot do anything but compare.
"""

import ast
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import DroppedLine, Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.handoff.derive import publish, read_dropped, stored_positions, with_rows

MAX_EXPRESSION = 2_000

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[Any]

STORED = ("id", "speaker", "text", "spoken", "pronunciation", "ipa", "romanized", "num_samples")
MEASURED = ("silence_removed_samples", "noise_floor_db", "speech_level_db", "peak")
DERIVED = ("duration_s", "num_phones", "phones_per_second", "split")
COLUMNS: Final = (*STORED, *MEASURED, *DERIVED)

COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def select_rows(opened: OpenedManifest, path: Path, *, expression: str, command: str) -> Manifest:
    """A manifest at `path` over the rows of `opened` for which `expression` holds.

    The others are counted as dropped (`filtered`), so that nothing is lost from sight.

    Raises:
        InputRejected: The expression is malformed or names an unknown column.
    """
    tree = parse_expression(expression)
    shards: list[tuple[OpenedManifest, ShardRecord]] = []
    lines = read_dropped(opened)
    for shard in opened.manifest.shards:
        columns = read_columns(opened, shard)
        picked = _truth(tree, columns)
        shards.append((opened, with_rows(opened, shard, stored_positions(shard)[picked])))
        lines += [
            DroppedLine(id=name, stage="filter", reason="filtered", detail=f"not: {expression}")
            for name in columns["id"][~picked]
        ]
    manifest = opened.manifest
    return publish(
        path,
        name=manifest.name,
        folder=opened.folder,
        shards=shards,
        dropped=lines,
        sources=manifest.sources,
        settings=manifest.settings,
        vocabulary=manifest.vocabulary,
        history=[*manifest.history, f"filtered by {expression}"],
        command=command,
    )


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of an expression.

    Raises:
        InputRejected: It is no expression, or too long a one.
    """
    try:
        if len(text) > MAX_EXPRESSION:
            raise InputRejected(
                f"the expression has {len(text)} characters, at most {MAX_EXPRESSION} are read"
            )
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise InputRejected(
            f"{text!r} is no expression: {error}; such as: duration_s >= 1 and peak < 1"
        ) from error


def read_columns(opened: OpenedManifest, shard: ShardRecord) -> dict[str, Column]:
    """The columns an expression may name, shape (R,) each, for the rows of a shard."""
    table = opened.rows(shard, [*STORED, "labels", "measurements"])
    columns = {name: _array(table.column(name)) for name in STORED}
    measurements = table.column("measurements").combine_chunks()
    columns |= {name: _array(measurements.field(name)) for name in MEASURED}
    columns["duration_s"] = columns["num_samples"] / SAMPLE_RATE_HZ
    columns["num_phones"] = _array(pc.list_value_length(table.column("labels")))
    columns["phones_per_second"] = columns["num_phones"] / columns["duration_s"]
    columns["split"] = np.full(table.num_rows, shard.split, dtype=object)
    return columns


def _array(column: pa.Array | pa.ChunkedArray) -> Column:
    array: Column = (
        column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    )
    return array


def _truth(node: ast.expr, columns: dict[str, Column]) -> Mask:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return _all([_truth(value, columns) for value in values])
        case ast.BoolOp(values=values):
            return ~_all([~_truth(value, columns) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_truth(operand, columns)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [left, *comparators]
            pairs = zip(sides[:-1], ops, sides[1:], strict=True)
            return _all([_compare(*pair, columns) for pair in pairs])
    raise InputRejected(f"{ast.unparse(node)!r} is no comparison; such as: duration_s >= 1")


def _all(masks: list[Mask]) -> Mask:
    together: Mask = np.logical_and.reduce(masks)
    return together


def _compare(left: ast.expr, comparison: ast.cmpop, right: ast.expr, columns: dict[str, Column]) -> Mask:
    one, other = _value(left, columns), _value(right, columns)
    rows = len(columns["id"])
    try:
        if isinstance(comparison, ast.In | ast.NotIn):
            found = _contains(one, other, rows)
            return found if isinstance(comparison, ast.In) else ~found
        return np.broadcast_to(np.asarray(COMPARISONS[type(comparison)](one, other), dtype=bool), (rows,))
    except (TypeError, KeyError) as error:
        shown = ast.unparse(ast.Compare(left, [comparison], [right]))
        raise InputRejected(f"{shown!r} cannot be compared: {error}") from error


def _contains(item: Any, container: Any, rows: int) -> Mask:
    """`item in container`: a column in a list of values, or a text in a column of texts."""
    if isinstance(item, np.ndarray) and isinstance(container, list):
        return np.array([value in container for value in item], dtype=bool)
    if isinstance(item, str) and isinstance(container, np.ndarray):
        return np.fromiter((value is not None and item in value for value in container), bool, rows)
    raise TypeError("expected `column in [values]` or `'text' in column`")


def _value(node: ast.expr, columns: dict[str, Column]) -> Any:
    match node:
        case ast.Name(id=name) if name in columns:
            return columns[name]
        case ast.Name(id=name):
            raise InputRejected(f"no column {name!r}; known: {', '.join(COLUMNS)}")
        case ast.Constant(value=str() | int() | float() | None):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, columns) for element in elements]
    raise InputRejected(f"{ast.unparse(node)!r} is neither a column nor a value")
