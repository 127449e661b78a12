"""Draws side by side as one value of a compiled loop: a numba type of `WIDTH` numbers.

Compilers seldom put a short loop over draws into the processor's wide registers where arrays might
overlap; a value that is eight numbers leaves them no choice. Operators and `least`, `most`,
`choose` work number by number. Processors with narrower registers compute the same in more steps.

Imported when a pass is compiled: numba takes a second to load.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

from impactmodel.core.memory import LINE, WIDTH

_NUMBERS = ir.VectorType(ir.DoubleType(), WIDTH)
_PLACE = ir.IntType(32)
_UNSET = ir.Constant(_NUMBERS, ir.Undefined)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _NUMBERS)  # type: ignore[no-untyped-call]


LANES = _Lanes()


def fill(number: float) -> Any:
    """Stand for lanes of one number; only compiled code has them."""


def least(one: Any, other: Any) -> Any:
    """Stand for the lesser of each lane."""


def most(one: Any, other: Any) -> Any:
    """Stand for the greater of each lane."""


def choose(high: Any, low: Any, yes: Any, no: Any) -> Any:
    """Stand for ``yes`` in the lanes where ``high >= low``, ``no`` in the others."""


def any_above(high: Any, low: Any) -> Any:
    """Stand for whether ``high > low`` in any lane."""


def any_zero(number: Any) -> Any:
    """Stand for whether any lane is zero."""


def _places(found: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_PLACE, len(found)), found)


def _filled(builder: Any, number: Any) -> Any:
    first = builder.insert_element(_UNSET, number, ir.Constant(_PLACE, 0))
    return builder.shuffle_vector(first, _UNSET, _places([0] * WIDTH))


def _chosen(sign: str) -> Callable[..., Any]:
    return lambda builder, x, y: builder.select(builder.fcmp_ordered(sign, x, y), x, y)


def _any(builder: Any, found: Any) -> Any:
    bits = builder.bitcast(found, ir.IntType(WIDTH))
    return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))


def _define(function: Any, returns: Any, takes: tuple[Any, ...], build: Callable[..., Any]) -> None:
    """Tell numba the types of a function on lanes, and the instructions that it stands for."""
    typed = type(function.__name__, (ConcreteTemplate,), {"cases": [returns(*takes)]})
    infer_global(function)(typed)  # type: ignore[no-untyped-call]

    def lowered(_context: Any, builder: Any, _sign: Any, values: Any) -> Any:
        return build(builder, *values)

    lower_builtin(function, *takes)(lowered)  # type: ignore[no-untyped-call]


_TWO = (LANES, LANES)
_define(operator.add, LANES, _TWO, lambda builder, x, y: builder.fadd(x, y))
_define(operator.sub, LANES, _TWO, lambda builder, x, y: builder.fsub(x, y))
_define(operator.mul, LANES, _TWO, lambda builder, x, y: builder.fmul(x, y))
_define(operator.truediv, LANES, _TWO, lambda builder, x, y: builder.fdiv(x, y))
_define(fill, LANES, (types.float64,), _filled)
_define(least, LANES, _TWO, _chosen("<"))
_define(most, LANES, _TWO, _chosen(">"))
_define(
    choose,
    LANES,
    _TWO + _TWO,
    lambda builder, x, y, yes, no: builder.select(builder.fcmp_ordered(">=", x, y), yes, no),
)
_define(
    any_above,
    types.boolean,
    _TWO,
    lambda builder, x, y: _any(builder, builder.fcmp_ordered(">", x, y)),
)
_define(
    any_zero,
    types.boolean,
    (LANES,),
    lambda builder, x: _any(builder, builder.fcmp_ordered("==", x, ir.Constant(_NUMBERS, None))),
)


def _at(context: Any, builder: Any, array: Any, places: list[Any]) -> Any:
    """Return where the numbers from a place of an array on lie; an array is its type and value."""
    kind, value = array
    made = context.make_array(kind)(context, builder, value)
    found = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
        context, builder, kind, made, places
    )
    return builder.bitcast(found, _NUMBERS.as_pointer())


def _row(context: Any, builder: Any, array: Any, row: Any, further: int = 0) -> Any:
    places = [builder.add(row, ir.Constant(row.type, further)), ir.Constant(row.type, 0)]
    return _at(context, builder, array, places)


def _draws(context: Any, builder: Any, array: Any, place: Any) -> list[Any]:
    """Return where the numbers of `WIDTH` draws from a place on lie; the draw is the first axis."""
    kind, value = place
    first, *rest = (builder.extract_value(value, axis) for axis in range(len(kind)))
    draws = [builder.add(first, ir.Constant(first.type, draw)) for draw in range(WIDTH)]
    return [_at(context, builder, array, [draw, *rest]) for draw in draws]


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Turn a square of numbers: neighbours change places across rows, then pairs, and so on."""
    step = 1
    while step < WIDTH:
        even = _places([k if not k & step else WIDTH + (k ^ step) for k in range(WIDTH)])
        odd = _places([k | step if not k & step else WIDTH + k for k in range(WIDTH)])
        pairs = [(rows[k & ~step], rows[k | step]) for k in range(WIDTH)]
        rows = [
            builder.shuffle_vector(*pair, odd if k & step else even) for k, pair in enumerate(pairs)
        ]
        step *= 2
    return rows


@intrinsic
def load(_typing: Any, array: Any, row: Any) -> Any:
    """Read lanes from a row of an array."""

    def build(context: Any, builder: Any, sign: Any, values: Any) -> Any:
        at = _row(context, builder, (sign.args[0], values[0]), values[1])
        return builder.load(at, align=8)

    return LANES(array, row), build


@intrinsic
def store(_typing: Any, array: Any, row: Any, lanes: Any) -> Any:
    """Write lanes into a row of an array."""

    def build(context: Any, builder: Any, sign: Any, values: Any) -> Any:
        at = _row(context, builder, (sign.args[0], values[0]), values[1])
        builder.store(values[2], at, align=8)
        return context.get_dummy_value()

    return types.void(array, row, lanes), build


def _turn_in(name: str, *, more: bool) -> Any:
    def define(_typing: Any, source: Any, place: Any, factor: Any, array: Any, row: Any) -> Any:
        def build(context: Any, builder: Any, sign: Any, values: Any) -> Any:
            pairs = list(zip(sign.args, values, strict=True))
            rows = [builder.load(at, align=8) for at in _draws(context, builder, *pairs[:2])]
            for k, turned in enumerate(_turned(builder, rows)):
                at = _row(context, builder, pairs[3], values[4], k)
                lanes = builder.fmul(turned, values[2])
                if more:
                    lanes = builder.fadd(builder.load(at, align=8), lanes)
                builder.store(lanes, at, align=8)
            return context.get_dummy_value()

        return types.void(source, place, factor, array, row), build

    define.__name__ = name
    return intrinsic(define)


turn_in = _turn_in("turn_in", more=False)
"""Write numbers of the draws from a place on, times a factor, as rows of lanes into an array."""

turn_in_more = _turn_in("turn_in_more", more=True)
"""As `turn_in`, but add to what the rows hold."""


@intrinsic
def turn_out(_typing: Any, target: Any, place: Any, array: Any, row: Any) -> Any:
    """Write rows of lanes of an array as numbers of the draws from a place on."""

    def build(context: Any, builder: Any, sign: Any, values: Any) -> Any:
        pairs = list(zip(sign.args, values, strict=True))
        held = [_row(context, builder, pairs[2], values[3], k) for k in range(WIDTH)]
        rows = _turned(builder, [builder.load(at, align=8) for at in held])
        for lanes, at in zip(rows, _draws(context, builder, *pairs[:2]), strict=True):
            builder.store(lanes, at, align=8)
        return context.get_dummy_value()

    return types.void(target, place, array, row), build


@intrinsic
def fetch(_typing: Any, source: Any, draw: Any, line: Any) -> Any:
    """Have a line of `LINE` bytes brought near, counted from where a draw begins in an array.

    What lies there is not read: it need not belong to the array.
    """

    def build(context: Any, builder: Any, sign: Any, values: Any) -> Any:
        rest = [ir.Constant(values[1].type, 0)] * (sign.args[0].ndim - 1)
        begin = _at(context, builder, (sign.args[0], values[0]), [values[1], *rest])
        further = builder.mul(values[2], ir.Constant(values[2].type, LINE))
        at = builder.gep(builder.bitcast(begin, ir.IntType(8).as_pointer()), [further])
        kind = ir.FunctionType(ir.VoidType(), [at.type, _PLACE, _PLACE, _PLACE])
        call = builder.module.declare_intrinsic("llvm.prefetch", [at.type], kind)
        # To read (0), into the second cache (2), data (1).
        builder.call(call, [at, *(ir.Constant(_PLACE, code) for code in (0, 2, 1))])
        return context.get_dummy_value()

    return types.void(source, draw, line), build


FUNCTIONS = {
    "fill": fill,
    "least": least,
    "most": most,
    "choose": choose,
    "any_above": any_above,
    "any_zero": any_zero,
    "load": load,
    "store": store,
    "turn_in": turn_in,
    "turn_in_more": turn_in_more,
    "turn_out": turn_out,
    "fetch": fetch,
}
"""What generated code calls, by name."""
