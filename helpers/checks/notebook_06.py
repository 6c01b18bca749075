"""What the exercises of notebook 06, the mini generative transformer, must satisfy."""

import math

import numpy as np

from helpers.checks import Wrong, array, call, close, exercise


@exercise("6.1")
def next_token_examples(answer):
    """Windows of a text and the tokens that come next, for several starts and contexts."""
    rng = np.random.default_rng(61)
    for length, n, context in [(50, 4, 6), (300, 9, 20), (12, 1, 3)]:
        tokens = rng.permutation(length) + 100  # all different, so that a place can be told
        starts = rng.integers(0, length - context, n)
        result = call(answer, tokens, starts, context)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Wrong("give back two arrays: inputs, targets")
        inputs, targets = (np.asarray(part) for part in result)
        right = tokens[starts[:, None] + np.arange(context)]
        after = tokens[starts[:, None] + np.arange(context) + 1]
        if inputs.shape == (context, n) and n != context:
            raise Wrong(
                f"inputs has shape (T, N) = {inputs.shape}; a window is a row, so make it (N, T): "
                "starts is the column"
            )
        array(inputs, (n, context), "inputs")
        array(targets, (n, context), "targets")
        if close(inputs, after):
            raise Wrong("inputs is one place too far to the right; a window begins at its start")
        if not close(inputs, right):
            if close(inputs, starts[:, None] + np.arange(context)):
                raise Wrong("inputs holds places, not tokens; use it as an index: tokens[places]")
            raise Wrong("inputs is not tokens[start], tokens[start + 1], … in each row")
        if close(targets, inputs):
            raise Wrong("targets equals inputs; each target is the token AFTER the input")
        if close(targets, inputs + 1):
            raise Wrong("you added 1 to the tokens; add it to the places, and look up again")
        if close(targets[:, :-1], inputs[:, 1:]) and not close(targets, after):
            raise Wrong(
                "the last target of each row is wrong; it is the token behind the window, so it "
                "cannot come from inputs"
            )
        if not close(targets, after):
            raise Wrong("targets[i, t] should be the token that follows inputs[i, t] in the text")


@exercise("6.2")
def bigram_loss(answer):
    """The held-out loss of a table of pairs, for small random texts and alphabets."""
    rng = np.random.default_rng(62)
    for V, length in [(3, 60), (7, 400), (11, 50)]:
        share = rng.dirichlet(np.ones(V))
        train, validation = rng.choice(V, length, p=share), rng.choice(V, length // 2)
        counts = np.zeros((V, V))
        np.add.at(counts, (train[:-1], train[1:]), 1)
        result = float(array(call(answer, train, validation, V), (), "the loss"))

        def loss(counts, text=validation, axis=1):
            with np.errstate(divide="ignore", invalid="ignore"):
                table = counts / counts.sum(axis=axis, keepdims=True)
                return -np.log(table[text[:-1], text[1:]]).mean()

        right = loss(counts + 1)
        if close(result, right):
            continue
        if result < 0 and close(-result, right):
            raise Wrong("the sign is off: the loss is minus the logarithm")
        if close(result, right / math.log(2)):
            raise Wrong("you used log2, so the unit is bits; for nats use np.log")
        if close(result, loss(counts + 1, axis=0)):
            raise Wrong(
                "you normalized over axis 0; counts[a, b] are the followers of a, so each ROW "
                "must sum to 1: axis 1"
            )
        if close(result, loss((counts + 1).T, axis=1)):
            raise Wrong("the pair is turned round: a, the row, comes first, b follows it")
        if close(result, loss(counts + 1, train)):
            raise Wrong("this is the loss on train, which the table was counted from; judge by "
                        "validation")  # fmt: skip
        if not math.isfinite(result) or close(result, loss(counts)):
            raise Wrong("a pair that never occurred in train has probability 0, and costs "
                        "infinitely much in validation; add 1 to every count")  # fmt: skip
        total = (counts + 1) / (counts + 1).sum()
        if close(result, -np.log(total[validation[:-1], validation[1:]]).mean()):
            raise Wrong(
                "the whole table sums to 1; p(b | a) is a distribution for each a, so each row must"
            )
        raise Wrong(f"on a small text your loss is {result:.4f}, expected {right:.4f}")


@exercise("6.3")
def softmax_backward(answer):
    """The Jacobian of a softmax applied to a gradient, for one to four axes."""
    rng = np.random.default_rng(63)
    for shape in [(5,), (3, 4), (2, 3, 6), (2, 2, 4, 4)]:
        p = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        dp = rng.normal(size=shape)
        right = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
        result = call(answer, dp, p)
        if close(result, p * dp):
            raise Wrong(
                "p · dp is only the first term; raising one score also lowers every other weight "
                "of its row"
            )
        if close(result, p * (1 - p) * dp):
            raise Wrong("p (1 - p) is the diagonal of the matrix; the entries beside it count too")
        if close(result, p * (dp - dp.sum(axis=-1, keepdims=True))):
            raise Wrong("the inner sum is of dp · p, not of dp alone")
        if close(result, p * (dp - dp.mean(axis=-1, keepdims=True))):
            raise Wrong("the mean of dp is weighted by p: the sum of dp · p")
        if close(result, p * (dp - np.sum(dp * p))) and np.ndim(p) > 1:
            raise Wrong("you summed over everything; each row is a softmax of its own: axis -1")
        if close(result, p * (np.sum(dp * p, axis=-1, keepdims=True) - dp)):
            raise Wrong("the sign is turned round")
        if not close(array(result, shape, "ds"), right):
            raise Wrong("ds does not agree with dp times the matrix of ∂p/∂s; check it for T = 2")


@exercise("6.4")
def parameter_count(answer):
    """The number of parameters, for several sizes; compared with models that are really built."""
    from helpers.layers import flatten
    from helpers.transformer import Transformer

    for V, T, d, B in [(5, 3, 4, 1), (62, 64, 128, 4), (11, 7, 6, 3)]:
        result = array(call(answer, V, T, d, B), (), "the count")
        model = Transformer(V, context=T, width=d, heads=2, blocks=B)
        right = flatten(model)[0].size
        missing = right - float(result)
        sizes = f"V={V}, T={T}, d={d}, B={B}"
        for value, name in [
            (2 * d, "the last normalization, in front of the logits"),
            (T * d, "the positions"),
            (V * d + V, "the last linear layer, from features to logits"),
            (V, "the bias of the last linear layer"),
            (B * 9 * d, "the biases of the four linear layers in each block"),
            (B * 9 * d + V, "all biases: nine times d in each block, and V at the end"),
            (B * 4 * d, "the two normalizations in each block"),
            (B * 4 * d + 2 * d, "every normalization: γ and β are parameters too"),
            (B * 4 * d * d, "either attention or one of the MLP's two layers in each block"),
        ]:
            if missing == value:
                raise Wrong(f"for {sizes} you are {value:,} short; that is {name}")
        if missing:
            raise Wrong(f"for {sizes} you count {float(result):,.0f}, but theta has {right:,}")


@exercise("6.5")
def combined_gradient(answer):
    """The gradient of a batch from those of its shares, of equal and of unequal sizes."""
    rng = np.random.default_rng(65)
    for sizes in [np.array([7, 5]), np.array([1, 4, 2]), np.array([6, 6])]:
        n = len(sizes)
        gradients = rng.normal(size=(n, 4))
        right = sizes @ gradients / sizes.sum()
        result = call(answer, gradients, sizes)
        if close(result, right):
            continue
        if close(result, gradients.mean(axis=0)):
            raise Wrong(
                f"for sizes {sizes.tolist()} this is the plain mean; a worker with more sequences "
                "counts more"
            )
        if close(result, gradients.sum(axis=0)):
            raise Wrong("this is the sum of the means; with n workers it is about n times too long")
        if close(result, sizes @ gradients):
            raise Wrong("this is a sum over all sequences; the loss is a mean: divide by how many")
        if close(result, sizes @ gradients / n):
            raise Wrong("divide by the number of sequences, not by the number of workers")
        if np.shape(result) == (n, 4):
            raise Wrong("add up over the workers: one gradient comes out, of shape (P,)")
        if np.shape(result) == (n,):
            raise Wrong("you added up over the parameters; the workers are axis 0")
        array(result, (4,), "the gradient")
        raise Wrong(f"for sizes {sizes.tolist()} the gradient is not that of the whole batch")


@exercise("6.6")
def next_probabilities(answer):
    """Temperature and top-k on random logits, with ties and without a top-k that bites."""
    rng = np.random.default_rng(66)
    for V, temperature, k in [(6, 0.5, 3), (20, 2.0, 5), (9, 1.3, 9), (5, 0.7, 1)]:
        logits = rng.normal(0, 2, V)

        def softmax(z):
            p = np.exp(z - z.max())
            return p / p.sum()

        keep = logits >= np.sort(logits)[-k]
        right = softmax(np.where(keep, logits / temperature, -np.inf))
        result = array(call(answer, logits, temperature, k), (V,), "the distribution")
        result = result.astype(float)
        if close(result, right):
            continue
        if not np.isfinite(result).all():
            raise Wrong("some probabilities are not finite; give the dropped ones exactly 0")
        if close(result, softmax(np.where(keep, logits * temperature, -np.inf))):
            raise Wrong("you multiplied by the temperature; divide, so that a low one is safer")
        if close(result, np.where(keep, softmax(logits / temperature), 0)):
            raise Wrong("after cutting, the rest must be scaled up to sum to 1 again")
        if close(result, softmax(logits / temperature)):
            raise Wrong("all tokens are still possible; only the k most likely may be drawn")
        if close(result, softmax(np.where(keep, logits, -np.inf))):
            raise Wrong("the temperature has no effect")
        if close(result, softmax(np.where(keep, logits / temperature, 0))):
            raise Wrong("a score of 0 is not probability 0; give the dropped tokens -inf")
        smallest = logits <= np.sort(logits)[k - 1]
        if close(result, softmax(np.where(smallest, logits / temperature, -np.inf))):
            raise Wrong("you kept the k least likely tokens; np.sort puts the largest last: [-k]")
        p = softmax(logits)
        if close(result, np.where(keep, p, 0) / temperature / p[keep].sum()):
            raise Wrong("divide the logits by the temperature, not the probabilities")
        if not close(result.sum(), 1):
            raise Wrong(f"the probabilities sum to {result.sum():.4f}, not to 1")
        raise Wrong(f"for V={V}, temperature {temperature}, k={k} the probabilities are off")
