"""Wrong answers to the exercises of notebook 03: (exercise, code, part of the diagnosis)."""

NEURON = """
def neuron_gradient(w, b, x, t):
    p = 1 / (1 + np.exp({minus}(x @ w + b)))
    return {dw}, {db}
"""


def neuron(dw="x.T @ (p - t) / len(t)", db="np.mean(p - t)", minus="-"):
    """The code of a neuron's gradient with one thing changed."""
    return NEURON.format(dw=dw, db=db, minus=minus)


BENDS = """
def bend_weights(c, y):
    slopes = np.diff(y) / np.diff(c)
    return {}, {}
"""
PRELU = """
class PReLU(Layer):
    def __init__(self, d):
        super().__init__(a=(d,))

    def initialize(self, rng):
        self.a[:] = 0.25

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.a * x)

    def backward(self, dy):
        below = dy * np.minimum(self.x, 0)
        {da}
        {dx}
"""


def prelu(da="self.da[:] = below.reshape(-1, below.shape[-1]).sum(axis=0)",
          dx="return dy * np.where(self.x > 0, 1.0, self.a)"):  # fmt: skip
    """The code of the layer with one thing changed."""
    return PRELU.format(da=da, dx=dx)


SOFT = """
def soft_cross_entropy(logits, q):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis={axis}, keepdims=True))
    return {loss}, {gradient}
"""


def soft(loss="-(q * log_p).sum(axis=-1).mean()", gradient="(np.exp(log_p) - q) / len(logits)",
         axis=-1):  # fmt: skip
    """The code of the soft cross-entropy with one thing changed."""
    return SOFT.format(loss=loss, gradient=gradient, axis=axis)


CARELESS = """
def soft_cross_entropy(logits, q):
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return -(q * np.log(p)).sum(axis=-1).mean(), (p - q) / len(logits)
"""
HALF_SAFE = """
def soft_cross_entropy(logits, q):
    p = softmax(logits)
    return -(q * np.log(p)).sum(axis=-1).mean(), (p - q) / len(logits)
"""
CUT_OFF = """
def soft_cross_entropy(logits, q):
    p = softmax(logits)
    return -(q * np.log(p + 1e-300)).sum(axis=-1).mean(), (p - q) / len(logits)
"""
CONFUSION = "def confusion(labels, guesses, K):\n    "
PLUS_ONE = CONFUSION + """table = np.zeros((K, K), dtype=int)
    table[labels, guesses] += 1
    return table"""
SCALE = "def keeping_scale(n, c):\n    return "

WRONG = [
    ("3.1", neuron(dw="x.T @ (t - p) / len(t)", db="np.mean(t - p)"), "the sign"),
    ("3.1", neuron(dw="x.T @ (p - t)", db="np.sum(p - t)"), "MEAN over the examples"),
    ("3.1", neuron(db="np.sum(p - t)"), "∂L/∂b is a sum"),
    ("3.1", neuron(dw="x.T @ (p * (1 - p) * (p - t)) / len(t)",
                   db="np.mean(p * (1 - p) * (p - t))"), "has cancelled already"),
    ("3.1", neuron(dw="(p - t)[:, None] * x"), "a row for each example"),
    ("3.1", neuron(db="p - t"), "an entry for each example"),
    ("3.1", neuron(minus=""), "your sigmoid falls"),
    ("3.1", neuron(db="1"), "∂z/∂b is 1, but"),
    ("3.1", neuron(dw="x.mean(axis=0) * np.mean(p - t)"), "product of the means"),
    ("3.1", "def neuron_gradient(w, b, x, t):\n    p = x @ w + b\n"
     "    return x.T @ (p - t) / len(t), np.mean(p - t)", "the sigmoid is missing"),
    ("3.1", "def neuron_gradient(w, b, x, t):\n    p = 1 / (1 + np.exp(-(x @ w)))\n"
     "    return x.T @ (p - t) / len(t), np.mean(p - t)", "b is missing"),
    ("3.2", BENDS.format("y[0]", "slopes"), "only has to CHANGE the slope"),
    ("3.2", BENDS.format("y[0]", "np.diff(slopes)"), "the first weight is missing"),
    ("3.2", BENDS.format("0.0", "np.diff(slopes, prepend=0)"), "the constant is not"),
    ("3.2", BENDS.format("y[0]", "np.diff(np.diff(y), prepend=0)"), "that is the rise"),
    ("3.2", BENDS.format("y[0]", "np.diff(slopes, prepend=0, append=0)"), "not needed"),
    ("3.2", BENDS.format("y[0]", "np.diff(1 / slopes, prepend=0)"), "upside down"),
    ("3.2", BENDS.format("y[0]", "-np.diff(slopes, prepend=0)"), "the sign is turned round"),
    ("3.2", BENDS.format("y[0]", "np.abs(np.diff(slopes, prepend=0))"), "the curve misses point"),
    ("3.2", BENDS.format("y[0]", "2 * np.diff(slopes, prepend=0)"), "the only weight"),
    ("3.3", prelu(dx="return dy * (self.x > 0)"), "that was the ReLU"),
    ("3.3", prelu(dx="return dy * np.where(self.x > 0, self.a, 1.0)"), "swapped"),
    ("3.3", prelu(dx="return np.where(self.x > 0, 1.0, self.a)"), "multiply it by dy"),
    ("3.3", prelu(dx="pass"), "gives back None"),
    ("3.3", prelu(dx="dy *= np.where(self.x > 0, 1.0, self.a)\n        return dy"),
     "you changed dy"),
    ("3.3", prelu(da="self.da = below.reshape(-1, below.shape[-1]).sum(axis=0)"),
     "in place of the view"),
    ("3.3", prelu(da="pass"), "is missing: write it into self.da"),
    ("3.3", prelu(da="self.da += below.reshape(-1, below.shape[-1]).sum(axis=0)"),
     "overwrite it"),
    ("3.3", prelu(da="self.da[:] = below.reshape(-1, below.shape[-1]).mean(axis=0)"),
     "SUM over the examples"),
    ("3.3", prelu(da="self.da[:] = (dy * self.x).reshape(-1, 3).sum(axis=0)"),
     "only where x <= 0"),
    ("3.3", prelu(da="self.da[:] = below.sum(axis=0)"), "your code raised ValueError"),
    ("3.3", prelu(da="self.da[:] = (dy * (self.x <= 0)).reshape(-1, 3).sum(axis=0)"),
     "∂y/∂a is x"),
    ("3.4", soft(gradient="np.exp(log_p) - q"), "has 1/N"),
    ("3.4", soft(gradient="(q - np.exp(log_p)) / len(logits)"), "wrong sign"),
    ("3.4", soft(loss="-(q * log_p).sum()"), "take the mean"),
    ("3.4", soft(loss="-(q * log_p).mean()"), "divided by K as well"),
    ("3.4", soft(loss="(q * log_p).sum(axis=-1).mean()"), "the sign: ln p is negative"),
    ("3.4", soft(loss="-(np.exp(log_p) * np.log(q)).sum(axis=-1).mean()"), "are swapped"),
    ("3.4", soft(axis=0), "wrong axis"),
    ("3.4", soft(gradient="-q / np.exp(log_p) / len(logits)"), "go on through the softmax"),
    ("3.4", soft(gradient="(np.exp(log_p) - 1) * q / len(logits)"), "add up over all i"),
    ("3.4", CARELESS, "subtract the largest logit"),
    ("3.4", HALF_SAFE, "not as the logarithm of p"),
    ("3.4", CUT_OFF, "do you cut off small probabilities"),
    ("3.5", PLUS_ONE, "counted once"),
    ("3.5", CONFUSION + "return np.bincount(guesses * K + labels, minlength=K * K).reshape(K, K)",
     "turned over"),
    ("3.5", CONFUSION + "return np.bincount(labels * K + guesses, minlength=K * K)",
     "reshape them to (K, K)"),
    ("3.5", CONFUSION + "return np.bincount(labels * K + guesses).reshape(K, K)",
     "cannot reshape"),
    ("3.5", CONFUSION + "t = np.bincount(labels * K + guesses, minlength=K * K).reshape(K, K)\n"
     "    return t / len(labels)", "counts, not shares"),
    ("3.5", CONFUSION + "return np.diag(np.bincount(labels[labels == guesses], minlength=K))",
     "only the right ones"),
    ("3.6", SCALE + "2 / ((1 + c**2) * n)", "that is the variance"),
    ("3.6", SCALE + "math.sqrt(2 / ((1 + c) * n))", "it is c that is squared"),
    ("3.6", SCALE + "math.sqrt(2 / ((1 + c) ** 2 * n))", "side by side: 1 + c²"),
    ("3.6", SCALE + "math.sqrt(2 / n)", "that is for c = 0"),
    ("3.6", SCALE + "math.sqrt(1 / ((1 + c**2) * n))", "only HALF"),
    ("3.6", SCALE + "math.sqrt((1 + c**2) / (2 * n))", "upside down"),
    ("3.6", SCALE + "math.sqrt(2 / (1 + c**2)) / n", "n, so s falls like"),
    ("3.6", SCALE + "1 / math.sqrt(n)", "the bend then takes away"),
    ("3.6", SCALE + "0.02", "multiplies the size by"),
]  # fmt: skip
