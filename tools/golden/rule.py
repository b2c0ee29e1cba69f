"""Numbers that golden makers and tests both compute (rule_tensor of tests/engine/model_support.hpp), so that goldens hold
nothing but results."""
import numpy


def rule(shape, place, scale):
    """SplitMix64 of a counter that begins at a place of its own, its upper 24 bits, even within +- scale / 2; computed in
    double, then float32."""
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        state = (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(1 + 1000003 * place)) * numpy.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        state = (state ^ (state >> numpy.uint64(31))) >> numpy.uint64(40)
    values = (state.astype(numpy.float64) / 2**24 - 0.5) * scale
    return values.astype(numpy.float32).reshape(tuple(shape))
