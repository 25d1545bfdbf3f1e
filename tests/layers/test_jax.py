"""Functions of JAX, held against calls by name, JAX's own checker of gradients, and Hessians."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from layer_calls import Count, arguments_of, rows_of
from layer_programs import PROGRAMS, TWICE

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.entries import named
from qcompile.layers.arguments import start_values
from qcompile.layers.evaluator import Evaluator

ALL = pytest.mark.parametrize("program", PROGRAMS, indirect=True)
SOME = pytest.mark.parametrize("program", ["shared"], indirect=True)
SEVERAL = pytest.mark.parametrize("program", ["several"], indirect=True)
WITH_HESSIANS = pytest.mark.parametrize("program", ["shared", "bent"], indirect=True)
pytestmark = pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning")


@pytest.fixture(scope="module", name="jax")
def loaded() -> Iterator[Any]:
    """JAX in double precision."""
    import jax

    module: Any = jax
    module.config.update("jax_enable_x64", True)
    yield module
    module.config.update("jax_enable_x64", False)


@ALL
def test_values_are_those_of_the_evaluator(program: qc.Program, jax: Any) -> None:
    """Would catch columns out of order, and leading axes that are lost."""
    function = qc.jax.function(program)
    parameters, inputs = arguments_of(program, (2, 3))
    expected = Evaluator.of(program).values(rows_of(Evaluator.of(program), parameters, inputs))
    lead = (2, 3) if inputs.size else ()
    shape = lead if function.split.evaluator.width == 1 else (*lead, -1)
    for call in (function, jax.jit(function)):
        found = call(parameters, inputs)
        assert found.dtype == np.float64
        assert np.allclose(found, expected[: None if inputs.size else 1].reshape(shape), atol=1e-13)


@SEVERAL
def test_arguments_by_name_are_those_in_one_array(program: qc.Program, jax: Any) -> None:
    """Would catch a name that is given another's column, and gradients in another structure than what is given."""
    function = qc.jax.function(program)
    parameters, inputs = arguments_of(program, (3,))
    by_name = function({"w": parameters}, {"a": inputs})
    assert np.array_equal(by_name, function(parameters, inputs))

    def total(given: Any) -> Any:
        return function(given, {"a": inputs})[:, 0].sum()

    slopes = jax.grad(total)({"w": parameters})
    assert slopes["w"].shape == (3,)
    each = function({"w": np.tile(parameters, (3, 1))}, {"a": inputs[0]})
    assert np.allclose(each, np.tile(by_name[0], (3, 1)), atol=1e-13)


@ALL
@pytest.mark.usefixtures("jax")
def test_the_frameworks_own_checker_finds_no_fault(program: qc.Program) -> None:
    """Would catch any rule that is wrong, of tangents or of transposes, to second order, in both modes."""
    import jax.test_util

    tools: Any = jax.test_util
    name = next(name for name, text in PROGRAMS.items() if qc.parse(text) == program)
    order = 2 if name in TWICE else 1
    tools.check_grads(qc.jax.function(program), arguments_of(program, (2,)), order=order, modes=["fwd", "rev"])


@WITH_HESSIANS
@pytest.mark.parametrize("outer", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("inner", ["jacfwd", "jacrev"])
def test_hessians_in_every_order_of_modes(program: qc.Program, inner: str, outer: str, jax: Any) -> None:
    """Would catch a rule that holds in one mode alone; shifts twice share no mathematics with the adjoint's tangent."""
    function = qc.jax.function(program)
    parameters, inputs = arguments_of(program, (2,))
    twice = getattr(jax, outer)(getattr(jax, inner)(function))
    found = jax.jit(jax.vmap(twice, (None, 0)))(parameters, inputs)
    names = [p.name for p in program.parameters if p.role == "param"]
    expected = qc.hessian(program, names)(
        **named(program.parameters, rows_of(Evaluator.of(program), parameters, inputs))
    )
    assert np.allclose(found, expected, atol=1e-11)


@SEVERAL
@pytest.mark.parametrize("outer", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("inner", ["jacfwd", "jacrev"])
def test_second_derivatives_of_several_outputs(program: qc.Program, inner: str, outer: str, jax: Any) -> None:
    """Would catch outputs taken for one another where each has a second derivative of its own."""
    function, evaluator = qc.jax.function(program), Evaluator.of(program)
    parameters, inputs = arguments_of(program)
    found = getattr(jax, outer)(getattr(jax, inner)(function))(parameters, inputs)
    x = rows_of(Evaluator.of(program), parameters, inputs)
    for output, cotangent in enumerate(np.eye(evaluator.width)):
        for column, k in enumerate(evaluator.trained):
            along = evaluator.second(x, cotangent[None], np.eye(len(evaluator.entries))[[k]])
            assert np.allclose(found[output, :, column], along[0, evaluator.trained], atol=1e-11)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("shared", [("kept", 5), ("pulled", 5)]),
        ("several", [("kept", 5), ("pulled", 5)]),
        ("cut", [("values", 5), ("pullback", 5)]),
    ],
    indirect=["program"],
)
@pytest.mark.parametrize("mapped", [False, True])
def test_a_batch_is_one_call_forward_and_one_backward(
    program: qc.Program, expected: list[tuple[str, int]], mapped: bool, count: Count, jax: Any
) -> None:
    """Would catch a call for each row, each output or each parameter."""
    function = qc.jax.function(program)
    parameters, inputs = arguments_of(program, (5,))
    each = jax.vmap(function, (None, 0)) if mapped else function

    def loss(p: Any) -> Any:
        return (each(p, inputs) ** 2).sum()

    step = jax.jit(jax.value_and_grad(loss))
    step(parameters)
    assert count.calls == expected
    for _ in range(3):
        step(parameters)
    assert count.calls == 4 * expected
    assert step._cache_size() == 1


@SOME
def test_a_hessian_is_one_call(program: qc.Program, count: Count, jax: Any) -> None:
    """Would catch second derivatives that are asked for one by one."""
    function = qc.jax.function(program)
    jax.jit(jax.hessian(function))(*arguments_of(program))
    assert count.calls == [("second", 3)]


@SOME
def test_it_works_within_loops_and_is_recomputed(program: qc.Program, jax: Any) -> None:
    """Would catch a primitive that JAX's own control flow does not take."""
    function = qc.jax.function(program)
    parameters, inputs = arguments_of(program, (4,))

    def looped(p: Any) -> Any:
        def added(total: Any, row: Any) -> Any:
            return total + jax.checkpoint(function)(p, row), None

        return jax.lax.scan(added, 0.0, inputs)[0]

    def at_once(p: Any) -> Any:
        return function(p, inputs).sum()

    assert np.allclose(jax.jit(jax.grad(looped))(parameters), jax.grad(at_once)(parameters), atol=1e-12)


@SOME
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float64"])
def test_results_are_in_the_precision_of_what_is_given(program: qc.Program, kind: str, jax: Any) -> None:
    """Would catch doubles among a model's single numbers."""
    function = qc.jax.function(program)
    parameters, inputs = (jax.numpy.asarray(array, kind) for array in arguments_of(program, (2,)))

    def total(call: Any, p: Any) -> Any:
        return call(p, inputs).sum()

    for call in (function, jax.jit(function)):
        assert call(parameters, inputs).dtype == kind
        assert jax.grad(total, 1)(call, parameters).dtype == kind
        assert jax.jvp(partial(total, call), (parameters,), (parameters,))[1].dtype == kind


@SOME
def test_without_doubles_it_is_single(program: qc.Program, jax: Any) -> None:
    """Would catch a result of 64 bits where JAX has none."""
    jax.config.update("jax_enable_x64", False)
    try:
        function = qc.jax.function(program)
        parameters, inputs = arguments_of(program)
        value, slopes = jax.jit(jax.value_and_grad(function))(parameters, inputs)
        single = function.start(1)["w"]
    finally:
        jax.config.update("jax_enable_x64", True)
    assert value.dtype == slopes.dtype == single.dtype == np.float32
    assert np.allclose(value, function(parameters, inputs), atol=1e-6)


@SOME
@pytest.mark.usefixtures("jax")
def test_training_starts_where_it_is_told_or_where_the_seed_says(program: qc.Program) -> None:
    """Would catch start values of JAX that differ from other frameworks'."""
    function = qc.jax.function(program)
    assert np.array_equal(function.start(5)["w"], start_values(program, 5)["w"])
    assert np.array_equal(function.start(5, {"w": [0.1, 0.2, 0.3]})["w"], [0.1, 0.2, 0.3])


@SOME
def test_the_method_and_the_shots_reach_the_engine(program: qc.Program, jax: Any) -> None:
    """Would catch settings that a function does not heed."""
    parameters, inputs = arguments_of(program, (2,))
    shifted = qc.jax.function(program, "shift")
    assert not shifted.split.evaluator.sweeps
    exact = qc.jax.function(program)
    slopes = jax.jacrev(shifted)(parameters, inputs)
    assert np.allclose(slopes, jax.jacfwd(exact)(parameters, inputs), atol=1e-12)
    drawn = jax.jit(qc.jax.function(program, shots=100, seed=3))
    x = rows_of(Evaluator.of(program), parameters, inputs)
    assert np.allclose(drawn(parameters, inputs), Evaluator.of(program, shots=100, seed=3).values(x)[:, 0], atol=1e-12)


@SEVERAL
def test_what_is_wrong_is_named(program: qc.Program, jax: Any) -> None:
    """Would catch an error that leaves the user to guess which parameter it is about."""
    function = qc.jax.function(program)
    w, a = arguments_of(program)
    wrong: list[tuple[Code, str, Any, Any]] = [
        (Code.UNBOUND, "no value for `w`", None, a),
        (Code.UNBOUND, "no value for `a`", w, None),
        (Code.UNBOUND, "no value for `w`", {}, a),
        (Code.UNKNOWN_NAME, "none of the inputs is `b`", w, {"a": a, "b": a}),
        (Code.BAD_VALUE, r"parameters of shape \(2,\)", w[:2], a),
        (Code.BAD_VALUE, r"`w` has the shape \(2,\)", {"w": w[:2]}, a),
        (Code.BAD_VALUE, "`w` is trained, and int64 has no slopes", {"w": np.arange(3)}, a),
        (Code.BAD_VALUE, "`a` is of complex128", w, 1j * a),
        (Code.BAD_VALUE, r"`w\[1\]` is nan", np.array([0.1, np.nan, 0.2]), a),
    ]
    for code, message, parameters, inputs in wrong:
        with pytest.raises(qc.CompileError, match=message) as caught:
            function(parameters, inputs)
        assert caught.value.diagnostics[0].code is code
    with pytest.raises(jax.errors.JaxRuntimeError, match=r"`w\[1\]` is nan"):
        jax.block_until_ready(jax.jit(function)(np.array([0.1, np.nan, 0.2]), a))


@SEVERAL
@pytest.mark.usefixtures("jax")
def test_inputs_may_be_integers(program: qc.Program) -> None:
    """Would catch data of whole numbers refused."""
    function = qc.jax.function(program)
    w, _ = arguments_of(program)
    assert np.array_equal(function(w, np.array([1, 0])), function(w, np.array([1.0, 0.0])))


@SOME
def test_a_third_derivative_is_refused(program: qc.Program, jax: Any) -> None:
    """Would catch a third derivative of zero."""
    function = qc.jax.function(program)
    with pytest.raises(qc.CompileError, match="no third derivative") as caught:
        jax.jacfwd(jax.hessian(function))(*arguments_of(program))
    assert caught.value.diagnostics[0].code is Code.METHOD


TURNED = "qubit q; input a; param w[2]; ry(a + w[0]) q; rx(w[1]) q; return expect(Z[0]), expect(X[0]);"


def flipped(f: Any, a: Any, w: Any) -> Any:
    """Of the weights last."""
    return f(w, a)


@pytest.mark.parametrize("method", ["auto", "shift"])
@pytest.mark.parametrize("in_graph", [False, True])
def test_derivatives_within_derivatives(method: str, in_graph: bool, jax: Any) -> None:
    """Would catch a derivative by one argument that an inner one by the other has left out; held against JAX's own."""
    jnp = jax.numpy
    program = qc.parse(TURNED)
    assert isinstance(program, qc.Program)
    ours = qc.jax.function(program, method)

    def reference(w: Any, a: Any) -> Any:
        turned = a[..., 0] + w[0]
        return jnp.stack([jnp.cos(turned) * jnp.cos(w[1]), jnp.sin(turned)], axis=-1)

    def through_gradient(f: Any, w: Any, a: Any) -> Any:
        def squares(u: Any) -> Any:
            return (f(u, a) ** 2).sum()

        value, slopes = jax.value_and_grad(squares)(w)
        return value**2 + (slopes**2).sum()

    def through_pullback(f: Any, w: Any, a: Any) -> Any:
        values, pull = jax.vjp(partial(flipped, f, a), w)
        return (pull(values)[0] ** 2).sum() + values.sum()

    def through_tangent(f: Any, w: Any, a: Any) -> Any:
        values, moved = jax.jvp(partial(flipped, f, a), (w,), (jnp.array([1.0, 2.0]),))
        return (values * moved).sum()

    def through_inputs(f: Any, w: Any, a: Any) -> Any:
        values, run = jax.linearize(partial(f, w), a)
        return (values * run(jnp.cos(a))).sum()

    w, a = jnp.array([0.3, 0.4]), jnp.array([[0.5], [0.7], [-0.2]])
    for through in (through_gradient, through_pullback, through_tangent, through_inputs):
        for by in (jax.grad, jax.jacfwd):
            each = [by(partial(through, f), argnums=(0, 1)) for f in (ours, reference)]
            found, expected = ((jax.jit(one) if in_graph else one)(w, a) for one in each)
            for one, other in zip(found, expected, strict=True):
                assert np.allclose(one, other, atol=1e-10), through.__name__


def test_shots_belong_to_their_forward_call(count: Count, jax: Any) -> None:
    """Would catch a gradient of other shots than its values', and circuits that are run again for it."""
    jnp = jax.numpy
    program = qc.parse(TURNED)
    assert isinstance(program, qc.Program)
    drawn, exact = qc.jax.function(program, shots=100_000), qc.jax.function(program)
    w, a = jnp.array([0.3, 0.4]), jnp.array([[0.5], [0.7], [-0.2]])
    runs = [jax.vjp(partial(flipped, drawn, a), w) for _ in range(2)]
    cotangents = jnp.ones((3, 2))
    first = [pull(cotangents)[0] for _, pull in runs]
    again = [pull(cotangents)[0] for _, pull in runs]
    assert count.calls == 2 * [("values_and_jacobian", 3)]
    assert np.array_equal(first, again)
    assert not np.allclose(first[0], first[1])
    count.calls.clear()
    values, moved = jax.jvp(partial(flipped, drawn, a), (w,), (jnp.array([1.0, 0.0]),))
    assert count.calls == [("values_and_jacobian", 3)]
    assert values.shape == moved.shape == (3, 2)
    count.calls.clear()
    jax.jacrev(drawn)(w, a)

    def of_row(u: Any, b: Any) -> Any:
        return drawn(u, b).sum()

    jax.vmap(jax.grad(of_row), (None, 0))(w, a)
    assert count.calls == 2 * [("values_and_jacobian", 3)]
    assert np.allclose(jax.jacrev(exact)(w, a), jax.jacfwd(exact)(w, a), atol=1e-12)
