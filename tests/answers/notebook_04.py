"""Wrong answers to the exercises of notebook 04: (exercise, code, part of the diagnosis)."""

EPOCH = """
def my_epoch(x, t, w, b):
    mistakes = 0
    for row, target in zip(x, t):
        y = int(row @ w + b {fires} 0)
        w = w {sign} (target - y) * row
        b = {bias}
        mistakes += int({count})
    return {result}
"""


def epoch(fires=">", sign="+", bias="b + (target - y)", count="y != target",
          result="w, b, mistakes"):  # fmt: skip
    """The code of one epoch with one thing changed."""
    return EPOCH.format(fires=fires, sign=sign, bias=bias, count=count, result=result)


STALE = """
def my_epoch(x, t, w, b):
    y = (x @ w + b > 0).astype(int)
    return w + (t - y) @ x, b + (t - y).sum(), int((t != y).sum())
"""
IN_PLACE = """
def my_epoch(x, t, w, b):
    mistakes = 0
    for row, target in zip(x, t):
        y = int(row @ w + b > 0)
        w += (target - y) * row
        b += target - y
        mistakes += int(y != target)
    return w, b, mistakes
"""
EARLY = """
def my_epoch(x, t, w, b):
    for row, target in zip(x, t):
        y = int(row @ w + b > 0)
        if y != target:
            return w + (target - y) * row, b + (target - y), 1
    return w, b, 0
"""
SCORE = """
def my_epoch(x, t, w, b):
    mistakes = 0
    for row, target in zip(x, t):
        y = row @ w + b
        w = w + (target - y) * row
        b = b + (target - y)
        mistakes += int(y != target)
    return w, b, mistakes
"""
BOUND = """
def novikoff_bound(x, t, w, b):
    v = {rows} * {turn}[:, None]
    theta = {theta}
    gamma = (v @ theta).{smallest}() / {length}
    R = np.linalg.norm({longest}, axis=1).max()
    return {result}
"""


def bound(rows="np.column_stack([x, np.ones(len(x))])", turn="(2 * t - 1)",
          theta="np.append(w, b)", smallest="min", length="np.linalg.norm(theta)", longest="v",
          result="(R / gamma) ** 2 if gamma > 0 else np.inf"):  # fmt: skip
    """The code of the bound with one thing changed."""
    return BOUND.format(rows=rows, turn=turn, theta=theta, smallest=smallest, length=length,
                        longest=longest, result=result)  # fmt: skip


PARITY = "W, b, v, c = "
SWITCH = "def multiplexer(nand, a, b, select):\n    return {}"
ADDS = "weights, bias = "

WRONG = [
    ("4.1", "weights, bias = [1, 1, 1], -2.5", "this is AND"),
    ("4.1", "weights, bias = [1, 1, 1], -0.5", "this is OR"),
    ("4.1", "weights, bias = [1, 1, 1], -2", "this is AND"),
    ("4.1", "weights, bias = [1, 1], -1.5", "3 numbers"),
    ("4.1", "weights, bias = [1, 1, 1], 1.5", "always fires"),
    ("4.1", "weights, bias = [2, 1, 1], -1.5", "your weights differ"),
    ("4.2", STALE, "by the first weights"),
    ("4.2", IN_PLACE, "writes into it"),
    ("4.2", epoch(sign="-"), "change of w"),
    ("4.2", epoch(sign="-", bias="b - (target - y)"), "the sign"),
    ("4.2", epoch(bias="b"), "the bias never learns"),
    ("4.2", epoch(fires=">="), "exactly 0 is silent"),
    ("4.2", epoch(count="y == target"), "counted the rows that were right"),
    ("4.2", epoch(result="w, b"), "three things"),
    ("4.2", SCORE, "you took its score"),
    ("4.2", EARLY, "stopped after the first mistake"),
    ("4.3", bound(result="R / gamma if gamma > 0 else np.inf"), "its square"),
    ("4.3", bound(length="1"), "divide by the length"),
    ("4.3", bound(longest="x"), "the 1 of the bias"),
    ("4.3", bound(turn="np.ones(len(x))"), "round"),
    ("4.3", bound(smallest="mean"), "not the mean"),
    ("4.3", bound(length="np.linalg.norm(w)"), "counts the bias"),
    ("4.3", bound(result="(R / gamma) ** 2"), "expected infinity"),
    ("4.4", PARITY + "np.ones((3, 2)), [-0.5, -1.5], [1, -1], -0.5", "it must fire again"),
    ("4.4", PARITY + "np.ones((3, 3)), [-0.5, -1.5, -2.5], [-1, 1, -1], 0.5", "the opposite"),
    ("4.4", PARITY + "np.ones((2, 3)), [-0.5, -1.5], [1, -1], -0.5", "rows are examples"),
    ("4.4", PARITY + "np.ones((3, 1)), [-0.5], [-1], 0.5", "no output can tell them apart"),
    ("4.4", PARITY + "np.ones((3, 3)), [-0.5, -1.5, -2.5], [1, 1, 1], -0.5", "this is OR"),
    ("4.4", PARITY + "np.ones((3, 3)), [-0.5, -1.5], [1, -1, 1], -0.5", "b has shape"),
    ("4.5", SWITCH.format("b if select else a"), "cannot be asked"),
    ("4.5", SWITCH.format("(a & ~select) | (b & select)"), "has no operators such as"),
    ("4.5", SWITCH.format("a * (1 - select) + b * select"), "has no operators such as"),
    ("4.5", SWITCH.format("nand(nand(a, select), nand(b, nand(select, select)))"), "are swapped"),
    ("4.5", SWITCH.format("nand(nand(a, select), nand(b, select))"), "a needs NOT select"),
    ("4.5", "def multiplexer(nand, a, b, select):\n    no = lambda x: nand(x, x)\n"
     "    p, q = no(nand(a, no(select))), no(nand(b, select))\n"
     "    return nand(no(p), no(q))", "four are enough"),
    ("4.6", ADDS + "[1, 1, 1, -1], -0.5", "this is OR"),
    ("4.6", ADDS + "[1, 1, 1, -3], -0.5", "takes away too much"),
    ("4.6", ADDS + "[1, 1, 1, 2], -1.5", "this is the carry out again"),
    ("4.6", ADDS + "[1, 1, 1], -1.5", "4 numbers"),
    ("4.6", ADDS + "[1, 1, 1, -2], -1", "exactly 0 is silent"),
]  # fmt: skip
