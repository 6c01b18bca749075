"""What input must be. Each guard raises an error that says what is wrong and what to do.

The cells of the notebooks hold the formulas; one line at their top calls a guard. Its messages say
what it asks for; a comment says what it returns, the input in the form that the formula needs.
"""

import math
from pathlib import Path

import numpy as np


# The rules of which the others are made
def must(fits, message, *values, error=ValueError):
    """Raise an error unless something fits. Each {} of its message stands for one of the values."""
    if not fits:
        raise error(message.format(*(kind_of(value) for value in values)))


def kind_of(value):
    """What a message says of a value: `float64 of shape (2, 3)`, `list [0, 1]`; else the value."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    return f"list {value!r:.40}" if isinstance(value, list) else value


def rule(fits, message, error=ValueError, make=lambda *values: values):
    """Make a guard of one rule: it returns make(*values), or raises, by `must`, unless they fit."""
    def guard(*values):
        values = make(*values)
        must(fits(*values), message, *values, error=error)
        return values
    return guard


def whole(name, value, least=0, what="a whole number"):
    """Raise TypeError unless `value` is a whole number, ValueError if it is below `least`."""
    fits = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    must(fits and value >= least, "{} is {!r}; it must be {}, {} or more", name, value, what, least,
         error=ValueError if fits else TypeError)


def array(name, x, kind, remedy):
    """Raise TypeError unless x is an array of kind "f" (floats) or "iu" (integers)."""
    must(isinstance(x, np.ndarray) and x.dtype.kind in kind, "{} must be an array of {}, got {}; "
         "{}", name, "floats" if kind == "f" else "integers", x, remedy, error=TypeError)


def places_in(name, values, size, kind, remedy):
    """Return values if they are whole numbers from 0 to size - 1, or raise.   kind, remedy: what
    to do if they are no integers, and if one is out of bounds; {} in a remedy is the size."""
    array(f"{name}s", values, "iu", kind)
    if values.size and not (values.min() >= 0 and values.max() < size):
        bad = values[(values < 0) | (values >= size)].flat[0]
        raise ValueError(f"{name} {bad} is not one of 0 to {size - 1}; {remedy.format(size)}")
    return values


def floats(*arrays):
    """Return arrays as real floating-point arrays of one dtype, copied only if need be.

    float32 stays float32; whole numbers and booleans become float64.
    Raises TypeError for anything else: texts, complex numbers, objects, rows of unequal length.
    """
    try:
        arrays = [np.asarray(x) for x in arrays]
    except ValueError as error:
        raise TypeError(f"expected an array of numbers, got rows that differ: {error}") from None
    for x in arrays:
        must(x.dtype.kind in "biuf", "expected real numbers, got {}", x, error=TypeError)
    dtype = np.result_type(*(x.dtype for x in arrays))
    return [x.astype(dtype if dtype.kind == "f" else np.float64, copy=False) for x in arrays]


def finite(values, what):
    """Return values as an array of floats, a copy. Raises ValueError if one is NaN or infinite."""
    (values,) = floats(values)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} must be finite numbers, got {values[~np.isfinite(values)][0]}")
    return values.copy()


# Guards of one rule
string = rule(lambda name, value: isinstance(value, str), "{} must be a str, got {!r}", TypeError)
finite_loss = rule(lambda loss, step: math.isfinite(loss), "the loss became {} at step {}; were "
                   "the parameters finite? Then try a smaller learning_rate", FloatingPointError)
heads = rule(lambda x, heads: x.ndim == 3 and heads >= 1 and x.shape[-1] % heads == 0,
             "x is {0}; to split it over {1} heads it must be (N, T, d) with d a multiple of {1}")
sequences = rule(lambda x, width: getattr(x, "ndim", 0) == 3 and x.shape[-1] == width, "x is {0}; "
                 "this layer needs an array (N, T, {1}): N sequences of T places with {1} features")
even = rule(lambda x, layer: getattr(x, "ndim", 0) and x.shape[-1] % 2 == 0, "{1} got {0}; its "
            "last axis must hold two vectors side by side, so an even number of features")
matrix = rule(lambda x: isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind == "f",
              "singular values need a matrix (m, n) of floats, got {}; vectors, such as biases, "
              "are for Adam")
long_enough = rule(lambda text, context: np.ndim(text) == 1 and len(text) > context, "a text, {}, "
                   "is too short for a context of {}; it needs one axis, and one token more")
cacheable = rule(lambda model: model.config["causal"], "a model without the mask cannot be cached: "
                 "what it computes at a place changes with every later token")
same_vocabulary = rule(lambda model, tokenizer: tokenizer.vocab_size == model.config["vocab_size"],
                       "the tokenizer has {1.vocab_size} tokens, the model {0.config[vocab_size]}; "
                       "use the one that it was trained with")
checkpoint_file = rule(lambda path: Path(path).is_file(), "there is no checkpoint {}; save(path, "
                       "model, tokenizer) makes one", FileNotFoundError)


# Arrays (notebook 01)
def sample(x, what):  # -> floats. what: one wants to do with them
    (x,) = floats(x)
    must(x.ndim and x.size, "there is nothing to {} in {}; give at least one example, such as "
         "(N, d) with N rows", what, x)
    return x


WHOLE = "write labels.astype(int) if they are whole, or argmax(axis=-1) if they are one-hot rows"


def labels(values, n):  # -> whole numbers from 0 to n - 1
    whole("n", n, 1, "the number of classes")
    return places_in("label", np.asarray(values), n, WHOLE, "is {} the number of classes?")


def scores(values, axis):  # -> floats that have a softmax along this axis
    (values,) = floats(values)
    must(-values.ndim <= axis < values.ndim and values.shape[axis], "softmax needs at least one "
         "score along axis {}, got {}", axis, values)
    must(not np.isinf(values.max(axis=axis)).any(), "softmax of scores that are all -inf, or with "
         "one that is +inf, is not defined; does a mask hide every place of a row?")
    return values


tables = rule(lambda a, b: a.ndim == b.ndim == 2 and a.shape[1] == b.shape[1], "expected shapes "
              "(N, d) and (M, d), got {} and {}; a single point is a row: point[None, :]",
              make=floats)


# Parameters and gradients (notebook 02)
def parameters(theta, dtype=None):
    must(isinstance(theta, np.ndarray) and theta.dtype.kind == "f" and dtype in (None, theta.dtype),
         "theta must be a NumPy array of {}, because steps change it in place; got {}. Write theta "
         "= np.array([1.0, 1.0])", np.dtype(dtype) if dtype else "floats", theta, error=TypeError)


def rate(value):  # -> a float
    must(0 <= float(value) < math.inf, "the learning rate is {}; it must be a number from 0", value)
    return float(value)


def gradient(values, theta):  # -> an array with the shape and dtype of theta
    with np.errstate(all="ignore"):  # what does not fit into float32 is told below
        values = np.asarray(values, dtype=theta.dtype)
    must(values.shape == theta.shape, "the gradient has shape {}, theta {}; give one slope for "
         "each parameter", values.shape, theta.shape)
    if not np.isfinite(values).all():
        bad = np.argwhere(~np.isfinite(values))
        must(False, "the gradient is {} at index {}; {} of its {} entries are not finite. theta "
             "was left as it was. Is the input finite? Then try a smaller learning rate, or "
             "clip_gradient", "NaN" if np.isnan(values[tuple(bad[0])]) else "infinite",
             ", ".join(map(str, bad[0])), len(bad), values.size, error=FloatingPointError)
    return values


def mask_of(theta, decays):  # -> which parameters decay: bool, shaped like theta
    decays = np.ones(theta.shape, dtype=bool) if decays is None else np.asarray(decays)
    must(decays.shape == theta.shape and decays.dtype == bool, "decays must be bool of shape {}, "
         "got {}", theta.shape, decays)
    return decays


same_size = rule(lambda a, b: a.size == b.size, "cannot compare {} with {}; are both the gradient "
                 "of the same parameters?",
                 make=lambda *arrays: [np.ravel(x).astype(np.float64) for x in arrays])


def finite_length(gradient):  # -> a float
    with np.errstate(over="ignore", under="ignore"):
        length = float(np.linalg.norm(gradient))
        if not math.isfinite(length):  # too long for float32?
            length = float(np.linalg.norm(gradient.astype(np.float64)))
    must(math.isfinite(length), "the gradient is not finite, so it cannot be clipped; try a "
         "smaller learning rate", error=FloatingPointError)
    return length


# Layers and losses (notebook 03)
def missing(layer, name):  # -> what to do about an attribute that a layer has not got
    kind = type(layer).__name__
    if name in ("theta", "grad") or name.removeprefix("d") in vars(layer).get("shapes", ()):
        return f"{kind} has no {name} yet: call flatten(model)"
    return (f"{kind} has no attribute {name!r}; if backward looked for it: forward keeps it, so "
            "call the layer on its input before backward")


def layers(parts):
    for part in parts:
        made = hasattr(part, "forward") and hasattr(part, "backward") and not isinstance(part, type)
        must(made, "Sequential takes layers, one after the other, such as Sequential(Linear(2, 3), "
             "Tanh()); got {}", f"{part!r:.60}", error=TypeError)


def flattening(found, size, dtype, theta):
    must(len({id(layer) for layer in found}) == len(found), "a layer is in the model twice; make "
         "two layers, for each needs its own notes between forward and backward")
    must(np.dtype(dtype).kind == "f", "parameters must be floats, got dtype {}; take np.float64",
         np.dtype(dtype), error=TypeError)
    if theta is not None:
        parameters(theta)
        must(theta.size == size and theta.ndim == 1, "theta has shape {}, the model has {} "
             "parameters", theta.shape, size)


def features(x, n, layer, dtype=None):  # dtype: that of the parameters, and of the results
    must(isinstance(x, np.ndarray), "{} got a {}; give it a NumPy array of floats, such as "
         "np.array(x, dtype=float)", layer, type(x).__name__, error=TypeError)
    must(x.ndim and x.shape[-1] == n, "{} got an input of shape {}; its last axis must hold the {} "
         "features", layer, x.shape, n)
    must(dtype is None or np.result_type(x, dtype) == dtype, "{0} holds {1} and got an input of "
         "{2}; write x.astype(np.{1})", layer, dtype, x.dtype, error=TypeError)


def unchanged(layer, before, after):  # both {what it is: array}
    for what, array in before.items():
        must(np.array_equal(array, after[what], equal_nan=array.dtype.kind == "f"), "{} changes "
             "{}; forward and backward may write only what they keep, and the gradients of the "
             "parameters", type(layer).__name__, what)


def pairs(guesses, targets, what="guesses"):  # -> two arrays of floats, of one dtype and shape
    must(np.shape(guesses) == np.shape(targets), "{} have shape {}, targets {}; they must be the "
         "same", what, np.shape(guesses), np.shape(targets))
    (guesses,) = floats(guesses)
    must(guesses.size, "there are no {}: the mean over no examples is not defined", what)
    return guesses, np.asarray(targets, dtype=guesses.dtype)


def yes_or_no(logits, targets):  # -> as `pairs`
    logits, targets = pairs(logits, targets, "logits")
    low, high = targets.min(), targets.max()
    must(low >= 0 and high <= 1, "targets must be 0 (no) to 1 (yes), got {:g} to {:g}", low, high)
    return logits, targets


def classes(logits, targets):
    array("logits", logits, "f", "a model's last layer gives them")
    places_in("label", targets, logits.shape[-1], WHOLE, "is {} the number of classes?")
    must(targets.size and targets.shape == logits.shape[:-1], "labels of shape {} do not fit "
         "logits of shape {}; expected one label for each row, {}, and one row or more",
         targets.shape, logits.shape, logits.shape[:-1])


def fitting(model, optimizer, inputs, targets, epochs, batch_size):
    must(optimizer.theta is model.theta, "the optimizer moves another theta than that of this "
         "model; make it from model.theta, after flatten and after any copy of the model")
    whole("epochs", epochs, 1)
    whole("batch_size", batch_size, 1)
    for name, x in (("inputs", inputs), ("targets", targets)):
        must(isinstance(x, np.ndarray) and x.ndim and len(x), "{} must be an array of at least one "
             "example, got {}", name, x)
        strange = x.size - np.isfinite(x).sum() if x.dtype.kind == "f" else 0
        must(not strange, "{} hold {} numbers that are NaN or infinite; a model cannot learn from "
             "them", name, strange)
    must(len(inputs) == len(targets), "there are {} inputs but {} targets; each input needs one "
         "target", len(inputs), len(targets))


# Perceptrons (notebook 04)
def neuron(weights, bias):  # -> (n,) floats and a float
    weights, bias = finite(weights, "the weights"), finite(bias, "the bias")
    must(weights.ndim == 1 and weights.size and bias.ndim == 0, "a perceptron needs weights of "
         "shape (n,), one for each input, and a single bias; got {} and {}", weights, bias)
    return weights, float(bias)


def inputs(x, n):  # -> (..., n) floats
    x = finite(x, "the inputs")
    must(x.ndim and x.shape[-1] == n, "this perceptron has {0} inputs, got shape {1}; give one "
         "array for each, or to decide() a table of rows (..., {0})", n, x.shape)
    return x


# Attention (notebook 05)
def rows(tokens, size):  # -> an array of whole numbers
    return places_in("token", np.asarray(tokens), size, "an embedding looks rows up by their "
                     "number", "the table has {} rows: was it made for another vocabulary?")


def places(length, width):
    whole("length", length, 0, "a number of places")
    whole("width", width, 2, "an even number of features")
    must(width % 2 == 0, "width is {}; sines and cosines come in pairs, so it must be even", width)


def divisible(width, heads, rotary=False):
    whole("width", width, 1)
    whole("heads", heads, 1)
    must(width % heads == 0, "a width of {} cannot be split over {} heads; choose a width that is "
         "a multiple of the heads", width, heads)
    must(not rotary or width // heads % 2 == 0, "each of the {} heads has {} features; rotary "
         "positions turn pairs, so it must be an even number", heads, width // heads)


def attention(queries, keys, values, mask=None):
    for name, x in (("queries", queries), ("keys", keys), ("values", values)):
        array(name, x, "f", "use np.asarray(x, dtype=float)")
        must(x.ndim >= 2 and x.shape[:-2] == queries.shape[:-2], "{} are {}, queries {}; each "
             "needs (..., places, features), with the same axes in front", name, x, queries)
    must(queries.shape[-1] == keys.shape[-1], "queries have {} features, keys {}; a dot product "
         "needs as many of both", queries.shape[-1], keys.shape[-1])
    must(keys.shape[-2] == values.shape[-2], "there are {} keys but {} values; each key needs one "
         "value", keys.shape[-2], values.shape[-2])
    shape = (*queries.shape[:-1], keys.shape[-2])
    must(mask is None or isinstance(mask, np.ndarray) and mask.dtype == bool
         and mask.shape[-2:] == shape[-2:] and mask.ndim <= len(shape)
         and all(m in (1, n) for m, n in zip(mask.shape[::-1], shape[::-1], strict=False)),
         "the mask is {}; it must be bool, (queries, keys) = {}, True where a query may look; axes "
         "in front of these must fit the scores {} by broadcasting", mask, shape[-2:], shape)


# Language models (notebook 06)
def tokens(values, vocab_size, context=None):
    places_in("token", values, vocab_size, "a tokenizer makes them: tokenizer.encode(text)", "the "
              "vocabulary has {} tokens: was the text encoded by the tokenizer of this model?")
    must(values.ndim == 2 and values.size, "tokens have shape {}; expected (N, T): N texts of T "
         "tokens, 1 or more of both. One text is a row: tokens[None, :]", values.shape)
    must(context is None or values.shape[1] <= context, "the texts have {0} tokens, the context "
         "holds {1}; give the last {1}: tokens[:, -{1}:]", values.shape[1], context)


def training(model, text, steps, batch_size):
    must(hasattr(model, "theta"), "the model has no parameters: call flatten(model) before train")
    whole("steps", steps, 1)
    whole("batch_size", batch_size, 1)
    long_enough(text, model.config["context"])
    tokens(np.asarray(text)[None, :], model.config["vocab_size"])


def sampling(logits, temperature, top_k, top_p):  # -> (V,) float64
    logits = np.asarray(logits, dtype=np.float64)
    must(logits.ndim == 1 and logits.size and not np.isnan(logits).any(), "logits have shape {}; "
         "expected (V,) numbers, one for each token, none of them NaN", logits.shape)
    must(not isinstance(temperature, bool) and 0 <= temperature < math.inf,
         "temperature is {}; it must be 0 (greedy) or more", temperature)
    if top_k is not None:
        whole("top_k", top_k, 1, "None for all tokens, or a whole number")
    must(top_p is None or (not isinstance(top_p, bool) and 0 < top_p <= 1), "top_p is {}; it must "
         "be above 0 and at most 1, or None for all tokens", top_p)
    return logits


def transformer(vocab_size, context, width, heads, blocks, causal, positions):
    for name, value in [("vocab_size", vocab_size), ("context", context), ("blocks", blocks)]:
        whole(name, value, 1)
    divisible(width, heads, positions == "rotary")
    must(isinstance(causal, (bool, np.bool_)), "causal is {!r}; it must be True or False", causal,
         error=TypeError)
    must(positions in ("rotary", "learned"), "positions is {!r}; it must be 'rotary' or 'learned'",
         positions)


def parameter_count(vocab_size, context, width, heads, blocks, causal, positions):  # -> int
    table = (vocab_size + (context if positions == "learned" else 0)) * width
    head = width * vocab_size + vocab_size
    return table + blocks * (12 * width * width + 13 * width) + 2 * width + head


def room(values, cache):  # -> (1, T)
    values = np.asarray(values)[None]
    tokens(values, cache.model.config["vocab_size"])
    must(cache.length + values.shape[1] <= cache.context, "{} tokens were read and {} more do not "
         "fit into the context of {}; read the end of the text again, for example its last half",
         cache.length, values.shape[1], cache.context)
    return values


def prompt(values, length, model):  # -> (T,)
    values = np.asarray(values)
    whole("length", length, 0, "how many tokens to add")
    must(values.size, "the prompt is empty, but a model continues a text: give it at least one "
         "character, such as a line end")
    tokens(values[None], model.config["vocab_size"])
    return values


def worth_keeping(model, tokenizer):
    same_vocabulary(model, tokenizer)
    must(model.theta.dtype in (np.float32, np.float64), "the parameters are {}; a checkpoint holds "
         "float32 or float64: flatten(model, theta=theta.astype(np.float32))", model.theta.dtype)
    must(np.isfinite(model.theta).all(), "the model has parameters that are not finite; it is not "
         "worth keeping")


def checkpoint(header, theta, format):
    must(header.get("format") == format, "its format is {!r}, this course reads {!r}",
         header.get("format"), format)
    config, alphabet = header["config"], header["alphabet"]
    transformer(**config)
    must(config["vocab_size"] == len(alphabet), "its alphabet has {} characters, its model {} "
         "tokens", len(alphabet), config["vocab_size"])
    must(theta.dtype in (np.float32, np.float64) and np.isfinite(theta).all(), "its parameters are "
         "not finite float32 or float64 numbers")
    wanted = parameter_count(**config)
    must(theta.shape == (wanted,), "its parameters have shape {}, a model of its sizes has {:,}",
         theta.shape, wanted)
    must(config["context"] <= 1 << 20, "its context is {:,}; nothing of this course reads as far",
         config["context"])
