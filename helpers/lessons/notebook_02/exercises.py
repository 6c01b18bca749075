"""The exercises of notebook 02: right answers, and the mistakes that learners make."""

import math

import numpy as np

from helpers.checks import EXERCISES, Exercise, Wrong, call, members, numbers
from helpers.lessons.notebook_02.walks import valley_gradient

# --- 2.1: the gradient by hand ---

gradient = Exercise("2.1", lambda my_theta: valley_gradient(my_theta), cases=[
    (np.array([1.3, 0.7]),), (np.array([-0.6, 1.9]),), (np.array([0.4, -1.1]),)])


def slopes(x_slope=None, y_slope=None):
    """An answer with another formula for a slope, given x and y."""
    def answer(my_theta):
        x, y = my_theta
        dx, dy = valley_gradient(my_theta)
        return np.array([x_slope(x, y) if x_slope else dx, y_slope(x, y) if y_slope else dy])
    return answer


for diagnosis, formula in [
    ("∂f/∂x is off: x² y² contains x too; its derivative by x is 2 x y²", lambda x, y: 4 * x**3),
    ("∂f/∂x is off: for ∂f/∂x only x moves; y² stays y²", lambda x, y: 4 * x**3 + 4 * x * y),
    ("∂f/∂x is off: x⁴ by x is 4 x³: the power falls by one",
     lambda x, y: 4 * x**4 + 2 * x * y**2),
    ("∂f/∂x is off: x⁴ by x is 4 x³: the 4 comes down as a factor",
     lambda x, y: x**3 + 2 * x * y**2),
    ("∂f/∂x is off: -y² contains no x, so it does not change when x moves",
     lambda x, y: 4 * x**3 + 2 * x * y**2 - 2 * y),
    ("∂f/∂x is off: x² y² by x is 2 x y²: the 2 comes down as a factor",
     lambda x, y: 4 * x**3 + x * y**2),
    ("∂f/∂x is off: the 6 is constant; a slope does not contain it",
     lambda x, y: 4 * x**3 + 2 * x * y**2 + 6),
]:
    gradient.mistake(diagnosis, slopes(x_slope=formula))
for diagnosis, formula in [
    ("∂f/∂y is off: the term -y² is missing", lambda x, y: 2 * x**2 * y + 4 * y**3),
    ("∂f/∂y is off: -y² has a minus, and so has its derivative",
     lambda x, y: 2 * x**2 * y + 2 * y + 4 * y**3),
    ("∂f/∂y is off: x² y² contains y too; its derivative by y is 2 x² y",
     lambda x, y: -2 * y + 4 * y**3),
    ("∂f/∂y is off: x² y² by y is 2 x² y: x² is a factor and stays",
     lambda x, y: 2 * x * y - 2 * y + 4 * y**3),
    ("∂f/∂y is off: y⁴ by y is 4 y³: the power falls by one",
     lambda x, y: 2 * x**2 * y - 2 * y + 4 * y**4),
    ("∂f/∂y is off: y⁴ by y is 4 y³: the 4 comes down as a factor",
     lambda x, y: 2 * x**2 * y - 2 * y + y**3),
    ("∂f/∂y is off: -y² by y is -2 y: the 2 comes down as a factor",
     lambda x, y: 2 * x**2 * y - y + 4 * y**3),
    ("∂f/∂y is off: the 6 is constant; a slope does not contain it",
     lambda x, y: 2 * x**2 * y - 2 * y + 4 * y**3 + 6),
    ("∂f/∂y is off: -y² by y is -2 y: the power falls by one",
     lambda x, y: 2 * x**2 * y - 2 * y**2 + 4 * y**3),
]:
    gradient.mistake(diagnosis, slopes(y_slope=formula))
gradient.mistake("∂f/∂x is off: x² y² by x is 2 x y², a product; you wrote a sum",
                 slopes(x_slope=lambda x, y: 4 * x**3 + 2 * x + y**2))
gradient.mistake("∂f/∂y is off: x² y² by y is 2 x² y, a product; you wrote a sum",
                 slopes(y_slope=lambda x, y: x**2 + 2 * y - 2 * y + 4 * y**3))
gradient.mistake("x² y² by x is 2 x y², and by y it is 2 x² y; you have them the other way round",
                 slopes(lambda x, y: 4 * x**3 + 2 * x**2 * y,
                        lambda x, y: 2 * x * y**2 - 2 * y + 4 * y**3))
gradient.mistake("what is behind the point is cut off: your array holds whole numbers only; make "
                 "it of floats", lambda my_theta: valley_gradient(my_theta).astype(int))
gradient.mistake("the two slopes are swapped: ∂f/∂x comes first",
                 lambda my_theta: valley_gradient(my_theta)[::-1])
gradient.mistake("give back both slopes, in an array of shape (2,), not their sum",
                 lambda my_theta: valley_gradient(my_theta).sum())
gradient.mistake("this is the way down; the gradient is the way up, without the minus",
                 lambda my_theta: -valley_gradient(my_theta))


@gradient.mistake("this is f itself; the gradient is made of its slopes")
def height(my_theta):
    x, y = my_theta
    return x**4 + x**2 * y**2 - y**2 + y**4 + 6


@gradient.told("you changed `my_theta`")
def overwritten(my_theta):
    my_theta[:] = valley_gradient(my_theta)
    return my_theta


@gradient.told("right to about 3 digits only")
def one_sided(my_theta):
    steps = 5e-4 * np.eye(2)
    return np.array([height(my_theta + step) - height(my_theta) for step in steps]) / 5e-4


# --- 2.2: the curvature from three heights ---


def bend(f, x, h):
    return f(x + h) - 2 * f(x) + f(x - h)


def hill(x):
    return x**4 + x**2


def slide(x):
    return x**3 - 5 * x + 2


curvature = Exercise("2.2", lambda my_f, my_x, my_h: bend(my_f, my_x, my_h) / my_h**2, cases=[
    (hill, 0.7, 1e-3), (slide, 1.3, 2e-3), (math.exp, 0.4, 1e-3), (hill, -1.1, 3e-4),
    (slide, -0.9, 1e-3)],
    tolerance=1e-4)
for diagnosis, formula in [
    ("this is h² f''; divide by h²", lambda f, x, h: bend(f, x, h)),
    ("this is h f''; divide by h²", lambda f, x, h: bend(f, x, h) / h),
    ("2h is for the slope; here the sum of both sides leaves h² f''",
     lambda f, x, h: bend(f, x, h) / (2 * h)),
    ("divided by (2h)²; the sum of both sides leaves h² f''",
     lambda f, x, h: bend(f, x, h) / (2 * h) ** 2),
    ("half of it: h² f'' / 2 stands in the formula of EACH side",
     lambda f, x, h: bend(f, x, h) / (2 * h**2)),
    ("divided by h³; the sum of both sides leaves h² f''", lambda f, x, h: bend(f, x, h) / h**3),
    ("this is the curvature at x + h: put x in the middle, h to both sides",
     lambda f, x, h: (f(x + 2 * h) - 2 * f(x + h) + f(x)) / h**2),
    ("this is twice the curvature: a half from each side makes one h² f''",
     lambda f, x, h: 2 * bend(f, x, h) / h**2),
    ("`/ h * 2` and `/ h ** 2` differ: a square has two stars",
     lambda f, x, h: bend(f, x, h) / h * 2),
    ("this is the curvature at x - h: put x in the middle, h to both sides",
     lambda f, x, h: (f(x - 2 * h) - 2 * f(x - h) + f(x)) / h**2),
    ("with steps of 2h to both sides (2h)² f'' is left; take steps of h, or divide by (2h)²",
     lambda f, x, h: bend(f, x, 2 * h) / h**2),
    ("multiplied by h²; divide by it", lambda f, x, h: bend(f, x, h) * h**2),
    ("`/ 2 * h**2` multiplies by h²; write / h**2", lambda f, x, h: bend(f, x, h) / 2 * h**2),
    ("this is the slope, squared; the curvature is how the slope CHANGES",
     lambda f, x, h: ((f(x + h) - f(x - h)) / (2 * h)) ** 2),
    ("this is the slope f', by central differences",
     lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h)),
    ("this is the slope f', by forward differences", lambda f, x, h: (f(x + h) - f(x)) / h),
    ("the slopes f' cancel only if both sides are added: f(x + h) + f(x - h)",
     lambda f, x, h: (f(x + h) - 2 * f(x) - f(x - h)) / h**2),
    ("subtract f(x) twice: both sides contain it",
     lambda f, x, h: (f(x + h) - f(x) + f(x - h)) / h**2),
    ("f(x) has to cancel: subtract 2 f(x)", lambda f, x, h: (f(x + h) + f(x - h)) / h**2),
    ("f(x) has to cancel: subtract 2 f(x), do not add it",
     lambda f, x, h: (f(x + h) + 2 * f(x) + f(x - h)) / h**2),
    ("the sign is turned round: a bowl has a positive curvature",
     lambda f, x, h: -bend(f, x, h) / h**2),
    ("brackets are missing: only the last height is divided by h²",
     lambda f, x, h: f(x + h) - 2 * f(x) + f(x - h) / h**2),
    ("a curvature has a sign: on a ridge, where the slope falls, it is negative",
     lambda f, x, h: abs(bend(f, x, h)) / h**2),
]:
    curvature.mistake(diagnosis, formula)


# --- 2.3: the loop ---


class Endless(BaseException):
    """The learner's loop went on beyond its limit. Not an Exception, so that `call` lets it by."""


def round_bowl(theta):
    return 2.0 * theta


def long_bowl(theta):
    return np.array([1.0, 4.0]) * theta


def run_descent(answer, my_slope, my_start, my_alpha, my_tolerance, my_limit):
    """What a loop returns: the last theta and the number of steps."""
    calls = [0]

    def counted(theta):
        calls[0] += 1
        if calls[0] > 3 * my_limit + 10:
            raise Endless
        return my_slope(np.asarray(theta, dtype=float))

    try:
        result = call(answer, counted, my_start, my_alpha, my_tolerance, my_limit)
    except Endless:
        raise Wrong(f"your loop goes on and on; after my_limit = {my_limit} steps it must stop, "
                    "wherever it is") from None
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong("give back two things: theta, steps")
    theta, steps = result
    if np.shape(steps) != () or numbers(steps) is None:
        raise Wrong("the number of steps comes second: theta, steps")
    return {"theta": theta, "(theta, steps)": [*np.ravel(theta), steps]}


def walk(my_slope, my_start, my_alpha, my_tolerance, my_limit, sign=-1.0, below=np.less_equal,
         size=lambda g: np.abs(g).sum(), count=0):
    theta = np.array(my_start, dtype=float)
    for step in range(my_limit):
        g = my_slope(theta)
        if below(size(g), my_tolerance):
            return theta, step + count
        theta = theta + sign * my_alpha * g
    return theta, my_limit


descent = Exercise("2.3", walk, probe=run_descent, tolerance=1e-5, cases=[
    (round_bowl, np.array([3.0, 2.0]), 0.2, 1e-6, 1000),
    (long_bowl, np.array([4.0, -1.0]), 0.1, 1e-5, 1000),  # the slopes cancel: 4 and -4
    (valley_gradient, np.array([1.0, 1.0]), 0.1, 1e-5, 1000),
    (valley_gradient, np.array([-0.5, -0.2]), 0.05, 1e-5, 7),  # ends at the limit
    (round_bowl, np.array([0.25, -0.125]), 0.25, 0.75, 50),  # level enough at once, exactly
    (round_bowl, np.array([0.25, -0.125]), 0.25, 0.8, 50),  # and more than enough
    (round_bowl, np.array([1.0, -0.9]), 0.01, 0.9, 300),  # each measure of g stops elsewhere
])
for diagnosis, options in [
    ("you walk uphill: subtract α times the gradient", {"sign": 1.0}),
    ("you stop on |Σ g|: slopes of opposite sign cancel; take np.abs before the sum",
     {"size": lambda g: abs(g.sum())}),
    ("you stop on Σ g without sizes: negative slopes look like level ground",
     {"size": lambda g: g.sum()}),
    ("|g|₁ is the SUM of the sizes, not the largest", {"size": lambda g: np.abs(g).max()}),
    ("|g|₁ is the SUM of the sizes, not their mean", {"size": lambda g: np.abs(g).mean()}),
    ("|g|₁ is the SUM of the sizes; with .any() one small slope is enough to stop",
     {"size": lambda g: np.abs(g).min()}),
    ("you stop on the Euclidean length; |g|₁ is the sum of the sizes",
     {"size": lambda g: np.linalg.norm(g)}),
    ("you stop on the squared length; |g|₁ is the sum of the sizes", {"size": lambda g: g @ g}),
    ("you never stop at the tolerance: is it compared with the SUM of the sizes of g?",
     {"size": lambda g: math.inf}),
    ("stop when |g|₁ ≤ tolerance: a slope of exactly the tolerance is level enough",
     {"below": np.less}),
    ("theta is right, but you count one step too many: count moves, not looks", {"count": 1}),
    ("theta is right, but you count one step too few", {"count": -1}),
    ("you stop when the ground is still steep: the comparison is turned round",
     {"below": np.greater}),
]:
    descent.mistake(diagnosis, lambda *case, options=options: walk(*case, **options))


@descent.mistake("you took one step too many: look at the slope before you move")
def late(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta, steps = walk(my_slope, my_start, my_alpha, my_tolerance, my_limit)
    return (theta, steps) if steps == my_limit else (theta - my_alpha * my_slope(theta), steps + 1)


@descent.mistake("y is moved by a slope that was measured after x had moved: compute both slopes "
                 "first, then move")
def one_after_the_other(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta = np.array(my_start, dtype=float)
    for step in range(my_limit):
        if np.abs(my_slope(theta)).sum() <= my_tolerance:
            return theta, step
        theta[0] -= my_alpha * my_slope(theta)[0]
        theta[1] -= my_alpha * my_slope(theta)[1]
    return theta, my_limit


@descent.mistake("you give back theta after the first step: a `return` stands inside the loop that "
                 "should stand behind it")
def once(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(my_slope, my_start, my_alpha, my_tolerance, 1)


@descent.mistake("the limit counts steps, and you stop one step before it")
def early(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(my_slope, my_start, my_alpha, my_tolerance, my_limit - 1)


@descent.mistake("you move before you look; where the start is level enough, no step is due")
def move_first(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    first = my_start - my_alpha * my_slope(my_start)
    theta, steps = walk(my_slope, first, my_alpha, my_tolerance, my_limit - 1)
    return theta, steps + 1


@descent.mistake("you go one step beyond the limit: after my_limit steps it is over")
def beyond(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(my_slope, my_start, my_alpha, my_tolerance, my_limit + 1)


@descent.mistake("theta is right, but at the limit you count one step too few: there the loop's "
                 "own counter is one behind, so return my_limit")
def behind(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta, steps = walk(my_slope, my_start, my_alpha, my_tolerance, my_limit)
    return theta, min(steps, my_limit - 1)


@descent.mistake("give back the LAST theta, not the whole path")
def whole_path(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    path, steps = [my_start], walk(my_slope, my_start, my_alpha, my_tolerance, my_limit)[1]
    for _ in range(steps):
        path.append(path[-1] - my_alpha * my_slope(path[-1]))
    return path, steps


@descent.mistake("you compare the length of the STEP with the tolerance; it is |g|₁ that has to be "
                 "small")
def short_steps(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(my_slope, my_start, my_alpha, my_tolerance / my_alpha, my_limit)


@descent.mistake("theta starts as whole numbers: copy with np.array(my_start, dtype=float)")
def whole_numbers(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(my_slope, my_start.astype(int), my_alpha, my_tolerance, my_limit)


@descent.mistake("your step has the same length everywhere; the formula does not divide by |g|")
def normalized(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(lambda theta: (g := my_slope(theta)) / max(np.abs(g).sum(), 1e-300), my_start,
                my_alpha, my_tolerance, my_limit)


@descent.mistake("you take every slope at the start; measure it again where you are")
def stale(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    return walk(lambda theta: my_slope(np.array(my_start)), my_start, my_alpha, my_tolerance,
                my_limit)


@descent.told("you changed `my_start`")
def in_place(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta = my_start
    for step in range(my_limit):
        g = my_slope(theta)
        if np.abs(g).sum() <= my_tolerance:
            return theta, step
        theta -= my_alpha * g
    return theta, my_limit


@descent.mistake("your loop ends only when the ground is level AND the limit is reached; either "
                 "is enough: `while … and …`")
def both(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta, steps = np.array(my_start), 0
    while np.abs(my_slope(theta)).sum() > my_tolerance or steps < my_limit:
        theta, steps = theta - my_alpha * my_slope(theta), steps + 1
    return theta, steps


@descent.told("your loop goes on and on; after my_limit")
def endless(my_slope, my_start, my_alpha, my_tolerance, my_limit):
    theta = np.array(my_start)
    while np.abs(my_slope(theta)).sum() > 0:
        theta = theta - my_alpha * my_slope(theta)
    return theta, my_limit


descent.told("give back two things", lambda *case: walk(*case)[0][0])
descent.told("the number of steps comes second", lambda *case: walk(*case)[::-1])


# --- 2.4 and 2.5: numbers ---



def known_numbers(number):
    """A probe for numbers that may be rounded to two digits: each is taken for the one it means."""

    def probe(answer):
        exercise = EXERCISES[number]
        wanted = [exercise.right, *(mistake for _, mistake in exercise.mistakes)]
        given = members(answer, exercise.parts)
        return [meant(value, [known[i] for known in wanted]) for i, value in enumerate(given)]

    return probe


def meant(value, known):
    """The first of the known numbers that `value` is, rounded or cut off after 2 digits or more."""
    x = numbers(value)
    if x is None or x.size != 1:
        return value
    x = float(x.reshape(()))
    for number in known:
        for digits in range(2, 7):
            unit = 10.0 ** (math.floor(math.log10(abs(number))) - digits + 1)
            if any(math.isclose(x, cut(number / unit) * unit) for cut in (round, math.trunc)):
                return number
    return x


squeezed = Exercise("2.4", (2 / 9, 2 / 13, 5 / 13), probe=known_numbers("2.4"),
                    parts=("my_largest", "my_best", "my_factor"))
for diagnosis, answer in [
    ("1/2 is the limit of y; along x the curvature is 9, and its limit is smaller",
     (1 / 2, 2 / 13, 5 / 13)),
    ("9/13 is what 1/13 leaves along y; the best α is 2/13, and my_factor is |1 - 9α| there",
     (2 / 9, 2 / 13, 9 / 13)),
    ("you multiplied the curvature by 3. Differentiating f(3x, y) twice brings the 3 down twice.",
     (1 / 2, 2 / 7, 1 / 7)),
    ("2/3 would be the limit of a curvature of 3. Differentiating f(3x, y) twice brings the 3 down "
     "twice, and the largest α is the one that BOTH axes allow.", (2 / 3, 2 / 7, 1 / 7)),
    ("α = 0.5 makes the x axis blow up: its curvature is no longer 1", (1 / 2, 2 / 5, 3 / 5)),
    ("f(3x, y) is narrower along x, so its curvature there grows; yours fell",
     (1 / 2, 18 / 37, 35 / 37)),
    ("1/9 finishes the steep axis in one step; it arrives up to twice that, where |1 - 9α| = 1",
     (1 / 9, 1 / 13, 9 / 13)),
    ("2 is the limit of a curvature of 1: f(3x, y) has 9 along x", (2, 2 / 13, 5 / 13)),
    ("α = 1/9 finishes the steep axis in one step, but then y is slower. Look for the corner.",
     (2 / 9, 1 / 9, 5 / 9)),
    ("α = 1/4 finishes the y axis in one step, but it is beyond 2/9: x flies away",
     (2 / 9, 1 / 4, 5 / 4)),
    ("2/5 was best for the curvatures 1 and 4; now they are 9 and 4", (2 / 9, 2 / 5, 13 / 5)),
    ("1/13 is half the way to the corner: 9α - 1 = 1 - 4α gives α = 2/13", (2 / 9, 1 / 13, 9 / 13)),
    ("my_factor is a size, so it is positive", (2 / 9, 2 / 13, -5 / 13)),
    ("8/13 is what a step takes away; my_factor is what it leaves", (2 / 9, 2 / 13, 8 / 13)),
    ("1/4 is where y arrives in one step; the limit of y is 1/2, and that of x is smaller: 2/9",
     (1 / 4, 2 / 13, 5 / 13)),
    ("3/5 was the factor of the curvatures 1 and 4; now they are 9 and 4", (2 / 9, 2 / 13, 3 / 5)),
    ("the best α is not half-way between 1/9 and 1/4: look for the corner, 9α - 1 = 1 - 4α",
     (2 / 9, 13 / 72, 5 / 8)),
    ("9/4 is the new κ; the factor is (κ - 1)/(κ + 1)", (2 / 9, 2 / 13, 9 / 4)),
]:
    squeezed.mistake(diagnosis, answer)
squeezed.told("should be numbers", ("2/9", "2/13", "5/13"))
squeezed.told("give 3 things", (2 / 9, 2 / 13))

ball = Exercise("2.5", (1 / 36, 4 / 9, 2 / 3), probe=known_numbers("2.5"),
                parts=("ball_alpha", "ball_beta", "ball_factor"))
for diagnosis, answer in [
    ("these are the numbers of the curvatures 1 and 25; κ is the same, but α has to shrink as the "
     "curvatures grow", (1 / 9, 4 / 9, 2 / 3)),
    ("2/104 is the best α without momentum; with it, the corner moved", (2 / 104, 4 / 9, 2 / 3)),
    ("2/3 is √β; square it", (1 / 36, 2 / 3, 2 / 3)),
    ("(κ - 1)/(κ + 1) is the rate without momentum; with it, √κ takes the place of κ",
     (1 / 36, 4 / 9, 12 / 13)),
    ("4/9 is β; a step shrinks the distance by √β", (1 / 36, 4 / 9, 4 / 9)),
    ("you took κ = 100, the larger curvature; κ is the ratio of the two",
     (1 / 36, 81 / 121, 9 / 11)),
    ("you took κ for √κ in β: √β = (√κ - 1)/(√κ + 1)", (1 / 36, 144 / 169, 12 / 13)),
    ("α is a square: √α = 2/(√4 + √100)", (1 / 6, 4 / 9, 2 / 3)),
    ("√α = 2/(√4 + √100): you added the curvatures, not their roots", (4 / 104**2, 4 / 9, 2 / 3)),
    ("√α = 2/(√4 + √100) has a 2 above: both axes count", (1 / 144, 4 / 9, 2 / 3)),
    ("4/12 misses the square below: α = 4/(√4 + √100)²", (4 / 12, 4 / 9, 2 / 3)),
    ("2/100 is the largest α without momentum; with it, α = 4/(√4 + √100)²",
     (2 / 100, 4 / 9, 2 / 3)),
    ("12/13 has κ for √κ, and is √β, not β", (1 / 36, 12 / 13, 2 / 3)),
    ("0.9 is the guess for a κ that nobody knows; here it is known", (1 / 36, 0.9, 0.9**0.5)),
    ("the factor is the ROOT of β, not its square", (1 / 36, 4 / 9, 16 / 81)),
    ("2/3 is the factor already; no further root", (1 / 36, 4 / 9, (2 / 3) ** 0.5)),
    ("1/3 is what a step takes away; ball_factor is what it leaves", (1 / 36, 4 / 9, 1 / 3)),
]:
    ball.mistake(diagnosis, answer)


# --- 2.6: Adam ---


def adam(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon, correct=(True, True), first=1,
         power=lambda beta, k: beta**k, square=np.square, under=None, new=(None, None),
         start=None, swap=False, above=lambda m, lacks, g: m / lacks, after=None):
    """The changes of Adam, with one thing or another done differently."""
    m, v = np.zeros((2, *my_slopes.shape[1:]))
    if start == "first slope":
        m, v = my_slopes[0], my_slopes[0] ** 2
    under = under or (lambda v, epsilon: np.sqrt(v) + epsilon)
    changes = []
    for k, g in enumerate(my_slopes, start=first):
        m = my_beta_1 * m + (1 - my_beta_1 if new[0] is None else new[0]) * g
        v = my_beta_2 * v + (1 - my_beta_2 if new[1] is None else new[1]) * square(g)
        lacks = [1 - power(my_beta_1, k), 1 - power(my_beta_2, k)]
        lacks = lacks[::-1] if swap else lacks
        numerator = above(m, lacks[0], g) if correct[0] else m
        below = v / lacks[1] if correct[1] else v
        if after is None:
            changes.append(my_alpha * numerator / under(below, my_epsilon))
        else:
            changes.append(after(my_alpha * numerator, v, lacks[1], my_epsilon))
    return np.array(changes)


RNG = np.random.default_rng(25)
changes = Exercise("2.6", lambda my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon: adam(
    my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon), cases=[
    (RNG.normal(size=(7, 3)) * np.array([0.1, 1.0, 10.0]), 0.3, 0.9, 0.99, 1e-3),
    (RNG.normal(size=(5, 4)), 2.0, 0.4, 0.8, 0.1),
    (RNG.normal(size=(1, 2)), 0.01, 0.95, 0.999, 1e-8)])
for diagnosis, options in [
    ("the corrections are missing: divide m by 1 - β₁ᵏ and v by 1 - β₂ᵏ",
     {"correct": (False, False)}),
    ("v is not corrected: divide it by 1 - β₂ᵏ", {"correct": (True, False)}),
    ("m is not corrected: divide it by 1 - β₁ᵏ", {"correct": (False, True)}),
    ("ε stands beside the root, not under it", {"under": lambda v, e: np.sqrt(v + e)}),
    ("ε is missing below the fraction", {"under": lambda v, e: np.sqrt(v)}),
    ("take the root of v before you divide", {"under": lambda v, e: v + e}),
    ("`** 1/2` is the first power, halved; write ** 0.5 or np.sqrt",
     {"under": lambda v, e: v / 2 + e}),
    ("(1 - β)ᵏ is not 1 - βᵏ: the power belongs to β alone",
     {"power": lambda beta, k: 1 - (1 - beta) ** k}),
    ("each direction has its own v: square g entry by entry, without a sum",
     {"square": lambda g: np.full_like(g, g @ g)}),
    ("k counts from 1; your first step has k = 2", {"first": 2}),
    ("k counts from 1: in the first step 1 - βᵏ was 0, and dividing by it gave NaN", {"first": 0}),
    ("you wrote β k where βᵏ is meant: a power has two stars",
     {"power": lambda beta, k: beta * k}),
    ("the corrections divide by 1 - β in every step: k is missing",
     {"power": lambda beta, k: beta}),
    ("v is the mean of g SQUARED", {"square": lambda g: g}),
    ("v is the mean of g squared, not of its size", {"square": np.abs}),
    ("m misses its 1 - β₁: a mean takes β₁ of the old and 1 - β₁ of the new", {"new": (1.0, None)}),
    ("v misses its 1 - β₂: a mean takes β₂ of the old and 1 - β₂ of the new", {"new": (None, 1.0)}),
    ("m and v start at 0, not at the first slope", {"start": "first slope"}),
    ("the corrections are swapped: 1 - β₁ᵏ belongs to m, 1 - β₂ᵏ to v", {"swap": True}),
    ("the correction of m DIVIDES by 1 - β₁ᵏ", {"above": lambda m, lacks, g: m * lacks}),
    ("both corrections DIVIDE, by 1 - β₁ᵏ and 1 - β₂ᵏ",
     {"above": lambda m, lacks, g: m * lacks,
      "after": lambda top, v, lacks, e: top / (np.sqrt(v * lacks) + e)}),
    ("the numerator is the mean m, not the slope g itself", {"above": lambda m, lacks, g: g}),
    ("brackets are missing: ε belongs below the fraction, to the root",
     {"after": lambda top, v, lacks, e: top / np.sqrt(v / lacks) + e}),
    ("v is corrected outside the root; divide v by 1 - β₂ᵏ first, then take the root",
     {"after": lambda top, v, lacks, e: top / (np.sqrt(v) / lacks + e)}),
    ("ε is added to the root of the UNCORRECTED v; correct v first",
     {"after": lambda top, v, lacks, e: top * np.sqrt(lacks) / (np.sqrt(v) + e)}),
]:
    changes.mistake(diagnosis, lambda *case, options=options: adam(*case, **options))
changes.mistake("β keeps the OLD mean: β m + (1 - β) g; you have them the other way round",
                lambda s, a, b, c, e: other_way(s, a, b, c, e))
changes.mistake("brackets are missing: m / 1 - β₁ᵏ is m, minus β₁ᵏ",
                lambda *case: adam(*case, above=lambda m, lacks, g: m - (1 - lacks)))
changes.mistake("your rows come one step late: let g into m and v first, then compute the change",
                lambda *case: late_rows(*case))
changes.mistake("α is missing", lambda s, a, b, c, e: adam(s, 1.0, b, c, e))
changes.mistake("the sign: give what is SUBTRACTED from θ", lambda *case: -adam(*case))
changes.mistake("β₁ and β₂ are swapped: β₁ belongs to m", lambda s, a, b, c, e: adam(s, a, c, b, e))
changes.mistake("give the change of each step, not their running sum",
                lambda *case: np.cumsum(adam(*case), axis=0))
changes.mistake("this is where θ went; give back the change of each step",
                lambda *case: -np.cumsum(adam(*case), axis=0))
changes.mistake("give back a row for EACH step, shape (K, P); you gave only the last",
                lambda *case: adam(*case)[-1])
changes.mistake("all rows are the last one: you put ONE array into your list again and again, and "
                "each step overwrote it; put in a copy",
                lambda *case: np.repeat(adam(*case)[-1:], len(case[0]), axis=0))
changes.mistake("a row is a step; you went through the columns",
                lambda slopes, *settings: adam(slopes.T, *settings).T)


@changes.mistake("m and v are ONE array, and writing into one changes the other: make two, with "
                 "two calls of np.zeros")
def one_array(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    m = v = np.zeros(my_slopes.shape[1])
    rows = []
    for k, g in enumerate(my_slopes, start=1):
        m *= my_beta_1
        m += (1 - my_beta_1) * g
        v *= my_beta_2
        v += (1 - my_beta_2) * g**2
        rows.append(my_alpha * (m / (1 - my_beta_1**k)) / (np.sqrt(v / (1 - my_beta_2**k))
                                                           + my_epsilon))
    return np.array(rows)


@changes.mistake("the corrected m and v go into the next step: keep the uncorrected ones, and "
                 "correct a copy")
def kept(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    m, v = np.zeros((2, my_slopes.shape[1]))
    rows = []
    for k, g in enumerate(my_slopes, start=1):
        m = (my_beta_1 * m + (1 - my_beta_1) * g) / (1 - my_beta_1**k)
        v = (my_beta_2 * v + (1 - my_beta_2) * g**2) / (1 - my_beta_2**k)
        rows.append(my_alpha * m / (np.sqrt(v) + my_epsilon))
    return np.array(rows)


def other_way(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    """Adam with β and 1 - β exchanged in both means, not in the corrections."""
    powers = {1 - my_beta_1: my_beta_1, 1 - my_beta_2: my_beta_2}
    return adam(my_slopes, my_alpha, 1 - my_beta_1, 1 - my_beta_2, my_epsilon,
                power=lambda beta, k: powers[beta] ** k)


def late_rows(my_slopes, my_alpha, my_beta_1, my_beta_2, my_epsilon):
    """Each row from the means before its own slope, with its own correction."""
    m, v = np.zeros((2, my_slopes.shape[1]))
    rows = []
    for k, g in enumerate(my_slopes, start=1):
        below = np.sqrt(v / (1 - my_beta_2**k)) + my_epsilon
        rows.append(my_alpha * m / (1 - my_beta_1**k) / below)
        m, v = my_beta_1 * m + (1 - my_beta_1) * g, my_beta_2 * v + (1 - my_beta_2) * g**2
    return np.array(rows)


@changes.mistake("m and v are made anew in every step: make them before the loop")
def forgetful(my_slopes, *settings):
    return np.array([adam(g[None], *settings)[0] for g in my_slopes])


# --- 2.7: the gradient of a batch ---


def batch(my_theta, my_s, my_t, my_rows, sign=1, mean=np.mean, factor=2, each=False):
    e = my_theta[0] * my_s[my_rows] + my_theta[1] - my_t[my_rows]
    both = np.stack([e * my_s[my_rows], e])
    return factor * sign * (both if each else np.array([mean(row) for row in both]))


def points(n, size, seed):
    """Theta, n points and the rows of a batch, one of which comes twice."""
    rng = np.random.default_rng(seed)
    s, t = rng.normal(size=(2, n)) + 0.5
    rows = rng.choice(n, size, replace=False)
    rows[-1] = rows[0]
    return rng.normal(size=2).round(2), s, t, rows


def plain_batch(my_theta, my_s, my_t, my_rows):
    return batch(my_theta, my_s, my_t, my_rows)


batches = Exercise("2.7", plain_batch, cases=[points(20, 5, 0), points(9, 3, 1), points(50, 16, 2)])
for diagnosis, options in [
    ("you summed; the loss is a MEAN over the batch: divide by B", {"mean": np.sum}),
    ("the 2 of the square is missing: the derivative of e² is 2 e", {"factor": 1}),
    ("the sign: e is w s + b - t, not t - (w s + b)", {"sign": -1}),
    ("you gave a gradient for each example, (2, B); take the mean over them", {"each": True}),
]:
    batches.mistake(diagnosis, lambda *case, options=options: batch(*case, **options))
for diagnosis, answer in [
    ("this is the gradient over ALL examples; use my_s[my_rows] and my_t[my_rows]",
     lambda theta, s, t, rows: batch(theta, s, t, slice(None))),
    ("you divided by N; the batch has B = len(my_rows) examples",
     lambda theta, s, t, rows: batch(theta, s, t, rows) * len(rows) / len(s)),
    ("a row may come twice, and then it counts twice: use my_rows as they are",
     lambda theta, s, t, rows: batch(theta, s, t, np.unique(rows))),
    ("these are the first B examples: my_rows says WHICH examples",
     lambda theta, s, t, rows: batch(theta, s, t, slice(len(rows)))),
    ("divide by B, not by B - 1: the loss is the mean over the batch",
     lambda theta, s, t, rows: batch(theta, s, t, rows) * len(rows) / (len(rows) - 1)),
    ("the two slopes are swapped; θ is (w, b)",
     lambda theta, s, t, rows: batch(theta, s, t, rows)[::-1]),
    ("∂L/∂w has the factor s: e depends on w through w s",
     lambda theta, s, t, rows: batch(theta, s, t, rows)[[1, 1]]),
    ("∂L/∂b has no factor s: e depends on b directly",
     lambda theta, s, t, rows: batch(theta, s, t, rows)[[0, 0]]),
    ("the offset b is missing in e = w s + b - t",
     lambda theta, s, t, rows: batch(theta * [1, 0], s, t, rows)),
    ("the targets t are missing in e = w s + b - t",
     lambda theta, s, t, rows: batch(theta, s, 0 * t, rows)),
    ("w and b are swapped: θ is (w, b)",
     lambda theta, s, t, rows: batch(theta[::-1], s, t, rows)),
    ("the 2 of the square belongs to both slopes; ∂L/∂b lacks it",
     lambda theta, s, t, rows: batch(theta, s, t, rows) * [1, 0.5]),
    ("the 2 of the square belongs to both slopes; ∂L/∂w lacks it",
     lambda theta, s, t, rows: batch(theta, s, t, rows) * [0.5, 1]),
]:
    batches.mistake(diagnosis, answer)


@batches.mistake("the mean of a product is not the product of the means: multiply e and s first")
def means(my_theta, my_s, my_t, my_rows):
    slope = batch(my_theta, my_s, my_t, my_rows)[1]
    return slope * np.array([np.mean(my_s[my_rows]), 1])


@batches.mistake("e² has the derivative 2 e: its size matters, not only its sign")
def signs(my_theta, my_s, my_t, my_rows):
    e = np.sign(my_theta[0] * my_s[my_rows] + my_theta[1] - my_t[my_rows])
    return np.array([np.mean(e * my_s[my_rows]), np.mean(e)])


@batches.mistake("s counts once: e depends on w through w s, so ∂L/∂w has ONE factor s")
def twice(my_theta, my_s, my_t, my_rows):
    e = my_theta[0] * my_s[my_rows] + my_theta[1] - my_t[my_rows]
    return 2 * np.array([np.mean(e * my_s[my_rows] ** 2), np.mean(e)])


@batches.mistake("this is the loss; give back its two slopes")
def loss(my_theta, my_s, my_t, my_rows):
    return np.mean((my_theta[0] * my_s[my_rows] + my_theta[1] - my_t[my_rows]) ** 2)
