"""What input must be. Each guard raises an error that says what is wrong and what to do.

The cells of the notebooks hold the formulas; one line at their top calls a guard. A guard returns
nothing, or the input in the form that the formula needs.
"""

import math
from pathlib import Path

import numpy as np

# --- numbers and arrays (notebook 01) ---


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
        if x.dtype.kind not in "biuf":
            raise TypeError(f"expected real numbers, got an array with dtype {x.dtype}")
    dtype = np.result_type(*(x.dtype for x in arrays))
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    return [x.astype(dtype, copy=False) for x in arrays]


def whole(name, value, least=0, what="a whole number"):
    """Raise TypeError unless `value` is a whole number, ValueError if it is below `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; it must be {what}, {least} or more")
    if value < least:
        raise ValueError(f"{name} is {value!r}; it must be {what}, {least} or more")


def sample(x, what):
    """Return x as floats. Raises ValueError, naming `what` cannot be done, if it holds nothing."""
    (x,) = floats(x)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(f"there is nothing to {what} in an array of shape {x.shape}; give at "
                         "least one example, such as (N, d) with N rows")
    return x


def labels(values, n):
    """Return labels or tokens as an array. Raises unless they are whole numbers from 0 to n - 1."""
    values = np.asarray(values)
    whole("n", n, 1, "the number of classes")
    if values.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers, got dtype {values.dtype}; use "
                        "labels.astype(int) if they are, or argmax(axis=-1) of one-hot rows")
    if values.size and not (values.min() >= 0 and values.max() < n):
        bad = values[(values < 0) | (values >= n)].flat[0]
        raise ValueError(f"label {bad} is not one of 0 to {n - 1}; is {n} the number of classes?")
    return values


def scores(values, axis):
    """Return scores for a softmax as floats.

    Raises ValueError if there are none along the axis, all of them are -inf, or one is +inf.
    """
    (values,) = floats(values)
    if not -values.ndim <= axis < values.ndim or values.shape[axis] == 0:
        raise ValueError(f"softmax needs at least one score along axis {axis}, got {values.shape}")
    if np.isinf(values.max(axis=axis)).any():
        raise ValueError("softmax of scores that are all -inf, or with one that is +inf, is not "
                         "defined; does a mask hide every place of a row?")
    return values


def tables(a, b):
    """Return two tables of points as floats. Raises ValueError unless both are equally wide."""
    a, b = floats(a, b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"expected shapes (N, d) and (M, d) with the same d, got {a.shape} and "
                         f"{b.shape}; a single point is a row: point[None, :]")
    return a, b


# --- parameters and gradients (notebook 02) ---


def parameters(theta, dtype=None):
    """Raise TypeError unless theta is an array of floats; of this dtype, if one is given."""
    fits = isinstance(theta, np.ndarray) and theta.dtype.kind == "f"
    if not fits or (dtype is not None and theta.dtype != dtype):
        got = f"an array of {theta.dtype}" if isinstance(theta, np.ndarray) else repr(theta)
        wanted = "floats" if dtype is None else str(np.dtype(dtype))
        raise TypeError(f"theta must be a NumPy array of {wanted}, because steps change it in "
                        f"place; got {got}. Write theta = np.array([1.0, 1.0])")


def rate(value):
    """Return a learning rate as a float. Raises ValueError unless it is finite and not negative."""
    if not 0 <= float(value) < math.inf:
        raise ValueError(f"the learning rate is {value}; it must be a number from 0 on")
    return float(value)


def gradient(values, theta):
    """Return a gradient as an array with the dtype of theta.

    Raises ValueError unless it is shaped like theta, FloatingPointError if it is not finite.
    """
    with np.errstate(all="ignore"):  # what does not fit into float32 is told below
        values = np.asarray(values, dtype=theta.dtype)
    if values.shape != theta.shape:
        raise ValueError(f"the gradient has shape {values.shape}, theta {theta.shape}; "
                         "give one slope for each parameter")
    if not np.isfinite(values).all():
        bad = ~np.isfinite(values)
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        value = "NaN" if np.isnan(values[place]) else "infinite"
        raise FloatingPointError(
            f"the gradient is {value} at index {place if len(place) > 1 else place[0]}; "
            f"{np.count_nonzero(bad)} of its {bad.size} entries are not finite. theta was left "
            "as it was. Is the input finite? Then try a smaller learning rate, or clip_gradient")
    return values


def mask_of(theta, decays):
    """Return which parameters decay. Raises ValueError unless bool and shaped like theta."""
    decays = np.ones(theta.shape, dtype=bool) if decays is None else np.asarray(decays)
    if decays.shape != theta.shape or decays.dtype != bool:
        raise ValueError(f"decays must be bool of shape {theta.shape}, got {decays.dtype} of "
                         f"shape {decays.shape}")
    return decays


def same_size(a, b):
    """Return two arrays as rows of float64. Raises ValueError unless they are equally long."""
    a, b = (np.asarray(x, dtype=np.float64).ravel() for x in (a, b))
    if a.size != b.size:
        raise ValueError(f"cannot compare {a.size} numbers with {b.size}; are both the gradient "
                         "of the same parameters?")
    return a, b


def finite_length(gradient):
    """Return the length of a gradient. Raises FloatingPointError unless it is finite."""
    with np.errstate(over="ignore", under="ignore"):
        length = float(np.linalg.norm(gradient))
        if not math.isfinite(length):  # too long for float32?
            length = float(np.linalg.norm(gradient.astype(np.float64)))
    if not math.isfinite(length):
        raise FloatingPointError("the gradient is not finite, so it cannot be clipped; try a "
                                 "smaller learning rate")
    return length


# --- layers and losses (notebook 03) ---


def missing(layer, name):
    """Say what to do about an attribute that a layer has not got."""
    kind = type(layer).__name__
    if name in ("theta", "grad") or name.removeprefix("d") in vars(layer).get("shapes", ()):
        return f"{kind} has no {name} yet: call flatten(model)"
    return (f"{kind} has no attribute {name!r}; if backward looked for it: forward keeps it, so "
            "call the layer on its input before backward")


def layers(parts):
    """Raise TypeError unless all parts are layers: objects with a forward and a backward."""
    for part in parts:
        if isinstance(part, type) or not (hasattr(part, "forward") and hasattr(part, "backward")):
            got = f"the class {part.__name__}" if isinstance(part, type) else repr(part)[:60]
            raise TypeError("Sequential takes layers, one after the other, such as "
                            f"Sequential(Linear(2, 3), Tanh()); got {got}")


def flattening(found, size, dtype, theta):
    """Raise unless the layers of a model can get their views into an array of `size` floats."""
    if len({id(layer) for layer in found}) < len(found):
        raise ValueError("a layer is in the model twice; make two layers, for each needs its own "
                         "notes between forward and backward")
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"parameters must be floats, got dtype {np.dtype(dtype)}; take np.float64")
    if theta is not None:
        parameters(theta)
        if theta.shape != (size,):
            raise ValueError(f"theta has shape {theta.shape}, the model has {size} parameters")


def features(x, n, layer, dtype=None):
    """Raise TypeError unless x is an array, ValueError unless its last axis holds n features.

    dtype: that of the layer's parameters; an x that would turn the results into another one (a
    float64 x in a float32 model) raises TypeError.
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{layer} got a {type(x).__name__}; give it a NumPy array of floats, such "
                        "as np.array(x, dtype=float)")
    if x.ndim == 0 or x.shape[-1] != n:
        raise ValueError(f"{layer} got an input of shape {x.shape}; its last axis must hold the "
                         f"{n} features")
    if dtype is not None and np.result_type(x, dtype) != dtype:
        raise TypeError(f"{layer} holds {dtype} and got an input of {x.dtype}; write "
                        f"x.astype(np.{dtype})")


def unchanged(layer, before, after):
    """Raise ValueError if one of several arrays, {what it is: array}, is no longer as it was."""
    for what, array in before.items():
        if not np.array_equal(array, after[what], equal_nan=array.dtype.kind == "f"):
            raise ValueError(f"{type(layer).__name__} changes {what}; forward and backward may "
                             "write only what they keep, and the gradients of the parameters")


def pairs(guesses, targets, what="guesses"):
    """Return guesses and targets as floats of one dtype.

    Raises ValueError unless they have the same shape and hold at least one number.
    """
    if np.shape(guesses) != np.shape(targets):
        raise ValueError(f"{what} have shape {np.shape(guesses)}, targets {np.shape(targets)}; "
                         "they must be the same")
    (guesses,) = floats(guesses)
    if guesses.size == 0:
        raise ValueError(f"there are no {what}: the mean over no examples is not defined")
    return guesses, np.asarray(targets, dtype=guesses.dtype)


def yes_or_no(logits, targets):
    """Like `pairs`, and raises ValueError unless the targets are from 0 to 1."""
    logits, targets = pairs(logits, targets, "logits")
    if not (targets.min() >= 0 and targets.max() <= 1):
        raise ValueError(f"targets must be from 0 (no) to 1 (yes), got {targets.min():g} to "
                         f"{targets.max():g}")
    return logits, targets


def classes(logits, targets):
    """Raise unless targets (...) are whole numbers that name classes of logits (..., V)."""
    if not isinstance(logits, np.ndarray) or logits.dtype.kind != "f":
        got = f"dtype {logits.dtype}" if isinstance(logits, np.ndarray) else repr(logits)[:40]
        raise TypeError(f"logits must be an array of floats, got {got}")
    if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iu":
        got = f"dtype {targets.dtype}" if isinstance(targets, np.ndarray) else repr(targets)[:40]
        raise TypeError(f"labels must be an array of integers, got {got}; from one-hot rows, take "
                        "argmax(axis=-1)")
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"labels of shape {targets.shape} do not fit logits of shape "
                         f"{logits.shape}; expected one label for each row, {logits.shape[:-1]}")
    if targets.size == 0:
        raise ValueError("there are no labels: the mean over no examples is not defined")
    labels(targets, logits.shape[-1])


def fitting(model, optimizer, inputs, targets, epochs, batch_size):
    """Raise unless a model can be trained by an optimizer on these examples."""
    if optimizer.theta is not model.theta:
        raise ValueError("the optimizer moves another theta than that of this model; make it from "
                         "model.theta, after flatten and after any copy of the model")
    whole("epochs", epochs, 1)
    whole("batch_size", batch_size, 1)
    for name, array in (("inputs", inputs), ("targets", targets)):
        if not isinstance(array, np.ndarray) or array.ndim == 0 or len(array) == 0:
            raise ValueError(f"{name} must be an array of at least one example, got "
                             f"{array.shape if isinstance(array, np.ndarray) else type(array)}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} hold {np.count_nonzero(~np.isfinite(array))} numbers that "
                             "are NaN or infinite; a model cannot learn from them")
    if len(inputs) != len(targets):
        raise ValueError(f"there are {len(inputs)} inputs but {len(targets)} targets; each input "
                         "needs one target")


# --- perceptrons and bits (notebook 04) ---


def finite(values, what):
    """Return values as an array of floats, a copy. Raises ValueError if one is NaN or infinite."""
    (values,) = floats(values)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} must be finite numbers, got {values[~np.isfinite(values)][0]}")
    return values.copy()


def neuron(weights, bias):
    """Return the weights (n,) of a perceptron and its bias, a float. Raises if they are not."""
    weights, bias = finite(weights, "the weights"), finite(bias, "the bias")
    if weights.ndim != 1 or weights.size == 0 or bias.ndim != 0:
        raise ValueError("a perceptron needs weights of shape (n,), one for each input, and a "
                         f"single bias; got {weights.shape} and {bias.shape}")
    return weights, float(bias)


def inputs(x, n):
    """Return the inputs (..., n) of a perceptron as floats. Raises unless they are finite and n."""
    x = finite(x, "the inputs")
    if x.ndim == 0 or x.shape[-1] != n:
        raise ValueError(f"this perceptron has {n} inputs, got shape {x.shape}; give one array for "
                         f"each, or to decide() a table of rows (..., {n})")
    return x


def examples(x, targets, n):
    """Return x (N, n) as floats and targets as a list of N whole numbers, 0 and 1."""
    x, targets = finite(x, "the inputs"), finite(targets, "the targets")
    if x.ndim != 2 or x.shape[1] != n or targets.shape != x.shape[:1] or x.shape[0] == 0:
        raise ValueError(f"expected x of shape (N, {n}) and targets of shape (N,), with at least "
                         f"one example; got {x.shape} and {targets.shape}")
    strange = targets[(targets != 0) & (targets != 1)]
    if strange.size:
        raise ValueError(f"targets must be 0 or 1, got {strange[0]:g}; for two classes of any "
                         "other names write (labels == one_of_them)")
    return x, targets.astype(int).tolist()


def fits_in_bits(numbers, n):
    """Return whole numbers as an array. Raises unless n bits can hold them."""
    whole("n", n, 1, "the number of bits")
    numbers = np.asarray(numbers)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"bits are for whole numbers, got an array of {numbers.dtype}")
    if numbers.size and (numbers.min() < 0 or numbers.max() >= 2**n):
        bad = numbers[(numbers < 0) | (numbers >= 2**n)].flat[0]
        raise ValueError(f"{n} bits hold 0 to {2**n - 1}, not {bad}")
    return numbers


def bits(values, what="bits", axes=1):
    """Return bits as an array of whole numbers. Raises unless every one is 0 or 1."""
    (values,) = floats(values)
    strange = values[(values != 0) & (values != 1)]
    if strange.size:
        raise ValueError(f"{what} must be 0 or 1, got {strange.flat[0]:g}; to_bits(number, n) "
                         "makes the n bits of a number")
    if values.ndim < axes:
        raise ValueError(f"{what} must be an array (..., n), the lowest bit first; got {values:g}")
    return values.astype(np.int64)


def addends(a, b, carry):
    """Return the bits of two numbers and of a carry. Raises ValueError unless a, b are as long."""
    a, b, carry = bits(a), bits(b), bits(carry, "the carry", 0)
    if a.shape[-1] != b.shape[-1] or a.shape[-1] == 0:
        raise ValueError(f"expected as many bits in both numbers, got {a.shape} and {b.shape}; "
                         "to_bits(number, n) makes the n bits of a number")
    return a, b, carry


# --- attention (notebook 05) ---


def rows(tokens, size):
    """Return tokens as an array. Raises TypeError or ValueError unless each is a row of a table."""
    tokens = np.asarray(tokens)
    if tokens.dtype.kind not in "iu":
        raise TypeError(f"tokens must be integers, got {tokens.dtype}; an embedding looks rows up "
                        "by their number")
    if tokens.size and not (tokens.min() >= 0 and tokens.max() < size):
        wrong = tokens[(tokens < 0) | (tokens >= size)].flat[0]
        raise ValueError(f"token {wrong} is outside the table, which has rows 0 to {size - 1}; was "
                         "it made for another vocabulary?")
    return tokens


def places(length, width):
    """Raise unless `length` places can have positions of `width` features, which come in pairs."""
    whole("length", length, 0, "a number of places")
    whole("width", width, 2, "an even number of features")
    if width % 2:
        raise ValueError(f"width is {width}; sines and cosines come in pairs, so it must be even")


def heads(x, number):
    """Raise ValueError unless x (N, T, d) can be split over so many heads."""
    if x.ndim != 3 or number < 1 or x.shape[-1] % number:
        raise ValueError(f"x has shape {x.shape}; to split it over {number} heads it must be (N, "
                         f"T, d) with d a multiple of {number}")


def divisible(width, heads, rotary=False):
    """Raise unless a width can be shared out evenly to the heads; in pairs, if they are rotary."""
    whole("width", width, 1)
    whole("heads", heads, 1)
    if width % heads:
        raise ValueError(f"a width of {width} cannot be split over {heads} heads; "
                         "choose a width that is a multiple of the heads")
    if rotary and width // heads % 2:
        raise ValueError(f"each of the {heads} heads has {width // heads} features; rotary "
                         "positions turn pairs, so it must be an even number")


def sequences(x, width):
    """Raise ValueError unless x is (N, T, width)."""
    if not isinstance(x, np.ndarray) or x.ndim != 3 or x.shape[-1] != width:
        raise ValueError(f"x has shape {np.shape(x)}; this layer needs an array (N, T, {width}): "
                         f"N sequences of T places with {width} features")


def attention(queries, keys, values, mask=None):
    """Raise TypeError or ValueError, saying what is wrong, unless `attend` can use the arrays."""
    for name, x in (("queries", queries), ("keys", keys), ("values", values)):
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
            got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(f"{name} must be an array of floats, got {got}; use "
                            f"np.asarray({name}, dtype=float)")
        if x.ndim < 2 or x.shape[:-2] != queries.shape[:-2]:
            raise ValueError(f"{name} have shape {x.shape}, queries {queries.shape}; each needs "
                             "(..., places, features), with the same axes in front")
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError(f"queries have {queries.shape[-1]} features, keys {keys.shape[-1]}; a dot "
                         "product needs as many of both")
    if keys.shape[-2] != values.shape[-2]:
        raise ValueError(f"there are {keys.shape[-2]} keys but {values.shape[-2]} values; each key "
                         "needs one value")
    if mask is None:
        return
    shape = (queries.shape[-2], keys.shape[-2])
    axes = queries.shape[:-2]
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape[-2:] != shape:
        got = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else repr(mask)
        raise ValueError(f"the mask is {got}; it must be bool, (queries, keys) = {shape}, True "
                         "where a query may look")
    if mask.ndim > queries.ndim or any(m not in (1, n) for m, n in
                                       zip(mask.shape[-3::-1], axes[::-1], strict=False)):
        raise ValueError(f"the mask has shape {mask.shape}, the scores {(*axes, *shape)}; the mask "
                         "must fit them by broadcasting")


# --- language models (notebook 06) ---


def tokens(values, vocab_size, context=None):
    """Raise TypeError or ValueError unless `values` are tokens (N, T) that a model can read."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
        got = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        raise TypeError(f"tokens must be an array of integers, got {got}; a tokenizer makes them: "
                        "tokenizer.encode(text)")
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"tokens have shape {values.shape}; expected (N, T): N texts of T tokens, "
                         "1 or more of both. One text is a row: tokens[None, :]")
    if context is not None and values.shape[1] > context:
        raise ValueError(f"the texts have {values.shape[1]} tokens, the context holds {context}; "
                         f"give the last {context}: tokens[:, -{context}:]")
    if values.min() < 0 or values.max() >= vocab_size:
        bad = values[(values < 0) | (values >= vocab_size)][0]
        raise ValueError(f"token {bad} is outside the vocabulary, 0 to {vocab_size - 1}; was the "
                         "text encoded by the tokenizer of this model?")


def training(model, text, steps, batch_size):
    """Raise ValueError or TypeError unless a model can be trained on the tokens of a text."""
    if not hasattr(model, "theta"):
        raise ValueError("the model has no parameters yet: call flatten(model) before train")
    whole("steps", steps, 1)
    whole("batch_size", batch_size, 1)
    text = np.asarray(text)
    if text.ndim != 1 or len(text) <= model.config["context"]:
        raise ValueError(f"a text of shape {text.shape} is too short for a context of "
                         f"{model.config['context']}; it needs one axis, and one token more")
    tokens(text[None, :], model.config["vocab_size"])


def sampling(logits, temperature, top_k, top_p):
    """Return logits as float64. Raises unless the next token can be drawn from them like this."""
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 1 or logits.size == 0 or np.isnan(logits).any():
        raise ValueError(f"logits have shape {logits.shape}; expected (V,) numbers, one for each "
                         "token, none of them NaN")
    if isinstance(temperature, bool) or not (temperature >= 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature is {temperature}; it must be 0 (greedy) or more")
    if top_k is not None:
        whole("top_k", top_k, 1, "None for all tokens, or a whole number")
    if top_p is not None and (isinstance(top_p, bool) or not 0 < top_p <= 1):
        raise ValueError(f"top_p is {top_p}; it must be above 0 and at most 1, or None for all "
                         "tokens")
    return logits


def transformer(vocab_size, context, width, heads, blocks, causal, positions):
    """Raise TypeError or ValueError unless a transformer can be built with these sizes."""
    for name, value in [("vocab_size", vocab_size), ("context", context), ("blocks", blocks)]:
        whole(name, value, 1)
    divisible(width, heads, positions == "rotary")
    if not isinstance(causal, (bool, np.bool_)):
        raise TypeError(f"causal is {causal!r}; it must be True or False")
    if positions not in ("rotary", "learned"):
        raise ValueError(f"positions is {positions!r}; it must be 'rotary' or 'learned'")


def parameter_count(vocab_size, context, width, heads, blocks, causal, positions):
    """How many parameters a transformer of these sizes has."""
    table = (vocab_size + (context if positions == "learned" else 0)) * width
    head = width * vocab_size + vocab_size
    return table + blocks * (12 * width * width + 13 * width) + 2 * width + head


def long_enough(text, context):
    """Raise ValueError unless a text has at least one window with a token behind it."""
    if np.ndim(text) != 1 or len(text) <= context:
        raise ValueError(f"a text of shape {np.shape(text)} is too short for a context of "
                         f"{context}; it needs one axis, and at least one token more")


def finite_loss(loss, step):
    """Raise FloatingPointError if the loss of a step is no longer a number."""
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss became {loss} at step {step}; if the parameters were "
                                 "finite before it, try a smaller learning_rate")


def cacheable(model):
    """Raise ValueError for a model whose keys depend on what comes later."""
    if not model.config["causal"]:
        raise ValueError("a model without the mask cannot be cached: what it computes at a place "
                         "changes with every later token")


def room(values, cache):
    """Return tokens as a row (1, T). Raises unless they fit into what a cache has left."""
    values = np.asarray(values)[None]
    tokens(values, cache.model.config["vocab_size"])
    if cache.length + values.shape[1] > cache.context:
        raise ValueError(f"{cache.length} tokens were read and {values.shape[1]} more do not fit "
                         f"into the context of {cache.context}; read the end of the text again, "
                         "for example its last half")
    return values


def prompt(values, length, model):
    """Return the tokens of a prompt (T,). Raises unless a model can continue it by `length`."""
    values = np.asarray(values)
    whole("length", length, 0, "how many tokens to add")
    if values.size == 0:
        raise ValueError("the prompt is empty, but a model continues a text: give it at least one "
                         "character, such as a line end")
    tokens(values[None], model.config["vocab_size"])
    return values


def worth_keeping(model, tokenizer):
    """Raise ValueError unless a model can be saved with a tokenizer."""
    same_vocabulary(model, tokenizer)
    if model.theta.dtype not in (np.float32, np.float64):
        raise ValueError(f"the parameters are {model.theta.dtype}; a checkpoint holds float32 or "
                         "float64: flatten(model, theta=model.theta.astype(np.float32))")
    if not np.isfinite(model.theta).all():
        raise ValueError("the model has parameters that are not finite; it is not worth keeping")


def checkpoint_file(path):
    """Raise FileNotFoundError unless there is a file."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}; save(path, model, tokenizer) "
                                "makes one")


def checkpoint(header, theta, format):
    """Raise ValueError or TypeError unless a header and parameters belong to one model."""
    if header.get("format") != format:
        raise ValueError(f"its format is {header.get('format')!r}, this course reads {format!r}")
    config = header["config"]
    transformer(**config)
    if config["vocab_size"] != len(header["alphabet"]):
        raise ValueError(f"its alphabet has {len(header['alphabet'])} characters, its model "
                         f"{config['vocab_size']} tokens")
    if theta.dtype not in (np.float32, np.float64) or not np.isfinite(theta).all():
        raise ValueError("its parameters are not finite float32 or float64 numbers")
    wanted = parameter_count(**config)
    if theta.shape != (wanted,):
        raise ValueError(f"its parameters have shape {theta.shape}, a model of its sizes has "
                         f"{wanted:,}")
    if config["context"] > 1 << 20:
        raise ValueError(f"its context is {config['context']:,}; nothing of this course reads as "
                         "far")


def same_vocabulary(model, tokenizer):
    """Raise ValueError if a model and a tokenizer do not belong together."""
    if tokenizer.vocab_size != model.config["vocab_size"]:
        raise ValueError(f"the tokenizer has {tokenizer.vocab_size} tokens, the model "
                         f"{model.config['vocab_size']}; use the one that it was trained with")


# --- modern parts (notebook 07) ---


def even(x, layer):
    """Raise ValueError unless the last axis of x can be cut in two halves."""
    if not isinstance(x, np.ndarray) or x.ndim == 0 or x.shape[-1] % 2:
        raise ValueError(f"{layer} got an input of shape {np.shape(x)}; its last axis must hold "
                         "two vectors side by side, so an even number of features")


def matrix(x):
    """Raise ValueError unless x is a matrix of floats."""
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.kind != "f":
        got = f"{x.dtype} of shape {x.shape}" if isinstance(x, np.ndarray) else repr(x)
        raise ValueError(f"singular values need a matrix (m, n) of floats, got {got}; vectors, "
                         "such as biases, are for Adam")
