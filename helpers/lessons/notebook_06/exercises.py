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


@exercise("6.4")
def combined_gradient(answer):
    """The gradient of a batch from those of its shares, of equal and of unequal sizes."""
    rng = np.random.default_rng(64)
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


@exercise("6.5")
def nucleus(answer):
    """Top-p on random distributions, sure and unsure ones, and a top_p of 1 that cuts nothing."""
    rng = np.random.default_rng(65)
    sizes = [(6, 1.0, 0.5), (20, 0.3, 0.9), (9, 5.0, 0.8), (5, 0.2, 1.0)]  # V, evenness, top_p
    cases = [(np.array([0.1, 0.45, 0.37, 0.08]), 0.5)]
    cases += [(rng.dirichlet(np.full(V, even)), top_p) for V, even, top_p in sizes]
    for p, top_p in cases:
        order = np.argsort(-p)
        share = np.cumsum(p[order])
        many = int(np.searchsorted(share, top_p * (1 - 1e-12))) + 1  # this many stay
        many = min(many, len(p))

        def kept(places, p=p):
            result = np.zeros_like(p)
            result[places] = p[places]
            return result

        right = kept(order[:many]) / p[order[:many]].sum()
        result = array(call(answer, p, top_p), what="the distribution").astype(float)
        if result.ndim == 1 and result.size == many < len(p):
            raise Wrong(f"{many} probabilities for {len(p)} tokens; those that are cut stay in "
                        "the array, as zeros")  # fmt: skip
        result = array(result, p.shape, "the distribution")
        if close(result, right):
            continue
        said = f"for p = {np.round(p, 2).tolist()} and top_p = {top_p}" if len(p) < 8 else "there"
        if not np.isfinite(result).all():
            raise Wrong(f"{said} some probabilities are not finite; was everything cut?")
        if many < len(p) and close(result, p):
            raise Wrong("nothing was cut; all tokens are still possible")
        if close(result, kept(order[:many])):
            raise Wrong("the right tokens are left, but they do not sum to 1; scale them up")
        if close(result, np.sort(right)[::-1]):
            raise Wrong("the result is sorted; put each probability back to its own token: "
                        "kept[order] = …")  # fmt: skip
        fewer = order[: many - 1]
        if close(result, kept(fewer) / max(p[fewer].sum(), 1e-300)):
            raise Wrong(
                f"{said} what you keep has only {p[fewer].sum():.2f} together; the token that "
                "crosses the line stays, too"
            )
        upward = order[::-1]
        few = upward[: int(np.searchsorted(np.cumsum(p[upward]), top_p)) + 1]
        if close(result, kept(few) / p[few].sum()):
            raise Wrong("you began with the least likely tokens; np.argsort sorts upward: -p")
        for many_wrong in (int(round(top_p)), max(int(top_p * len(p)), 1), 1):
            few = order[:many_wrong]
            if len(few) and close(result, kept(few) / p[few].sum()):
                raise Wrong(f"{said} you keep {len(few)} tokens; {many} are needed to have "
                            f"{top_p} together")  # fmt: skip
        if not close(result.sum(), 1):
            raise Wrong(f"the probabilities sum to {result.sum():.4f}, not to 1")
        raise Wrong(f"{said} you keep {np.count_nonzero(result)} tokens, expected {many}")


@exercise("6.6")
def cache_cost(answer):
    """The size of a full cache and the products of its last step, for several models."""
    for V, T, d, B in [(62, 64, 128, 4), (11, 8, 6, 3), (30, 20, 10, 1)]:
        result = call(answer, V, T, d, B)
        if not isinstance(result, (tuple, list, np.ndarray)) or len(result) != 2:
            raise Wrong("give back two numbers: numbers held, multiplications")
        numbers = float(array(result[0], (), "the first result"))
        products = float(array(result[1], (), "the second result"))
        sizes = f"for V={V}, T={T}, d={d}, B={B}"
        right = 2 * B * T * d
        for value, what in [
            (B * T * d, "that is the keys; the values are held, too"),
            (2 * T * d, "that is one block; every block has keys and values of its own"),
            (T * d, "keys and values, in every block: you are 2 B times short"),
            (3 * B * T * d, "the queries need not be kept: no later token asks for them"),
            (2 * B * T * T, "the weights are not kept; keys and values have d numbers a place"),
            (8 * B * T * d, "that is in bytes of float32; count numbers"),
            (2 * B * d, "that is one token; a full cache holds T of them"),
        ]:
            if numbers != right and numbers == value:
                raise Wrong(f"numbers held, {sizes}: {what}")
        if numbers != right:
            raise Wrong(f"numbers held, {sizes}: you have {numbers:,.0f}, a cache {right:,}")
        row, attend = 12 * B * d * d, 2 * B * T * d
        right = row + attend + d * V
        for value, what in [
            (T * right, "that is the plain way, for all T rows; the cache needs one of them"),
            (row + d * V, "the query still meets T keys, and mixes T values"),
            (row + attend, "the head is missing: d V"),
            (row + attend // 2 + d * V, "scores take T d and the mix another T d in each block"),
            (row + T * attend + d * V, "T² is for T queries; there is one"),
            (row // B + attend // B + d * V, "that is one block; there are B"),
            (row + 2 * T * d + d * V, "every block has scores and a mix"),
            (4 * B * d * d + attend + d * V, "the MLP is missing: 8 d² in each block"),
            (8 * B * d * d + attend + d * V, "attention has linear layers, too: 4 d² in each"),
            (right + B * 13 * d, "biases and normalizations are added, not multiplied"),
        ]:
            if products != right and products == value:
                raise Wrong(f"multiplications, {sizes}: {what}")
        if products != right:
            raise Wrong(f"multiplications, {sizes}: you have {products:,.0f}, one row {right:,}")
