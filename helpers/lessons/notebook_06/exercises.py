"""The exercises of notebook 06: what is right, what it is tried on, and the mistakes."""

import math

import numpy as np

from helpers.arrays import softmax
from helpers.checks import Exercise, call, call_method, numbers
from helpers.layers import Layer, SoftmaxCrossEntropy, flatten
from helpers.optimizers import Adam, clip_gradient
from helpers.transformer import Block, Transformer


def answers(exercise, table):
    """Add mistakes from a table of (diagnosis, function)."""
    for diagnosis, answer in table:
        exercise.mistake(diagnosis, answer)


def setting(*sizes):
    """A case of a probe that makes its own arguments; no message needs to name its sizes."""
    return (lambda: sizes,)


# --- 6.1 ---

_rng = np.random.default_rng(61)


def text_case(length, n, context):
    """A text whose tokens are all different, so that a place can be told from its token."""
    starts = _rng.integers(1, length - context, n)
    starts[0] = length - context - 1  # the last window that has a token behind it
    return _rng.permutation(length) * 3 + 100, starts, context


def examples(my_tokens, my_starts, my_context):
    places = my_starts[:, None] + np.arange(my_context)
    return my_tokens[places], my_tokens[places + 1]


def places_of(tokens, starts, context):
    return starts[:, None] + np.arange(context)


ex1 = Exercise("6.1", examples, [text_case(53, 4, 7), text_case(301, 9, 20), text_case(17, 1, 3)],
               parts=("inputs", "targets"))
answers(ex1, [
    ("each target should be the token AFTER its input; here targets equal inputs",
     lambda t, s, T: (t[places_of(t, s, T)], t[places_of(t, s, T)])),
    ("you added 1 to the tokens; add it to the places, and look up again",
     lambda t, s, T: (t[places_of(t, s, T)], t[places_of(t, s, T)] + 1)),
    ("the last target of each row is wrong: it stands behind the window, so that it cannot come "
     "from the inputs", lambda t, s, T: (t[places_of(t, s, T)],
                                         np.roll(t[places_of(t, s, T)], -1, axis=1))),
    ("these are places, not tokens; use them as an index: tokens[places]",
     lambda t, s, T: (places_of(t, s, T), places_of(t, s, T) + 1)),
    ("a window is a row, so make it (N, T): the starts are the column",
     lambda t, s, T: (t[places_of(t, s, T).T], t[places_of(t, s, T).T + 1])),
    ("both are one place too far to the right; a window begins at its start",
     lambda t, s, T: (t[places_of(t, s, T) + 1], t[places_of(t, s, T) + 2 - (s.max() + T + 1 >=
                                                                       len(t))])),
    ("the targets are the tokens BEFORE the inputs; 1 has to be added to the places",
     lambda t, s, T: (t[places_of(t, s, T)], t[places_of(t, s, T) - 1])),
    ("inputs and targets are swapped; the targets come one place later",
     lambda t, s, T: (t[places_of(t, s, T) + 1], t[places_of(t, s, T)])),
    ("the windows lie one behind the other from the first start on; each has a start of its own",
     lambda t, s, T: (t[(s[0] + np.arange(len(s) * T)) % len(t)].reshape(-1, T),
                      t[(s[0] + 1 + np.arange(len(s) * T)) % len(t)].reshape(-1, T))),
])
ex1.told("give 2 things", lambda t, s, T: t[places_of(t, s, T)])
ex1.told("has shape", lambda t, s, T: (t[s], t[s + 1]))
ex1.told("raised", lambda t, s, T: t[s + np.arange(T)[:, None], 1])


# --- 6.2 ---


def bigram_loss(my_train, my_play, my_V, one=1, axis=1, log=np.log):
    counts = np.zeros((my_V, my_V)) + one
    np.add.at(counts, (my_train[:-1], my_train[1:]), 1)
    table = counts / counts.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -log(table[my_play[:-1], my_play[1:]]).mean()


def skewed_texts(V, length, seed):
    """Two texts with followers that depend on what stands before; in the second more is rare."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(V, 0.6), V)
    def write(n, share):
        text = [0]
        for _ in range(n - 1):
            own = rng.random() < share
            text.append(rng.choice(V, p=table[text[-1]]) if own else rng.integers(V))
        return np.array(text, dtype=np.intp)
    return write(length, 0.95), write(length // 2 + 1, 0.7), V


ex2 = Exercise("6.2", lambda my_train, my_play, my_V: bigram_loss(my_train, my_play, my_V),
               [skewed_texts(3, 60, 1), skewed_texts(7, 400, 2), skewed_texts(11, 53, 3)])


@ex2.mistake("every pair counts only once here: counts[a, b] += 1 with arrays of places forgets "
             "repetitions; use np.bincount or np.add.at")
def counted_once(my_train, my_play, my_V):
    counts = np.ones((my_V, my_V))
    counts[my_train[:-1], my_train[1:]] += 1
    table = counts / counts.sum(axis=1, keepdims=True)
    return -np.log(table[my_play[:-1], my_play[1:]]).mean()


@ex2.mistake("the whole table sums to 1; p(b | a) is a distribution for each a, so each row must")
def joint(my_train, my_play, my_V):
    counts = np.ones((my_V, my_V))
    np.add.at(counts, (my_train[:-1], my_train[1:]), 1)
    return -np.log((counts / counts.sum())[my_play[:-1], my_play[1:]]).mean()


@ex2.mistake("the table is right, but nothing remembers that 1 was added to each of the V counts "
             "of a row; divide by the row's own sum")
def old_sums(my_train, my_play, my_V):
    counts = np.zeros((my_V, my_V))
    np.add.at(counts, (my_train[:-1], my_train[1:]), 1)
    table = (counts + 1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return -np.log(table[my_play[:-1], my_play[1:]]).mean()


@ex2.mistake("this is the mean of the probabilities, then its logarithm; the logarithm comes first")
def log_of_mean(my_train, my_play, my_V):
    counts = np.ones((my_V, my_V))
    np.add.at(counts, (my_train[:-1], my_train[1:]), 1)
    table = counts / counts.sum(axis=1, keepdims=True)
    return -np.log(table[my_play[:-1], my_play[1:]].mean())


answers(ex2, [
    ("you normalized over axis 0; counts[a, b] are the followers of a, so each ROW must sum to 1: "
     "axis 1", lambda train, play, V: bigram_loss(train, play, V, axis=0)),
    ("you used log2, so the unit is bits; for nats use np.log",
     lambda train, play, V: bigram_loss(train, play, V, log=np.log2)),
    ("you used log10; for nats use np.log",
     lambda train, play, V: bigram_loss(train, play, V, log=np.log10)),
    ("this is the loss on the training text, which the table was counted from; judge by the play",
     lambda train, play, V: bigram_loss(train, train, V)),
    ("the table is counted from the play that it is judged by; count in the training text",
     lambda train, play, V: bigram_loss(play, play, V)),
    ("a pair that never occurred in the training text has probability 0, and costs infinitely "
     "much in the play; add 1 to every count",
     lambda train, play, V: bigram_loss(train, play, V, 0)),
    ("the pair is turned round: a, the row, comes first, b follows it",
     lambda train, play, V: bigram_loss(train[::-1], play, V)),
    ("the sign is off: the loss is minus the logarithm",
     lambda train, play, V: -bigram_loss(train, play, V)),
    ("this is the sum over all pairs; the loss is their mean",
     lambda train, play, V: bigram_loss(train, play, V) * (len(play) - 1)),
    ("this looks at no character before; count pairs",
     lambda train, play, V: -np.log(((np.bincount(train, minlength=V) + 1) / (len(train) + V))[
         play[1:]]).mean()),
    ("this is the perplexity; the loss is its logarithm",
     lambda train, play, V: math.exp(bigram_loss(train, play, V))),
    ("you added a tiny number instead of 1; then a pair that is new costs far too much",
     lambda train, play, V: bigram_loss(train, play, V, 1e-9)),
])
ex2.told("has shape", lambda train, play, V: bigram_loss(train, play, V) * np.ones(len(play) - 1))


# --- 6.3 ---


def norm_backward(my_dy, my_x_hat, my_sigma, my_gamma):
    dx_hat = my_dy * my_gamma
    shift = dx_hat.mean(axis=-1, keepdims=True)
    stretch = (dx_hat * my_x_hat).mean(axis=-1, keepdims=True)
    dx = (dx_hat - shift - my_x_hat * stretch) / my_sigma
    return dx, (my_dy * my_x_hat).sum(axis=0), my_dy.sum(axis=0)


def norm_case(N, d, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(1, 2, (N, d)) * rng.uniform(0.3, 3, (N, 1))
    sigma = np.sqrt(((x - x.mean(1, keepdims=True)) ** 2).mean(1, keepdims=True) + 1e-5)
    return (rng.normal(size=(N, d)), (x - x.mean(1, keepdims=True)) / sigma, sigma,
            rng.normal(1, 0.6, d))


ex3 = Exercise("6.3", norm_backward, [norm_case(5, 4, 1), norm_case(3, 7, 2), norm_case(1, 11, 3)],
               parts=("dx", "dγ", "dβ"))


def norm_wrong(change):
    """The right gradients, of which `change(dy, x_hat, sigma, gamma, right)` replaces dx."""
    def answer(my_dy, my_x_hat, my_sigma, my_gamma):
        right = norm_backward(my_dy, my_x_hat, my_sigma, my_gamma)
        return (change(my_dy, my_x_hat, my_sigma, my_gamma, right[0]), *right[1:])
    return answer


def mean(x):
    return x.mean(axis=-1, keepdims=True)


answers(ex3, [
    ("dx forgets that x moves μ and σ, too; two means along the row have to be taken off",
     norm_wrong(lambda dy, x, s, g, _: dy * g / s)),
    ("dx lacks the last term, x̂ times the mean of dx̂ x̂: every x moves σ",
     norm_wrong(lambda dy, x, s, g, _: (dy * g - mean(dy * g)) / s)),
    ("dx lacks the mean of dx̂: every x moves μ",
     norm_wrong(lambda dy, x, s, g, _: (dy * g - x * mean(dy * g * x)) / s)),
    ("dx is not divided by σ", norm_wrong(lambda dy, x, s, g, right: right * s)),
    ("dx is multiplied by σ; the Jacobian has 1/σ in front",
     norm_wrong(lambda dy, x, s, g, right: right * s * s)),
    ("γ is forgotten: dx̂ = γ dy", norm_wrong(lambda dy, x, s, g, _: (
        dy - mean(dy) - x * mean(dy * x)) / s)),
    ("γ is multiplied at the end; it belongs into dx̂, before the two means are taken",
     norm_wrong(lambda dy, x, s, g, _: g * (dy - mean(dy) - x * mean(dy * x)) / s)),
    ("these are sums along the row where means are due: the Jacobian has 1/d",
     norm_wrong(lambda dy, x, s, g, _: (dy * g - x.shape[-1] * mean(dy * g) - x * x.shape[-1] *
                                        mean(dy * g * x)) / s)),
    ("the last term lacks its x̂: the mean of dx̂ x̂ is multiplied by x̂ again",
     norm_wrong(lambda dy, x, s, g, _: (dy * g - mean(dy * g) - mean(dy * g * x)) / s)),
    ("the two terms are added where they should be taken off",
     norm_wrong(lambda dy, x, s, g, _: (dy * g + mean(dy * g) + x * mean(dy * g * x)) / s)),
    ("the means run over the rows; they run along each row, axis -1, with keepdims",
     norm_wrong(lambda dy, x, s, g, _: (dy * g - (dy * g).mean(axis=0) - x *
                                        (dy * g * x).mean(axis=0)) / s)),
    ("dγ lacks x̂: y = γ x̂ + β", lambda dy, x, s, g: (
        norm_backward(dy, x, s, g)[0], dy.sum(axis=0), dy.sum(axis=0))),
    ("dγ and dβ are means over the rows; gradients of what is shared add up",
     lambda dy, x, s, g: (norm_backward(dy, x, s, g)[0], (dy * x).sum(axis=0) / (len(dy) + 1e-12),
                          dy.sum(axis=0) / (len(dy) + 1e-12))),
    ("dγ has γ in it; the derivative of γ x̂ by γ is x̂ alone",
     lambda dy, x, s, g: (norm_backward(dy, x, s, g)[0], (dy * g * x).sum(axis=0),
                          dy.sum(axis=0))),
    ("dγ and dβ are swapped", lambda dy, x, s, g: tuple(
        norm_backward(dy, x, s, g)[i] for i in (0, 2, 1))),
])
ex3.told("give 3 things", lambda dy, x, s, g: norm_backward(dy, x, s, g)[0])
ex3.told("has shape", lambda dy, x, s, g: (norm_backward(dy, x, s, g)[0], dy * x, dy))


# --- 6.4 ---


def block_forward(my_x, my_norm_1, my_attention, my_norm_2, my_mlp):
    my_x = my_x + my_attention(my_norm_1(my_x))
    return my_x + my_mlp(my_norm_2(my_x))


def block_probe(answer, sizes):
    """What a block makes of x, with random layers; and whether each was called once."""
    width, heads, length, seed = sizes()
    rng = np.random.default_rng(seed)
    block = Block(width, heads)
    theta, _ = flatten(block)
    theta += rng.normal(0, 0.5, theta.shape)
    x = rng.normal(size=(2, length, width))
    names = ("norm_1", "attention", "norm_2", "mlp")
    layers = [Counted(getattr(block, name)) for name in names]
    y = call(lambda my_x: answer(my_x, *layers), x)
    return {"y": y, "the calls of each layer": [layer.calls for layer in layers]}


class Counted(Layer):
    """A layer that counts how often it is called."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.calls = layer, 0

    def forward(self, x):
        self.calls += 1
        return self.layer(x)

    def backward(self, dy):
        return self.layer.backward(dy)


ex4 = Exercise("6.4", block_forward,
               [setting(6, 2, 5, 1), setting(4, 1, 7, 2), setting(9, 3, 2, 3)], block_probe)
answers(ex4, [
    ("this is a chain without the stream: add x to what each branch gives",
     lambda x, n1, a, n2, m: m(n2(a(n1(x))))),
    ("the first branch is not added to x", lambda x, n1, a, n2, m: (
        lambda y: y + m(n2(y)))(a(n1(x)))),
    ("the second branch is not added to the stream",
     lambda x, n1, a, n2, m: m(n2(x + a(n1(x))))),
    ("the second branch reads what the block got; it should read the stream after the first",
     lambda x, n1, a, n2, m: x + a(n1(x)) + m(n2(x))),
    ("this adds x itself the second time; add the stream after the first branch",
     lambda x, n1, a, n2, m: x + m(n2(x + a(n1(x))))),
    ("the stream counts twice in the end: the second sum has one x too many",
     lambda x, n1, a, n2, m: (lambda y: x + y + m(n2(y)))(x + a(n1(x)))),
    ("the normalizations stand behind the sums (post-norm, the form of 2017); here they stand at "
     "the beginning of each branch",
     lambda x, n1, a, n2, m: (lambda y: n2(y + m(y)))(n1(x + a(x)))),
    ("the normalizations stand at the end of the branches; they belong before attention and MLP",
     lambda x, n1, a, n2, m: (lambda y: y + n2(m(y)))(x + n1(a(x)))),
    ("the normalizations change the stream itself; they belong into the branches only",
     lambda x, n1, a, n2, m: (lambda y: (lambda z: n2(z) + m(n2(z)))(y + a(y)))(n1(x))),
    ("the normalizations are missing", lambda x, n1, a, n2, m: (
        lambda y: y + m(y))(x + a(x))),
    ("attention and MLP are in the wrong order: look around first, then think",
     lambda x, n1, a, n2, m: (lambda y: y + a(n1(y)))(x + m(n2(x)))),
    ("the two normalizations are swapped", lambda x, n1, a, n2, m: (
        lambda y: y + m(n1(y)))(x + a(n2(x)))),
    ("the first normalization is used in both branches; the second has a γ and β of its own",
     lambda x, n1, a, n2, m: (lambda y: y + m(n1(y)))(x + a(n1(x)))),
    ("the MLP is missing", lambda x, n1, a, n2, m: x + a(n1(x))),
    ("the attention is missing", lambda x, n1, a, n2, m: x + m(n2(x))),
])


@ex4.mistake("right, but a layer is called more often than once; keep what it gave")
def called_twice(x, n1, a, n2, m):
    return x + a(n1(x)) + m(n2(x + a(n1(x))))


@ex4.told("you changed")
def changed_stream(my_x, n1, a, n2, m):
    my_x += a(n1(my_x))
    my_x += m(n2(my_x))
    return my_x


# --- 6.5 ---


def parameter_count(my_V, my_d, my_B):
    block = 12 * my_d * my_d + 13 * my_d
    return my_V * my_d + my_B * block + 2 * my_d + (my_d * my_V + my_V)


def short(what, missing):
    """A mistake: the count without `missing(V, d, B)`."""
    return (f"something is missing: {what}",
            lambda V, d, B: parameter_count(V, d, B) - missing(V, d, B))


ex5 = Exercise("6.5", parameter_count, [(5, 4, 1), (62, 128, 4), (11, 6, 3), (17, 10, 2)],
               tolerance=1e-9)
answers(ex5, [
    short("the last normalization, in front of the logits", lambda V, d, B: 2 * d),
    short("the last linear layer, from features to logits", lambda V, d, B: V * d + V),
    short("the bias of the last linear layer", lambda V, d, B: V),
    short("the biases of the four linear layers in each block", lambda V, d, B: 9 * B * d),
    short("all biases, nine times d in each block and V at the end",
          lambda V, d, B: 9 * B * d + V),
    short("the two normalizations in each block", lambda V, d, B: 4 * B * d),
    short("every normalization: γ and β are parameters, too", lambda V, d, B: (4 * B + 2) * d),
    short("β, the second vector of every normalization", lambda V, d, B: (2 * B + 1) * d),
    short("one of the two normalizations in each block", lambda V, d, B: 2 * B * d),
    short("the MLPs", lambda V, d, B: B * (8 * d * d + 5 * d)),
    short("attention", lambda V, d, B: B * (4 * d * d + 4 * d)),
    short("all biases and normalizations, 13 d in each block, 2 d and V at the end",
          lambda V, d, B: 13 * B * d + 2 * d + V),
    short("the output layer of attention, d² + d in each block", lambda V, d, B: B * (d * d + d)),
    short("two thirds of the layer that makes queries, keys AND values",
          lambda V, d, B: B * (2 * d * d + 2 * d)),
    ("there are B blocks; you counted one", lambda V, d, B: parameter_count(V, d, 1)),
    ("the MLP is 4 d wide inside; you count it with d",
     lambda V, d, B: parameter_count(V, d, B) - B * (6 * d * d + 3 * d)),
    ("everything is counted B times; the table, the last normalization and the head are there once",
     lambda V, d, B: B * parameter_count(V, d, 1)),
    ("the last normalization is counted once in each block; there is one, behind them all",
     lambda V, d, B: parameter_count(V, d, B) + 2 * d * (B - 1) + (B == 1) * 2 * d),
    ("the token table has no bias; it is V times d", lambda V, d, B: parameter_count(V, d, B) + d),
    ("this looks like a context of 64 with learned positions; rotary ones have no parameters",
     lambda V, d, B: parameter_count(V, d, B) + 64 * d),
])
ex5.told("expected", lambda V, d, B: 12 * B * d * d)


# --- 6.6 ---


def step(my_model, my_optimizer, my_inputs, my_targets, my_limit):
    criterion = SoftmaxCrossEntropy()
    loss = criterion(my_model(my_inputs), my_targets)
    my_model.backward(criterion.backward())
    clip_gradient(my_model.grad, my_limit)
    my_optimizer.step(my_model.grad)
    return loss


def step_probe(answer, sizes):
    """Two steps of a tiny model: the losses, θ after each, and how often the gradient was found."""
    limit, seed = sizes()
    rng = np.random.default_rng(seed)
    model = Transformer(7, context=5, width=6, heads=1, blocks=1)
    theta, grad = flatten(model, rng)
    theta += rng.normal(0, 0.4, theta.shape)
    grad[:] = rng.normal(size=grad.shape)  # what the last step has left
    calls, backward = [], model.backward
    model.backward = lambda dlogits: (calls.append(1), backward(dlogits))[1]
    optimizer = Adam(theta, learning_rate=0.05)
    results = {}
    for i in range(2):
        inputs, targets = rng.integers(0, 7, (2, 3, 5), dtype=np.intp)
        results[f"the loss of step {i + 1}"] = call_method(
            answer, model, optimizer, inputs, targets, limit)
        results[f"θ after step {i + 1}"] = theta.copy()
    return results | {"how often the gradient was found": len(calls)}


ex6 = Exercise("6.6", step, [setting(1.0, 1), setting(0.02, 2), setting(1000.0, 3)], step_probe)


def forward_and_back(model, inputs, targets, factor=1.0):
    criterion = SoftmaxCrossEntropy()
    loss = criterion(model(inputs), targets)
    model.backward(factor * criterion.backward())
    return loss


@ex6.mistake("backward is missing: the optimizer follows an old gradient")
def no_backward(model, optimizer, inputs, targets, limit):
    loss = SoftmaxCrossEntropy()(model(inputs), targets)
    clip_gradient(model.grad, limit)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("the optimizer takes no step: θ stays where it was")
def no_step(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets)
    clip_gradient(model.grad, limit)
    return loss


@ex6.mistake("the gradient is not clipped: clip_gradient(model.grad, limit), before the step")
def no_clip(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("every entry was clipped by itself; clip_gradient makes the whole gradient shorter "
             "and keeps its direction")
def entries_clipped(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets)
    np.clip(model.grad, -limit, limit, out=model.grad)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("the gradient is clipped to 1, whatever limit was given")
def clip_to_one(model, optimizer, inputs, targets, limit):
    return step(model, optimizer, inputs, targets, 1.0)


@ex6.mistake("the step comes before backward, so it follows the gradient of the batch before")
def step_first(model, optimizer, inputs, targets, limit):
    clip_gradient(model.grad, limit)
    optimizer.step(model.grad)
    return forward_and_back(model, inputs, targets)


@ex6.mistake("the loss is that after the step; return the one that the gradient belongs to")
def loss_after(model, optimizer, inputs, targets, limit):
    step(model, optimizer, inputs, targets, limit)
    return SoftmaxCrossEntropy()(model(inputs), targets)


@ex6.mistake("the loss compares with the inputs; the targets are what comes next")
def inputs_as_targets(model, optimizer, inputs, targets, limit):
    return step(model, optimizer, inputs, inputs, limit)


@ex6.mistake("two steps were taken; one is asked for")
def two_steps(model, optimizer, inputs, targets, limit):
    loss = step(model, optimizer, inputs, targets, limit)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("this moves θ by plain descent; use the optimizer that was given")
def plain_descent(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets)
    clip_gradient(model.grad, limit)
    model.theta -= 0.05 * model.grad
    return loss


@ex6.mistake("what comes back is the length of the gradient; return the loss")
def length_back(model, optimizer, inputs, targets, limit):
    forward_and_back(model, inputs, targets)
    length = clip_gradient(model.grad, limit)
    optimizer.step(model.grad)
    return length


@ex6.mistake("the gradient of the last step is added to this one; backward writes it anew, and "
             "nothing needs to be kept")
def added(model, optimizer, inputs, targets, limit):
    old = model.grad.copy()
    loss = forward_and_back(model, inputs, targets)
    model.grad += old
    clip_gradient(model.grad, limit)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("the gradient was divided by the number of windows; the loss is a mean already")
def divided(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets, 1 / len(inputs))
    clip_gradient(model.grad, limit / 10)
    optimizer.step(model.grad)
    return loss


@ex6.mistake("the step goes uphill: the optimizer takes the gradient as it is, without a minus")
def uphill(model, optimizer, inputs, targets, limit):
    loss = forward_and_back(model, inputs, targets)
    clip_gradient(model.grad, limit)
    optimizer.step(-model.grad)
    return loss


@ex6.mistake("backward was given the probabilities; it needs the gradient of the loss, "
             "criterion.backward()")
def probabilities(model, optimizer, inputs, targets, limit):
    logits = model(inputs)
    loss = SoftmaxCrossEntropy()(logits, targets)
    model.backward(softmax(logits))
    clip_gradient(model.grad, limit)
    optimizer.step(model.grad)
    return loss


@ex6.told("gives back None")
def nothing_back(model, optimizer, inputs, targets, limit):
    step(model, optimizer, inputs, targets, limit)


@ex6.told("raised")
def wrong_order(model, optimizer, inputs, targets, limit):
    return SoftmaxCrossEntropy()(targets, model(inputs))


# --- 6.7 ---


def nucleus(my_p, my_share):
    order = np.argsort(-my_p, kind="stable")
    before = np.concatenate([[0], np.cumsum(my_p[order])[:-1]])
    kept = np.zeros_like(my_p)
    kept[order] = np.where(before < my_share, my_p[order], 0)
    return kept / kept.sum()


def kept_only(p, places):
    result = np.zeros_like(p)
    result[places] = p[places]
    return result / result.sum()


def many(p, share, strict=True):
    """How many of the most likely tokens are needed; one more on a tie, if not strict."""
    sums = np.concatenate([[0], np.cumsum(np.sort(p)[::-1])[:-1]])
    return int((sums < share if strict else sums <= share).sum())


def sides(seed, V, even, share):
    return np.random.default_rng(seed).dirichlet(np.full(V, even)), share


def nucleus_probe(answer, p, share):
    """The result; of tokens that are equally likely, any may be the one that is cut."""
    result = call(answer, p, share)
    found = numbers(result)
    if found is None or found.shape != p.shape:
        return result
    found = found.astype(float)
    for value in np.unique(p):
        found[p == value] = np.sort(found[p == value])[::-1]
    return found


# Binary fractions are exact, so that a sum can meet the line: 1/2 is enough for 1/2. Ties follow.
ex7 = Exercise("6.7", nucleus, [
    (np.array([0.125, 0.5, 0.25, 0.125]), 0.5),
    (np.array([0.125, 0.25, 0.5, 0.125]), 0.75),
    (np.array([0.0625, 0.25, 0.25, 0.25, 0.1875]), 0.375),
    (np.array([0.1, 0.45, 0.37, 0.08]), 0.5), sides(1, 6, 1.0, 0.6), sides(2, 20, 0.3, 0.9),
    sides(3, 9, 5.0, 0.8), sides(4, 5, 2.0, 1.0), sides(5, 7, 1.0, 0.05),
], nucleus_probe)
answers(ex7, [
    ("a token too many stays where those in front have exactly the share; they are enough, so "
     "`<` and not `<=`", lambda p, q: kept_only(
         p, np.argsort(-p, kind="stable")[: many(p, q, strict=False)])),
    ("all tokens that are as likely as the last one stay; keep the fewest that are enough",
     lambda p, q: kept_only(p, p >= np.sort(p)[::-1][many(p, q) - 1])),
    ("the token that crosses the line is cut; without it the rest has too little",
     lambda p, q: kept_only(p, np.argsort(-p, kind="stable")[: max(many(p, q) - 1, 1)])),
    ("the right tokens are left, but they do not sum to 1; scale them up",
     lambda p, q: np.where(nucleus(p, q) > 0, p, 0)),
    ("you began with the least likely tokens; np.argsort sorts upward: -p",
     lambda p, q: kept_only(p, np.argsort(p, kind="stable")[: many(1 - p, 0) + int(
         (np.concatenate([[0], np.cumsum(np.sort(p))[:-1]]) < q).sum())])),
    ("the result is sorted; put each probability back to its own token: kept[order] = …",
     lambda p, q: np.sort(nucleus(p, q))[::-1]),
    ("every token with a probability of that much or more stays; it is the SUM of the likeliest "
     "that has to reach it", lambda p, q: np.where(p >= q, p, 0) / max(np.where(p >= q, p, 0).sum(),
                                                                       1e-300)),
    ("nothing was cut; all tokens are still possible", lambda p, q: p / p.sum() + 0.0),
    ("only the most likely token is left; that is greedy",
     lambda p, q: kept_only(p, [int(p.argmax())])),
    ("you keep that share of the NUMBER of tokens; the share is of their probability",
     lambda p, q: kept_only(p, np.argsort(-p, kind="stable")[: max(1, int(np.ceil(q * len(p))))])),
    ("the probabilities were made equal; those that stay keep their proportions",
     lambda p, q: (nucleus(p, q) > 0) / (nucleus(p, q) > 0).sum()),
    ("the tokens are taken in the order of the alphabet; begin with the most likely",
     lambda p, q: kept_only(p, np.arange(
         int((np.concatenate([[0], np.cumsum(p)[:-1]]) < q).sum())))),
    ("this is what was cut; keep the others", lambda p, q: np.where(nucleus(p, q) > 0, 0, p) / max(
        np.where(nucleus(p, q) > 0, 0, p).sum(), 1e-300)),
    ("what is left was put through a softmax again; dividing by the sum is enough",
     lambda p, q: softmax(np.where(nucleus(p, q) > 0, p, -np.inf))),
])
ex7.told("has shape", lambda p, q: nucleus(p, q)[nucleus(p, q) > 0])
ex7.told("you changed", lambda my_p, q: my_p.__setitem__(slice(None), nucleus(my_p, q)) or my_p)


# --- 6.8 ---


class Scripted:
    """A model that is as good as certain of one token, which depends on all that it reads."""

    def __init__(self, vocab_size, context, sure=True):
        self.config, self.sure = {"vocab_size": vocab_size, "context": context}, sure

    def __call__(self, tokens):
        V, T = self.config["vocab_size"], self.config["context"]
        if np.ndim(tokens) != 2:
            raise ValueError(f"tokens have shape {np.shape(tokens)}; expected (N, T)")
        if np.shape(tokens)[1] > T:
            raise ValueError(f"{np.shape(tokens)[1]} tokens do not fit into the context of {T}")
        tokens = np.asarray(tokens)
        powers = 3 ** np.arange(1, tokens.shape[1] + 1) + tokens.shape[1]
        following = np.cumsum(tokens * powers + 1, axis=1) % V          # (N, T)
        if self.sure:
            return np.where(following[..., None] == np.arange(V), 60.0, 0.0)
        return np.broadcast_to(-np.arange(V) * math.log(3), (*tokens.shape, V)).copy()

    forward = __call__


def writing(my_model, my_start, my_length, my_rng):
    text = list(my_start)
    for _ in range(my_length):
        logits = my_model(np.array([text[-my_model.config["context"] :]]))[0, -1]
        p = softmax(logits)
        text.append(my_rng.choice(len(p), p=p))
    return np.array(text)


def writing_probe(answer, sizes):
    """Texts that only one way of asking gives, and the shares of tokens when nothing is sure."""
    results = {}
    for V, context, start, length in sizes():
        results[f"the text with a context of {context}"] = call(
            answer, Scripted(V, context), np.array(start, dtype=np.intp), length,
            np.random.default_rng(V))
    start, unsure = np.array([1, 2], dtype=np.intp), Scripted(4, 3, sure=False)
    drawn = np.asarray(call(answer, unsure, start, 120, np.random.default_rng(4)))
    counts = np.bincount(drawn[2:].astype(np.intp).clip(0, 3), minlength=4) / 120
    near = np.abs(counts - np.array([27, 9, 3, 1]) / 40).max() < 0.15
    texts = [np.asarray(call(answer, unsure, start, 8, np.random.default_rng(seed)))
             for seed in (5, 6)]
    return results | {
        "the share of each token (it should be about what the model says)":
            np.array([27, 9, 3, 1]) / 40 if near else counts,
        "the text with another my_rng (is it another one?)": not np.array_equal(*texts)}


ex8 = Exercise("6.8", writing, [setting((11, 7, [3, 1, 4], 12),
                                        (13, 5, [2, 7, 1, 8, 2, 8, 1], 9), (7, 3, [5], 10))],
               writing_probe)


def writer(logits_of=None, draw=None, window=None, back=None):
    """The right answer with one thing changed."""
    def answer(my_model, my_start, my_length, my_rng):
        context, text = my_model.config["context"], list(my_start)
        for _ in range(my_length):
            seen = window(text, context) if window else text[-context:]
            logits = my_model(np.array([seen]))
            logits = logits_of(logits) if logits_of else logits[0, -1]
            p = softmax(logits)
            text.append(draw(p, logits, my_rng) if draw else my_rng.choice(len(p), p=p))
        return back(np.array(text), my_start) if back else np.array(text)
    return answer


answers(ex8, [
    ("the likeliest token is taken each time; draw one with my_rng.choice(len(p), p=p)",
     writer(draw=lambda p, z, rng: int(p.argmax()))),
    ("every token is drawn equally often; my_rng.choice needs the probabilities, p=p",
     writer(draw=lambda p, z, rng: rng.choice(len(p)))),
    ("the logits of the FIRST place are used; what comes next is said by the last, [0, -1]",
     writer(logits_of=lambda z: z[0, 0])),
    ("the logits of the place before the last are used; the last one is [0, -1]",
     writer(logits_of=lambda z: z[0, max(-2, -z.shape[1])])),
    ("the logits of all places are averaged; only those of the last count",
     writer(logits_of=lambda z: z[0].mean(axis=0) * 30)),
    ("the model is shown the beginning of the text; of a long text it needs the end, [-context:]",
     writer(window=lambda text, T: text[:T])),
    ("the model sees one token less than its context holds", writer(
        window=lambda text, T: text[-max(T - 1, 1):])),
    ("the model sees only the last token; show it as much as its context holds",
     writer(window=lambda text, T: text[-1:])),
    ("only the new tokens come back; return the start, too",
     writer(back=lambda text, start: text[len(start):])),
    ("the new tokens stand in front of the start; they belong behind it",
     writer(back=lambda text, start: np.concatenate([text[len(start):], start]))),
    ("the text is one token too short", writer(back=lambda text, start: text[:-1])),
    ("the logits are used as they are, scaled to sum to 1; take their softmax",
     writer(draw=lambda p, z, rng: rng.choice(len(p), p=(z - z.min() + 1e-9) /
                                              (z - z.min() + 1e-9).sum()))),
    ("the softmax is taken twice; then everything is nearly equally likely",
     writer(draw=lambda p, z, rng: rng.choice(len(p), p=softmax(p)))),
    ("the signs of the logits are turned round; the largest belongs to the likeliest",
     writer(draw=lambda p, z, rng: rng.choice(len(p), p=softmax(-z)))),
])


@ex8.mistake("the start is read once, and every token drawn from that; ask the model again after "
             "each one")
def asked_once(my_model, my_start, my_length, my_rng):
    p = softmax(my_model(np.array([my_start[-my_model.config["context"] :]]))[0, -1])
    return np.concatenate([my_start, my_rng.choice(len(p), my_length, p=p)])


@ex8.mistake("the generator was made anew inside, so that every call writes the same; use my_rng")
def own_seed(my_model, my_start, my_length, my_rng):
    return writing(my_model, my_start, my_length, np.random.default_rng(0))


ex8.told("has shape", writer(back=lambda text, start: np.append(text, text[-1])))
ex8.told("do not fit into the context", writer(window=lambda text, T: text))
ex8.told("expected (N, T)", lambda my_model, my_start, my_length, my_rng: my_model(my_start))
