"""Wrong answers to the exercises of notebook 06: (exercise, code, part of the diagnosis)."""

EXAMPLES = "def next_token_examples(tokens, starts, context):\n    "
BIGRAM = """
def bigram_loss(train, validation, V):
    train = {text}
    counts = np.bincount(train[:-1] * V + train[1:], minlength=V * V).reshape(V, V) + {one}
    table = counts / counts.sum(axis={axis}, keepdims=True)
    return {sign} np.{log}(table[{judge}[:-1], {judge}[1:]]).mean()
"""


def bigram(text="train", one=1, axis=1, sign="-", log="log", judge="validation"):
    """The code of a bigram table with one thing changed."""
    return BIGRAM.format(text=text, one=one, axis=axis, sign=sign, log=log, judge=judge)


COUNT = "def parameter_count(V, T, d, B):\n    return "
COMBINE = "def combined_gradient(gradients, sizes):\n    return "
COST = "def cache_cost(V, T, d, B):\n    return "
NUCLEUS = """
def nucleus(p, top_p):
    order = np.argsort({order})
    before = np.cumsum(p[order]) - p[order]
    kept = np.zeros_like(p)
    kept[{place}] = np.where({keep}, p[order], 0)
    return {result}
"""


def nucleus(order="-p", place="order", keep="before < top_p", result="kept / kept.sum()"):
    """The code of top-p with one thing changed."""
    return NUCLEUS.format(order=order, place=place, keep=keep, result=result)


WRONG = [
    ("6.1", EXAMPLES + "places = starts + np.arange(context)[:, None]\n"
     "    return tokens[places], tokens[places + 1]", "a window is a row"),
    ("6.1", EXAMPLES + "places = starts[:, None] + np.arange(context)\n"
     "    return tokens[places], tokens[places]", "AFTER the input"),
    ("6.1", EXAMPLES + "places = starts[:, None] + np.arange(context)\n"
     "    return tokens[places], tokens[places] + 1", "add it to the places"),
    ("6.1", EXAMPLES + "x = tokens[starts[:, None] + np.arange(context)]\n"
     "    return x, np.roll(x, -1, axis=1)", "cannot come from inputs"),
    ("6.1", EXAMPLES + "places = starts[:, None] + np.arange(context)\n"
     "    return places, places + 1", "holds places, not tokens"),
    ("6.1", EXAMPLES + "return tokens[starts[:, None] + np.arange(context)]", "two arrays"),
    ("6.1", EXAMPLES + "return tokens[starts + np.arange(context)]", "raised ValueError"),
    ("6.1", EXAMPLES + "print('inputs')", "is a `return` missing"),
    ("6.2", bigram(axis=0), "each ROW must sum to 1"),
    ("6.2", bigram(log="log2"), "for nats use np.log"),
    ("6.2", bigram(judge="train"), "judge by validation"),
    ("6.2", bigram(one=0), "add 1 to every count"),
    ("6.2", bigram(sign="+"), "minus the logarithm"),
    ("6.2", bigram(text="train[::-1]"), "turned round"),
    ("6.2", bigram().replace("axis=1, keepdims=True", ""), "whole table sums to 1"),
    ("6.3", COUNT + "V * d + T * d + B * (12 * d * d + 13 * d) + d * V + V", "last normalization"),
    ("6.3", COUNT + "V * d + T * d + B * (12 * d * d + 4 * d) + 2 * d + d * V", "all biases"),
    ("6.3", COUNT + "V * d + B * (12 * d * d + 13 * d) + 2 * d + d * V + V", "the positions"),
    ("6.3", COUNT + "V * d + T * d + B * (12 * d * d + 9 * d) + d * V + V", "γ and β are"),
    ("6.3", COUNT + "12 * B * d * d", "but theta has"),
    ("6.4", COMBINE + "gradients.mean(axis=0)", "the plain mean"),
    ("6.4", COMBINE + "gradients.sum(axis=0)", "the sum of the means"),
    ("6.4", COMBINE + "sizes @ gradients", "divide by how many"),
    ("6.4", COMBINE + "sizes @ gradients / len(sizes)", "not by the number of workers"),
    ("6.4", COMBINE + "gradients * sizes[:, None] / sizes.sum()", "one gradient comes out"),
    ("6.4", COMBINE + "(gradients * sizes).sum(axis=0) / sizes.sum()", "raised ValueError"),
    ("6.5", nucleus(keep="before + p[order] <= top_p"), "crosses the line stays"),
    ("6.5", nucleus(result="kept"), "scale them up"),
    ("6.5", nucleus(order="p"), "least likely"),
    ("6.5", nucleus(place="slice(None)"), "the result is sorted"),
    ("6.5", nucleus(keep="p[order] >= top_p"), "was everything cut"),
    ("6.5", nucleus(keep="before >= 0"), "nothing was cut"),
    ("6.5", nucleus().replace("return kept", "return kept[kept > 0]"), "stay in the array"),
    ("6.6", COST + "B * T * d, B * (12 * d * d + 2 * T * d) + d * V", "the values are held, too"),
    ("6.6", COST + "2 * T * d, B * (12 * d * d + 2 * T * d) + d * V", "every block has keys"),
    ("6.6", COST + "2 * B * T * d, T * (B * (12 * d * d + 2 * T * d) + d * V)", "the plain way"),
    ("6.6", COST + "2 * B * T * d, 12 * B * d * d + d * V", "still meets T keys"),
    ("6.6", COST + "2 * B * T * d, B * (12 * d * d + 2 * T * T * d) + d * V", "there is one"),
    ("6.6", COST + "2 * B * T * d, B * (12 * d * d + 2 * T * d)", "the head is missing"),
    ("6.6", COST + "2 * B * T * d", "two numbers"),
]  # fmt: skip
