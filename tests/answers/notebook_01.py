"""Wrong answers to the exercises of notebook 01: (exercise, code, part of the diagnosis)."""

RULE = """
def broadcast_shape(a, b):
    ndim = max(len(a), len(b))
    a = {a}
    b = {b}
    {line}
    return {result}
"""
FRONT = {"a": "(1,) * (ndim - len(a)) + a", "b": "(1,) * (ndim - len(b)) + b"}
BACK = {"a": "a + (1,) * (ndim - len(a))", "b": "b + (1,) * (ndim - len(b))"}
TEST = "if any(m != n and 1 not in (m, n) for m, n in zip(a, b)): return None"
STRETCH = "tuple(n if m == 1 else m for m, n in zip(a, b))"
MASK = "def causal_mask(T):\n    return "
ONE_HOT = "def one_hot(labels, n):\n    "
DISTANCES = """
def pairwise_distances(a, b):
    squares = {a} {middle} * (a @ b.T) + {b}
    return {result}
"""
A, B = "np.square(a).sum(axis=1, keepdims=True)", "np.square(b).sum(axis=1)"
ROOT = "np.sqrt(np.maximum(squares, 0))"
SCORES = "def head_scores(queries, keys):\n    N, T, H, d = queries.shape\n    return "
VIEWS = "def next_token_views(tokens, T):\n    "
WINDOWS = "np.lib.stride_tricks.sliding_window_view"

WRONG = [
    ("1.1", RULE.format(**BACK, line=TEST, result=STRETCH), "the missing ones go in FRONT"),
    ("1.1", RULE.format(**FRONT, line=TEST, result="tuple(max(m, n) for m, n in zip(a, b))"),
     "stretched to it all the same"),
    ("1.1", RULE.format(**FRONT, line="pass", result="tuple(max(p) if 0 not in p else 0 "
                        "for p in zip(a, b))"), "do not fit, so return None"),
    ("1.1", RULE.format(a="a", b="b", line=TEST, result=STRETCH), "zip stops at its end"),
    ("1.1", RULE.format(**FRONT, line=TEST, result="list(" + STRETCH + ")"), "a shape is a tuple"),
    ("1.1", "def broadcast_shape(a, b):\n    return np.broadcast_shapes(a, b)",
     "your code raised ValueError"),
    ("1.1", "def broadcast_shape(a, b):\n    return a if a == b else None", "fit and give"),
    ("1.2", MASK + "np.arange(T)[:, None] <= np.arange(T)", "look only ahead"),
    ("1.2", MASK + "np.arange(T) < np.arange(T)[:, None]", "look at itself too"),
    ("1.2", MASK + "np.arange(T) <= np.arange(T)", "two rows were compared"),
    ("1.2", MASK + "np.tri(T)", "a mask is of bool"),
    ("1.2", MASK + "np.ones((T, T), dtype=bool)", "everything is allowed"),
    ("1.3", ONE_HOT + "return (labels == np.arange(n)[:, None]).astype(float)",
     "make the labels the column"),
    ("1.3", ONE_HOT + "table = np.zeros((len(labels), n))\n    table[:, labels] = 1\n"
     "    return table", "each row has a single 1"),
    ("1.3", ONE_HOT + "return (labels[:, None] == np.arange(1, n + 1)).astype(float)", "from 0"),
    ("1.3", ONE_HOT + "return labels[:, None] == np.arange(n)", "end with .astype"),
    ("1.3", ONE_HOT + "return (labels == np.arange(n)).astype(float)", "raised ValueError"),
    ("1.3", ONE_HOT + "return (labels[:, None] != np.arange(n)).astype(float)", "wrong way round"),
    ("1.4", "def pairwise_distances(a, b):\n"
     "    return np.sqrt(np.square(a[:, None] - b).sum(axis=-1))", "some array has N M d numbers"),
    ("1.4", DISTANCES.format(a=A, b=B, middle="- 2", result="np.sqrt(squares)"),
     "rounding made their square negative"),
    ("1.4", DISTANCES.format(a=A, b=B, middle="- 2", result="np.maximum(squares, 0)"),
     "take the root"),
    ("1.4", DISTANCES.format(a=A, b=B, middle="- 1", result=ROOT), "counts twice"),
    ("1.4", DISTANCES.format(a=A, b=B, middle="+ 2", result=ROOT), "wrong sign"),
    ("1.4", DISTANCES.format(a="np.square(a).sum(axis=1)", b=B, middle="- 2", result=ROOT),
     "raised ValueError"),
    ("1.4", "def pairwise_distances(a, b):\n    return np.sqrt(np.square(a - b).sum(axis=-1))",
     "raised ValueError"),
    ("1.4", "def pairwise_distances(a, b):\n"
     "    return sum(np.abs(a[:, k, None] - b[:, k]) for k in range(a.shape[1]))",
     "the squares are added up"),
    ("1.5", SCORES + "queries @ keys.swapaxes(-1, -2)", "heads were compared with heads"),
    ("1.5", SCORES + "queries.reshape(N, H, T, d) @ keys.reshape(N, H, T, d).swapaxes(-1, -2)",
     "it mixes places and heads"),
    ("1.5", SCORES + "np.einsum('nthd,nuhd->nhut', queries, keys)", "row and column are swapped"),
    ("1.5", SCORES + "np.einsum('nthd,nuhd->ntu', queries, keys)", "the heads were added up"),
    ("1.5", SCORES + "queries.swapaxes(1, 2) @ keys.reshape(N, H, d, T)", "is not a transpose"),
    ("1.6", VIEWS + "places = np.arange(len(tokens) - T)[:, None] + np.arange(T)\n"
     "    return tokens[places], tokens[places + 1]", "so it is a copy"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T)\n    return windows, windows",
     "has no next token"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T)[:-1]\n    return windows, windows",
     "targets equals inputs"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T + 1)\n    return windows, windows",
     "has T + 1 columns"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T + 1).copy()\n"
     "    return windows[:, :-1], windows[:, 1:]", "so it is a copy"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T)[:-1]\n    return windows, windows + 1",
     "you added 1 to the tokens"),
    ("1.6", VIEWS + f"windows = {WINDOWS}(tokens, T + 1)\n"
     "    return windows[:, 1:], windows[:, :-1]", "are exchanged"),
]  # fmt: skip
