"""Wrong answers to the exercises of notebook 02: (exercise, code, part of the diagnosis)."""

GRADIENT = """
def my_gradient(theta):
    x, y = theta
    return {}
"""
RIGHT_X, RIGHT_Y = "4 * x**3 + 2 * x * y**2", "2 * x**2 * y - 2 * y + 4 * y**3"
CURVATURE = "def curvature(f, x, h=1e-4):\n    return {}"
BEND = "(f(x + h) - 2 * f(x) + f(x - h))"
DESCENT = """
def my_descent(gradient, start, alpha, tolerance, limit):
    theta = np.array(start, dtype=float)
    for step in range(limit):
        g = gradient(theta)
        if {test}:
            return {found}
        theta = theta {sign} alpha * g
    return {ended}
"""


def descent(test="np.abs(g).sum() <= tolerance", found="theta, step", sign="-",
            ended="theta, limit"):  # fmt: skip
    """The code of the loop with one thing changed."""
    return DESCENT.format(test=test, found=found, sign=sign, ended=ended)


IN_PLACE = """
def my_descent(gradient, start, alpha, tolerance, limit):
    theta = start
    for step in range(limit):
        g = gradient(theta)
        if np.abs(g).sum() <= tolerance:
            return theta, step
        theta -= alpha * g
    return theta, limit
"""
ENDLESS = """
def my_descent(gradient, start, alpha, tolerance, limit):
    theta, steps = np.array(start, dtype=float), 0
    while np.abs(gradient(theta)).sum() > 0:
        theta, steps = theta - alpha * gradient(theta), steps + 1
    return theta, steps
"""
LATE = """
def my_descent(gradient, start, alpha, tolerance, limit):
    theta = np.array(start, dtype=float)
    for step in range(limit):
        g = gradient(theta)
        theta = theta - alpha * g
        if np.abs(g).sum() <= tolerance:
            return theta, step + 1
    return theta, limit
"""
ADAM = """
def adam_changes(gradients, alpha, beta_1, beta_2, epsilon):
    m = v = np.zeros(gradients.shape[1])
    changes = []
    for k, g in enumerate(gradients, start={start}):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        changes.append({change})
    return {result}
"""
CHANGE = "alpha * (m / (1 - beta_1**k)) / (np.sqrt(v / (1 - beta_2**k)) + epsilon)"


def adam(change=CHANGE, start=1, result="np.array(changes)"):
    """The code of Adam with one thing changed."""
    return ADAM.format(change=change, start=start, result=result)


BATCH = """
def my_batch_gradient(theta, x, t, rows):
    w, b = theta
    e = {e}
    return {result}
"""
E = "w * x[rows] + b - t[rows]"
MEANS = "np.array([2 * np.mean(e * x[rows]), 2 * np.mean(e)])"
SQUEEZED = "largest, best, best_rate = "

WRONG = [
    ("2.1", GRADIENT.format(f"np.array([{RIGHT_Y}, {RIGHT_X}])"), "are swapped"),
    ("2.1", GRADIENT.format(f"{RIGHT_X} + {RIGHT_Y}"), "give back both slopes"),
    ("2.1", GRADIENT.format(f"np.array([4 * x**3, {RIGHT_Y}])"), "x² y² contains x too"),
    ("2.1", GRADIENT.format(f"np.array([{RIGHT_X}, 2 * x**2 * y + 4 * y**3])"),
     "the term -y² is missing"),
    ("2.1", GRADIENT.format(f"np.array([4 * x**3 + 4 * x * y, {RIGHT_Y}])"), "y² stays y²"),
    ("2.2", CURVATURE.format(f"{BEND} / (2 * h)"), "2h is for the slope"),
    ("2.2", CURVATURE.format(f"{BEND} / h"), "divide by h²"),
    ("2.2", CURVATURE.format("(f(x + h) - f(x - h)) / (2 * h)"), "this is the slope"),
    ("2.2", CURVATURE.format("(f(x + h) - f(x) + f(x - h)) / h**2"), "subtract f(x) twice"),
    ("2.2", CURVATURE.format(f"2 * {BEND} / h**2"), "twice of it"),
    ("2.3", descent(test="abs(g.sum()) <= tolerance"), "opposite sign cancel"),
    ("2.3", descent(sign="+"), "uphill"),
    ("2.3", IN_PLACE, "you changed `start`"),
    ("2.3", ENDLESS, "it must end after limit"),
    ("2.3", LATE, "one step too many"),
    ("2.3", descent(found="theta, step + 1"), "count only moves"),
    ("2.3", descent(found="theta", ended="theta"), "two things"),
    ("2.3", descent(test="np.abs(g).max() <= tolerance"), "not the largest"),
    ("2.4", SQUEEZED + "2 / 3, 2 / 7, 1 / 7", "brings the 3 down twice"),
    ("2.4", SQUEEZED + "2 / 4, 2 / 5, 3 / 5", "makes the x axis blow up"),
    ("2.4", SQUEEZED + "2 / 9, 1 / 9, 5 / 9", "Look for the corner"),
    ("2.4", SQUEEZED + "'2/9', '2/13', '5/13'", "give three numbers"),
    ("2.4", "largest, best, best_rate = 2 / 9, 2 / 13, 8 / 13", "what it leaves"),
    ("2.5", adam("alpha * m / (np.sqrt(v) + epsilon)"), "the corrections are missing"),
    ("2.5", adam("alpha * (m / (1 - beta_1**k)) / np.sqrt(v / (1 - beta_2**k) + epsilon)"),
     "not under it"),
    ("2.5", adam(start=0), "Count from 1"),
    ("2.5", adam(start=2), "counts from 1"),
    ("2.5", adam(result="changes[-1]"), "a row for EACH step"),
    ("2.5", adam("alpha * (m / (1 - beta_1**k)) / (np.sqrt(v) + epsilon)"), "v is not corrected"),
    ("2.6", BATCH.format(e="w * x + b - t", result=MEANS.replace("[rows]", "")), "ALL examples"),
    ("2.6", BATCH.format(e=E, result=MEANS.replace("mean", "sum")), "divide by B"),
    ("2.6", BATCH.format(e=E, result=MEANS.replace("2 * ", "")), "the 2 of the square"),
    ("2.6", BATCH.format(e="t[rows] - w * x[rows] - b", result=MEANS), "the sign"),
    ("2.6", BATCH.format(e=E, result="np.array([2 * np.mean(e), 2 * np.mean(e)])"),
     "has the factor x"),
]  # fmt: skip
