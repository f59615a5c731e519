"""Narrowing a manifest down to the rows that an expression picks.

An expression compares columns with values and joins comparisons with `and`, `or`, `not`:

    duration_s >= 1 and duration_s < 15 and speaker != "kss/1"
    phones_per_second > 5 and "안녕" in text
    split in ["train", "valid"] and not noise_floor_db > -30

It is parsed, never executed: an expression cannot do anything but compare.
"""

import ast
import itertools
import operator
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import DroppedLine, Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.dataset.dropped import read_dropped
from pipeline.dataset.views import narrow_shard, publish_view, stored_positions

MAX_EXPRESSION = 2_000
MAX_DEPTH = 50

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


def filter_manifest(opened: OpenedManifest, path: Path, *, expression: str, command: str) -> Manifest:
    """Write a manifest at `path` over the rows of `opened` for which `expression` holds.

    The others are counted as dropped (`filtered`), so that no utterance disappears unseen.

    Raises:
        InputRejected: The expression is malformed or names an unknown column.
    """
    tree = parse_expression(expression)
    shards: list[ShardRecord] = []
    dropped = list(read_dropped(opened))
    for shard in opened.manifest.shards:
        columns = read_columns(opened, shard)
        picked = _truth(tree, columns)
        shards.append(narrow_shard(opened, shard, stored_positions(shard)[picked]))
        dropped += [
            DroppedLine(id=name, stage=Stage.FILTER, reason=Reason.FILTERED, detail=f"not: {expression}")
            for name in columns["id"][~picked]
        ]
    step = f"filtered by {expression}"
    return publish_view(opened, path, shards=shards, dropped=dropped, step=step, command=command)


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of an expression.

    Raises:
        InputRejected: It is not an expression, or is too long or too deeply nested.
    """
    if len(text) > MAX_EXPRESSION:
        raise InputRejected(f"the expression has {len(text)} characters, at most {MAX_EXPRESSION} are read")
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd escapes in somebody's strings
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise InputRejected(
            f"{text!r} is not an expression: {error}; write for example: duration_s >= 1 and peak < 1"
        ) from error
    if _depth(tree) > MAX_DEPTH:
        raise InputRejected(f"the expression is nested over {MAX_DEPTH} levels deep; write a flatter one")
    return tree


def _depth(tree: ast.expr) -> int:
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def read_columns(opened: OpenedManifest, shard: ShardRecord) -> dict[str, Column]:
    """The columns that an expression may name, each of shape (R,), for the rows of a shard."""
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
    raise InputRejected(f"{ast.unparse(node)!r} is not a comparison; write for example: duration_s >= 1")


def _all(masks: list[Mask]) -> Mask:
    together: Mask = np.logical_and.reduce(masks)
    return together


def _compare(left: ast.expr, comparison: ast.cmpop, right: ast.expr, columns: dict[str, Column]) -> Mask:
    one, other = _value(left, columns), _value(right, columns)
    compare = _comparison(comparison, _kind(one), _kind(other))
    if compare is None or not any(isinstance(side, np.ndarray) for side in (one, other)):
        shown = ast.unparse(ast.Compare(left, [comparison], [right]))
        raise InputRejected(
            f"{shown!r} cannot be compared: expected a column and a value of its kind, column in [values],"
            " or 'text' in column"
        )
    rows = len(columns["id"])
    pairs = zip(_rows_of(one, rows), _rows_of(other, rows), strict=True)
    return np.fromiter((compare(*pair) for pair in pairs), dtype=bool, count=rows)


def _comparison(comparison: ast.cmpop, left: str, right: str) -> Callable[[Any, Any], bool] | None:
    """How to compare values of these kinds, or None if they cannot be; None is neither less nor greater."""
    if isinstance(comparison, ast.In | ast.NotIn):
        negated = isinstance(comparison, ast.NotIn)
        if right in {f"list of {left}", "list of nothing"}:
            return lambda item, values: (item in values) != negated
        if (left, right) == ("text", "text"):
            return lambda part, text: (part is not None and text is not None and part in text) != negated
        return None
    if {left, right} > {"nothing"} and not isinstance(comparison, ast.Eq | ast.NotEq):
        return None
    if left != right and "nothing" not in {left, right}:
        return None
    order = COMPARISONS.get(type(comparison))
    if order is None or isinstance(comparison, ast.Eq | ast.NotEq):
        return order
    return lambda one, other: one is not None and other is not None and order(one, other)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "text" if value.dtype == object else "number"
    if isinstance(value, list):
        kinds = {_kind(element) for element in value} - {"nothing"}
        return f"list of {' and '.join(sorted(kinds)) or 'nothing'}"
    return "nothing" if value is None else "text" if isinstance(value, str) else "number"


def _rows_of(value: Any, rows: int) -> Iterable[Any]:
    return value.tolist() if isinstance(value, np.ndarray) else itertools.repeat(value, rows)


def _value(node: ast.expr, columns: dict[str, Column]) -> Any:
    match node:
        case ast.Name(id=name) if name in columns:
            return columns[name]
        case ast.Name(id=name):
            raise InputRejected(f"no column {name!r}; known: {', '.join(COLUMNS)}")
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_constant(element) for element in elements]
    return _constant(node)


def _constant(node: ast.expr) -> str | float | None:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    raise InputRejected(f"{ast.unparse(node)!r} is neither a column nor a value")
