"""What the exercises of notebook 02, gradient descent, must satisfy."""

import math

import numpy as np

from helpers.checks import Wrong, array, call, close, exercise


@exercise("2.1")
def my_gradient(answer):
    """The gradient of the valley at random places."""
    rng = np.random.default_rng(21)
    for place in rng.normal(size=(5, 2)):
        x, y = place
        right = np.array([4 * x**3 + 2 * x * y**2, 2 * x**2 * y - 2 * y + 4 * y**3])
        result = call(answer, place)
        if np.ndim(result) == 0:
            raise Wrong("give back both slopes, as an array of shape (2,); you gave one number")
        result = array(result, (2,), "the gradient").astype(float)
        if close(result, right):
            continue
        if close(result, right[::-1]):
            raise Wrong("the two slopes are swapped; the first belongs to x")
        if close(result, -right):
            raise Wrong("this is minus the gradient; the minus belongs to the step, not to it")
        for value, what in [
            (4 * x**3 + 2 * y**2, "x² y² by x is 2 x y²: the x does not vanish"),
            (4 * x**3 + 2 * x, "x² y² by x is 2 x y²: y² is a factor and stays"),
            (4 * x**3, "x² y² contains x too; its derivative by x is 2 x y²"),
            (4 * x**3 + 2 * x * 2 * y, "for ∂f/∂x only x moves; y² stays y²"),
            (4 * x**4 + 2 * x * y**2, "x⁴ by x is 4 x³: the power falls by one"),
            (x**3 + 2 * x * y**2, "x⁴ by x is 4 x³: the 4 comes down as a factor"),
        ]:
            if close(result[0], value):
                raise Wrong(f"∂f/∂x is off: {what}")
        for value, what in [
            (2 * x**2 * y + 4 * y**3, "the term -y² is missing"),
            (2 * x**2 * y + 2 * y + 4 * y**3, "-y² has a minus, and so has its derivative"),
            (-2 * y + 4 * y**3, "x² y² contains y too; its derivative by y is 2 x² y"),
            (2 * x * y - 2 * y + 4 * y**3, "x² y² by y is 2 x² y: x² is a factor and stays"),
        ]:
            if close(result[1], value):
                raise Wrong(f"∂f/∂y is off: {what}")
        which = "∂f/∂x" if not close(result[0], right[0]) else "∂f/∂y"
        k = 0 if which == "∂f/∂x" else 1
        raise Wrong(
            f"at ({x:.2f}, {y:.2f}) your {which} is {result[k]:.4f}, measured {right[k]:.4f}"
        )


@exercise("2.2")
def curvature(answer):
    """The second derivative of several functions."""
    cases = [
        (lambda x: x**4 + x**2, 0.7, 12 * 0.49 + 2),
        (lambda x: x**3 - 5 * x, 1.3, 6 * 1.3),
        (math.exp, 0.4, math.exp(0.4)),
    ]
    for f, x, right in cases:
        for h in (1e-4, 1e-3):
            result = float(array(call(answer, f, x, h), (), "the curvature"))
            above, here, below = f(x + h), f(x), f(x - h)
            if abs(result - right) < 1e-4 * (1 + abs(right)):
                continue
            bend = above - 2 * here + below
            for value, what in [
                (bend, "this is h² f''; divide by h²"),
                (bend / h, "this is h f''; divide by h²"),
                (bend / (2 * h), "2h is for the slope; here the sum of both sides leaves h² f''"),
                (bend / (4 * h**2), "divided by (2h)²; the sum of both sides leaves h² f''"),
                (bend / (2 * h**2), "half of it: h² f'' / 2 stands in the formula of EACH side"),
                (2 * bend / h**2, "twice of it: a half from each side makes one h² f''"),
                ((above - below) / (2 * h), "this is the slope f', by central differences"),
                ((above - here) / h, "this is the slope f', by forward differences"),
                ((above - here + below) / h**2, "subtract f(x) twice: both sides contain it"),
                ((above + 2 * here + below) / h**2, "f(x) has to cancel: subtract 2 f(x)"),
                (-bend / h**2, "the sign is turned round: a bowl has a positive curvature"),
            ]:
                if math.isclose(result, value, rel_tol=1e-7, abs_tol=1e-12):
                    raise Wrong(what)
            raise Wrong(f"for a function with f'' = {right:.4f} at x = {x} you get {result:.4f}")


class Endless(Exception):
    """The learner's loop went on beyond its limit."""


@exercise("2.3")
def my_descent(answer):
    """Descent in bowls and in the valley, from several starts."""

    def round_bowl(theta):
        return 2.0 * theta

    def bowl(theta):
        return np.array([1.0, 4.0]) * theta

    def valley(theta):
        x, y = theta
        return np.array([2 * x * (2 * x**2 + y**2), 2 * y * (x**2 - 1 + 2 * y**2)])

    def walk(slope, start, alpha, tolerance, limit, sign=-1.0, size=lambda g: np.abs(g).sum()):
        theta = np.array(start, dtype=float)
        for step in range(limit):
            g = slope(theta)
            if size(g) <= tolerance:
                return theta, step
            theta = theta + sign * alpha * g
        return theta, limit

    cases = [
        (round_bowl, (3.0, 2.0), 0.2, 1e-6, 1000),
        (bowl, (4.0, -1.0), 0.1, 1e-5, 1000),  # the slopes cancel: 4 and -4
        (valley, (1.0, 1.0), 0.1, 1e-5, 1000),
        (valley, (-0.5, -0.2), 0.05, 1e-5, 7),  # ends at the limit
    ]
    for slope, start, alpha, tolerance, limit in cases:
        right, steps = walk(slope, start, alpha, tolerance, limit)
        calls = [0]

        def counted(theta, slope=slope, limit=limit, calls=calls):
            calls[0] += 1
            if calls[0] > 3 * limit + 10:
                raise Endless(f"the gradient was asked for {calls[0]} times, with limit={limit}")
            return slope(np.asarray(theta, dtype=float))

        given = np.array(start)
        try:
            result = call_on_itself(answer, counted, given, alpha, tolerance, limit)
        except Endless:
            raise Wrong(f"your loop does not end; it must end after limit={limit} steps") from None
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Wrong("give back two things: theta, steps")
        if not np.array_equal(given, start):
            raise Wrong("you changed `start`: theta -= … writes into the array that was given; "
                        "copy it first")  # fmt: skip
        theta = array(result[0], (2,), "theta").astype(float)
        if not np.isfinite(theta).all():
            raise Wrong("theta is no longer finite; do you walk against the gradient?")
        count = float(array(result[1], (), "steps"))
        if close(theta, right, 1e-10) and count == steps:
            continue
        for options, what in [
            ({"sign": 1.0}, "you walk uphill: subtract α times the gradient"),
            ({"size": lambda g: abs(g.sum())},
             "you stop on |Σ g|: slopes of opposite sign cancel; take np.abs before the sum"),
            ({"size": lambda g: g.sum()},
             "you stop on Σ g without sizes: negative slopes look like level ground"),
            ({"size": lambda g: np.abs(g).max()}, "|g|₁ is the SUM of the sizes, not the largest"),
            ({"size": lambda g: math.sqrt((g**2).sum())},
             "you stop on the Euclidean length; |g|₁ is the sum of the sizes"),
            ({"size": lambda g: math.inf}, "you never look at the tolerance"),
        ]:  # fmt: skip
            with np.errstate(all="ignore"):
                other, other_steps = walk(slope, start, alpha, tolerance, limit, **options)
            if close(theta, other, 1e-10) and count == other_steps:
                raise Wrong(what)
        if close(theta, right, 1e-10):
            raise Wrong(
                f"theta is right, but it took {steps} steps and you counted {count:g}; count only "
                "moves, not looks"
            )
        beyond = right - alpha * slope(right)
        if close(theta, beyond, 1e-10):
            raise Wrong("you took one step too many: look at the slope before you move")
        raise Wrong(
            f"from {start} with α={alpha} the walk ends at {right.round(5)} after {steps} steps; "
            f"yours at {theta.round(5)} after {count:g}"
        )


def call_on_itself(function, gradient, start, alpha, tolerance, limit):
    """As `call`, but on the array itself, so that a change of it can be seen."""
    box = []

    def run():
        try:
            box.append(function(gradient, start, alpha, tolerance, limit))
        except Endless as error:
            box.append(error)
            return box
        return box[0]

    if not callable(function):
        return call(function)
    try:
        result = run()
    except Exception:
        return call(function, gradient, start, alpha, tolerance, limit)
    if result is box:
        raise box[0]
    return call(lambda: result)


@exercise("2.4")
def squeezed(answer):
    """The largest and best learning rate in f(3x, y), and the rate."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise Wrong("give three numbers: largest, best, best_rate")
    try:
        largest, best, rate = (float(array(part, ())) for part in answer)
    except Wrong:
        raise Wrong("give three numbers: largest, best, best_rate") from None

    def near(a, b):
        return math.isclose(a, b, rel_tol=5e-3)

    if near(largest, 2 / 3):
        raise Wrong("you multiplied the curvature by 3. Differentiating f(3x, y) twice brings the "
                    "3 down twice.")  # fmt: skip
    if near(largest, 2 / 4):
        raise Wrong("α = 0.5 makes the x axis blow up: its curvature is no longer 1")
    if near(largest, 18) or near(largest, 2 / (1 / 9)) or near(largest, 2):
        raise Wrong("f(3x, y) is narrower along x, so its curvature there grows; yours did not")
    if near(largest, 1 / 9):
        raise Wrong("1/9 finishes the steep axis in one step; it arrives up to twice that, where "
                    "|1 - 9α| = 1")  # fmt: skip
    if not near(largest, 2 / 9):
        raise Wrong(f"largest = {largest:.4g} is off: the steepest curvature λ allows α < 2/λ")
    if near(best, 1 / 9):
        raise Wrong("α = 1/9 finishes the steep axis in one step, but then y is slower. Look for "
                    "the corner.")  # fmt: skip
    if near(best, 1 / 4):
        raise Wrong("α = 1/4 finishes the y axis in one step, but it is beyond 2/9: x flies away")
    if near(best, 2 / 5):
        raise Wrong("2/5 was best for the curvatures 1 and 4; now they are 9 and 4")
    if not near(best, 2 / 13):
        raise Wrong(f"best = {best:.4g} is not the corner, where 9α - 1 = 1 - 4α")
    if near(rate, -5 / 13):
        raise Wrong("the rate is a size, so it is positive")
    if near(rate, 8 / 13):
        raise Wrong("8/13 is what a step takes away; the rate is what it leaves")
    if not near(rate, 5 / 13):
        raise Wrong(f"best_rate = {rate:.4g} is off: put your best α into |1 - 4α|")


@exercise("2.5")
def adam_changes(answer):
    """Adam on random gradients, for two sets of constants."""
    rng = np.random.default_rng(25)
    for alpha, beta_1, beta_2, epsilon in [(0.1, 0.9, 0.99, 1e-3), (2.0, 0.5, 0.8, 0.1)]:
        gradients = rng.normal(size=(6, 3)) * np.array([0.1, 1.0, 10.0])

        def adam(correct=(True, True), inside=False, start=1, betas=None, root=True, square=True,
                 settings=(gradients, alpha, beta_1, beta_2, epsilon)):  # fmt: skip
            gradients, alpha, beta_1, beta_2, epsilon = settings
            b1, b2 = betas or (beta_1, beta_2)
            m, v, changes = np.zeros(3), np.zeros(3), []
            for k, g in enumerate(gradients, start=start):
                m = b1 * m + (1 - b1) * g
                v = b2 * v + (1 - b2) * (g**2 if square else g)
                top = m / (1 - b1**k) if correct[0] else m
                under = v / (1 - b2**k) if correct[1] else v
                if inside:
                    changes.append(alpha * top / np.sqrt(under + epsilon))
                else:
                    changes.append(alpha * top / ((np.sqrt(under) if root else under) + epsilon))
            return np.array(changes)

        right = adam()
        with np.errstate(all="ignore"):
            result = call(answer, gradients, alpha, beta_1, beta_2, epsilon)
        result = array(result, None, "the changes").astype(float)
        if result.shape == right.shape[1:]:
            raise Wrong("give back a row for EACH step, shape (K, P); you gave only one")
        array(result, right.shape, "the changes")
        if close(result, right):
            continue
        with np.errstate(all="ignore"):
            for value, what in [
                (-right, "the sign: give what is SUBTRACTED from θ"),
                (right / alpha, "α is missing"),
                (adam(correct=(False, False)),
                 "the corrections are missing: divide m by 1 - β₁ᵏ and v by 1 - β₂ᵏ"),
                (adam(correct=(True, False)), "v is not corrected: divide it by 1 - β₂ᵏ"),
                (adam(correct=(False, True)), "m is not corrected: divide it by 1 - β₁ᵏ"),
                (adam(inside=True), "ε stands beside the root, not under it"),
                (adam(start=2), "k counts from 1; your first step has k = 2"),
                (adam(betas=(beta_2, beta_1)), "β₁ and β₂ are swapped: β₁ belongs to m"),
                (adam(root=False), "take the root of v before you divide"),
                (np.cumsum(right, axis=0), "give the change of each step, not their running sum"),
            ]:  # fmt: skip
                if close(result, value):
                    raise Wrong(what)
        if not np.isfinite(result).all():
            if np.isfinite(result[1:]).all():
                raise Wrong("the first step is not finite: with k = 0, 1 - βᵏ is 0. Count from 1.")
            raise Wrong("some changes are not finite; v must be the mean of g SQUARED")
        bad = int(np.flatnonzero(~np.isclose(result, right).all(axis=1))[0])
        if bad == 0:
            raise Wrong("the first change is off; after one step the corrected m is g, and the "
                        "corrected v is g²")  # fmt: skip
        raise Wrong(f"step {bad + 1} is the first that is off; do m and v carry over from step to "
                    "step?")  # fmt: skip


@exercise("2.6")
def my_batch_gradient(answer):
    """The gradient of the mean squared error of a line over some rows."""
    rng = np.random.default_rng(26)
    for N, B in [(20, 5), (9, 3), (50, 16)]:
        x, t = rng.normal(size=(2, N)) + 0.5
        theta, rows = rng.normal(size=2), rng.integers(0, N, B)

        def both(rows, x=x, t=t, theta=theta, sign=1, mean=np.mean):
            e = theta[0] * x[rows] + theta[1] - t[rows]
            return 2 * sign * np.array([mean(e * x[rows]), mean(e)])

        right = both(rows)
        result = call(answer, theta, x, t, rows)
        if np.shape(result) == (2, B):
            raise Wrong("you gave a gradient for each example, (2, B); take the mean over them")
        result = array(result, (2,), "the gradient").astype(float)
        if close(result, right):
            continue
        e = theta[0] * x[rows] + theta[1] - t[rows]
        for value, what in [
            (both(slice(None)), "this is the gradient over ALL examples; use x[rows] and t[rows]"),
            (both(rows, mean=np.sum), "you summed; the loss is a MEAN over the batch: divide by B"),
            (right * B / N, "you divided by N; the batch has B = len(rows) examples"),
            (right / 2, "the 2 of the square is missing: the derivative of e² is 2 e"),
            (-right, "the sign: e is w x + b - t, not t - (w x + b)"),
            (right[::-1], "the two slopes are swapped; θ is (w, b)"),
            (np.array([right[1], right[1]]), "∂L/∂w has the factor x: e depends on w through w x"),
            (2 * np.mean(e) * np.array([np.mean(x[rows]), 1]),
             "the mean of a product is not the product of the means: multiply e and x first"),
            (np.array([right[0], right[0]]), "∂L/∂b has no factor x: e depends on b directly"),
        ]:  # fmt: skip
            if close(result, value):
                raise Wrong(what)
        raise Wrong(f"with N = {N} and a batch of {B} you get {result.round(4)}, expected "
                    f"{right.round(4)}")  # fmt: skip
