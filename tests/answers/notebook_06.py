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
DISTRIBUTION = """
def next_probabilities(logits, temperature, k):
    keep = logits >= np.sort(logits)[-k]
    {line}
    p = np.exp(z - z.max())
    return {result}
"""
NORMAL = "p / p.sum()"

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
    ("6.3", "def softmax_backward(dp, p):\n    return p * dp", "only the first term"),
    ("6.3", "def softmax_backward(dp, p):\n    return p * (1 - p) * dp", "the diagonal"),
    ("6.3", "def softmax_backward(dp, p):\n"
     "    return p * (dp - dp.sum(axis=-1, keepdims=True))", "not of dp alone"),
    ("6.3", "def softmax_backward(dp, p):\n    return p * (dp - np.sum(dp * p))",
     "each row is a softmax of its own"),
    ("6.3", "def softmax_backward(dp, p):\n    return p * (dp - np.sum(dp * p, axis=-1))",
     "raised ValueError"),
    ("6.4", COUNT + "V * d + T * d + B * (12 * d * d + 13 * d) + d * V + V", "last normalization"),
    ("6.4", COUNT + "V * d + T * d + B * (12 * d * d + 4 * d) + 2 * d + d * V", "all biases"),
    ("6.4", COUNT + "V * d + B * (12 * d * d + 13 * d) + 2 * d + d * V + V", "the positions"),
    ("6.4", COUNT + "V * d + T * d + B * (12 * d * d + 9 * d) + d * V + V", "γ and β are"),
    ("6.4", COUNT + "12 * B * d * d", "but theta has"),
    ("6.5", COMBINE + "gradients.mean(axis=0)", "the plain mean"),
    ("6.5", COMBINE + "gradients.sum(axis=0)", "the sum of the means"),
    ("6.5", COMBINE + "sizes @ gradients", "divide by how many"),
    ("6.5", COMBINE + "sizes @ gradients / len(sizes)", "not by the number of workers"),
    ("6.5", COMBINE + "gradients * sizes[:, None] / sizes.sum()", "one gradient comes out"),
    ("6.5", COMBINE + "(gradients * sizes).sum(axis=0) / sizes.sum()", "raised ValueError"),
    ("6.6", DISTRIBUTION.format(line="z = np.where(keep, logits * temperature, -np.inf)",
                                result=NORMAL), "you multiplied by the temperature"),
    ("6.6", DISTRIBUTION.format(line="z = logits / temperature",
                                result="np.where(keep, p / p.sum(), 0)"), "scaled up to sum to 1"),
    ("6.6", DISTRIBUTION.format(line="z = logits / temperature", result=NORMAL),
     "all tokens are still possible"),
    ("6.6", DISTRIBUTION.format(line="z = np.where(keep, logits, -np.inf)", result=NORMAL),
     "the temperature has no effect"),
    ("6.6", DISTRIBUTION.format(line="z = np.where(keep, logits / temperature, 0)", result=NORMAL),
     "a score of 0 is not probability 0"),
    ("6.6", DISTRIBUTION.format(line="keep = logits <= np.sort(logits)[k - 1]; "
                                "z = np.where(keep, logits / temperature, -np.inf)",
                                result=NORMAL), "the k least likely"),
]  # fmt: skip
