"""Wrong answers to the exercises of notebook 05: (exercise, code, part of the diagnosis)."""

LOOKUP = """
def soft_lookup(queries, keys, values, h):
    scores = {scores}
    return {result}
"""
SQUARE = "(queries[:, None] - keys) ** 2"
SCORES = f"-({SQUARE}) / (2 * h**2)"


def lookup(scores=SCORES, result="softmax(scores) @ values"):
    """The code of the soft lookup with one thing changed."""
    return LOOKUP.format(scores=scores, result=result)


ATTENTION = """
def my_attention(Q, K, V):
    scores = {scores}
    return {result}
"""
DOTS = "Q @ K.swapaxes(-1, -2)"


def attention(scores=f"{DOTS} / math.sqrt(Q.shape[-1])", result="softmax(scores) @ V"):
    """The code of attention with one thing changed."""
    return ATTENTION.format(scores=scores, result=result)


SHIFT = """
def shift_matrix(k, width):
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)
    R = np.zeros((width, width))
    even, odd = np.arange(0, width, 2), np.arange(1, width, 2)
    angle = {angle}
    R[even, even] = R[odd, odd] = np.cos(angle)
    R[odd, even] = {into_sine}
    R[even, odd] = {into_cosine}
    return R
"""


def shift(angle="rates * k", into_sine="np.sin(angle)", into_cosine="-np.sin(angle)"):
    """The code of the shift with one thing changed."""
    return SHIFT.format(angle=angle, into_sine=into_sine, into_cosine=into_cosine)


HALVES = """
def shift_matrix(k, width):
    angle = k * 10_000.0 ** (-np.arange(0, width, 2) / width)
    c, s = np.diag(np.cos(angle)), np.diag(np.sin(angle))
    return np.block([[c, -s], [s, c]])
"""
MASK = """
def window_mask(T, w):
    distance = np.arange(T)[:, None] - np.arange(T)
    return {}
"""
HEADS = """
def cut(x, heads):
    N, T, d = x.shape
    return {cut}

def glue(x):
    N, H, T, d_head = x.shape
    return {glue}
"""


def heads(cut="x.reshape(N, T, heads, d // heads).swapaxes(1, 2)",
          glue="x.swapaxes(1, 2).reshape(N, T, H * d_head)"):  # fmt: skip
    """The code of both directions with one thing changed."""
    return HEADS.format(cut=cut, glue=glue)


BACKWARD = "def softmax_backward(dp, p):\n    return {}"

WRONG = [
    ("5.1", lookup(result="softmax(scores, axis=0) @ values"), "over the queries"),
    ("5.1", lookup(result="np.exp(scores) @ values"), "do not sum to 1"),
    ("5.1", lookup(f"{SQUARE} / (2 * h**2)"), "the sign"),
    ("5.1", lookup(f"-({SQUARE}) / (2 * h)"), "squared"),
    ("5.1", lookup(result="values[scores.argmax(axis=1)]"), "the nearest key"),
    ("5.1", lookup(result="softmax(scores)"), "weights @ values"),
    ("5.1", lookup(f"-({SQUARE}) / 2 * h**2"), "only the 2 divides"),
    ("5.1", lookup("-((queries - keys) ** 2) / (2 * h**2)"), "make the queries a column"),
    ("5.2", attention(result="np.exp(scores) / np.exp(scores).sum(-1) @ V"), "keepdims is missing"),
    ("5.2", attention(DOTS), "not divided by √d"),
    ("5.2", attention(f"{DOTS} / Q.shape[-1]"), "ROOT of d"),
    ("5.2", attention(result="softmax(scores, axis=-2) @ V"), "normalized the columns"),
    ("5.2", attention(result="softmax(scores, axis=0) @ V"), "normalized"),
    ("5.2", attention("Q @ K.T / math.sqrt(Q.shape[-1])"), "turns round all axes"),
    ("5.2", attention("K @ Q.swapaxes(-1, -2) / math.sqrt(Q.shape[-1])"), "rows are queries"),
    ("5.2", attention(result="softmax(scores)"), "you gave the weights"),
    ("5.2", attention(f"{DOTS} / math.sqrt(len(Q))"), "not the number of tokens"),
    ("5.2", attention(result="np.exp(scores) / np.exp(scores).sum(-1, keepdims=True) @ V"),
     "overflows"),
    ("5.2", attention(DOTS, "softmax(scores) / math.sqrt(Q.shape[-1]) @ V"), "BEFORE the softmax"),
    ("5.3", shift(into_sine="-np.sin(angle)", into_cosine="np.sin(angle)"), "the transpose"),
    ("5.3", shift(angle="k * np.ones_like(rates)"), "the same angle"),
    ("5.3", shift(angle="rates"), "whatever k is"),
    ("5.3", shift(into_cosine="np.sin(angle)"), "opposite signs"),
    ("5.3", HALVES, "stand in turn"),
    ("5.3", "def shift_matrix(k, width):\n    return np.eye(width)", "the identity"),
    ("5.3", shift(into_sine="0", into_cosine="0"), "the sines are missing"),
    ("5.4", MASK.format("(distance >= 0) & (distance < w - 1)"), "one place too few"),
    ("5.4", MASK.format("distance < w"), "not causal"),
    ("5.4", MASK.format("(distance >= 0) & (distance <= w)"), "one place too many"),
    ("5.4", MASK.format("(distance > 0) & (distance < w)"), "look at itself"),
    ("5.4", MASK.format("(distance <= 0) & (distance > -w)"), "looks ahead"),
    ("5.4", MASK.format("distance >= 0"), "whole past"),
    ("5.4", MASK.format("((distance >= 0) & (distance < w)).astype(int)"), "True and False"),
    ("5.4", MASK.format("np.where((distance >= 0) & (distance < w), 0, -np.inf)"),
     "-inf comes later"),
    ("5.5", heads(cut="x.reshape(N, heads, T, d // heads)"), "some of the PLACES"),
    ("5.5", heads(cut="x.reshape(N, T, heads, d // heads)"), "before the places"),
    ("5.5", heads(cut="x.reshape(N, T, d // heads, heads).transpose(0, 3, 1, 2)"), "every H-th"),
    ("5.5", heads(glue="x.reshape(N, T, H * d_head)"), "mixes places"),
    ("5.5", heads(glue="x.swapaxes(1, 2)"), "an axis of their own"),
    ("5.6", BACKWARD.format("p * dp"), "only the first term"),
    ("5.6", BACKWARD.format("p * (dp - np.sum(dp * p, axis=-1))"), "keepdims=True"),
    ("5.6", BACKWARD.format("p * dp - np.sum(dp * p, axis=-1, keepdims=True)"), "whole bracket"),
    ("5.6", BACKWARD.format("p * (1 - p) * dp"), "the diagonal"),
    ("5.6", BACKWARD.format("p * (dp - dp.sum(axis=-1, keepdims=True))"), "the inner sum"),
    ("5.6", BACKWARD.format("p * (dp - np.sum(dp * p))"), "summed over everything"),
    ("5.6", BACKWARD.format("dp - np.sum(dp * p, axis=-1, keepdims=True)"), "factor p"),
]  # fmt: skip
