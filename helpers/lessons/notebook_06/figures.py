"""Figures of notebook 06: the transformer, how it learns, what it writes, what its heads see."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots import BLUE, GRAY, GREEN, ORANGE, fixed_axes, heatmap, text_figure

COUNTED = ("uniform", "unigram", "bigram")  # rungs of the ladder that nobody trains
SEEN = {" ": "␣", "\n": "↵"}  # how a character that cannot be seen is written


def transformer_figure(vocab_size, context, width, heads, blocks):
    """Draw a decoder-only transformer with the shape of everything that flows in it.

    The arguments are those of `helpers.transformer.Transformer`. Returns a Figure.
    """
    figure = Figure(figsize=(10, 4.6))
    ax = figure.add_subplot()
    ax.set(xlim=(0, 97), ylim=(-1, 46))
    ax.axis("off")
    stream = 12  # the height of the residual stream

    def box(x, y, text, color, w=11, h=6):
        ax.add_patch(
            plt.Rectangle((x - w / 2, y - h / 2), w, h, facecolor=color + "26", edgecolor=color)
        )
        ax.text(x, y, text, ha="center", va="center", fontsize=9.5)

    def arrow(x0, y0, x1, y1, label=None, dx=0.0, dy=1.4):
        ax.annotate(
            "", (x1, y1), (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": "#444444", "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        if label:
            ax.text((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, label, fontsize=8, ha="center",
                    color="#444444")  # fmt: skip

    def plus(x):
        ax.add_patch(plt.Circle((x, stream), 1.3, facecolor="white", edgecolor="#444444"))
        ax.text(x, stream - 0.05, "+", ha="center", va="center", fontsize=11)

    T, d, V, hidden, head = context, width, vocab_size, 4 * width, width // heads
    ax.text(4, stream, f"tokens\n(N, {T})", ha="center", va="center", fontsize=9.5)
    arrow(7.5, stream, 9.5, stream)
    box(14.5, stream, f"token table\n{V} × {d}", GREEN, w=10)
    box(14.5, stream - 9, f"position table\n{T} × {d}", GREEN, w=10)
    arrow(19.5, stream, 21.7, stream)
    plus(23)
    ax.plot([19.5, 23], [stream - 9] * 2, color="#444444", linewidth=1.2)
    arrow(23, stream - 9, 23, stream - 1.3)

    ax.add_patch(
        plt.Rectangle((30, 5.5), 41.5, 39.5, facecolor="#00000008", edgecolor=GRAY, linestyle="--")
    )
    ax.text(70.7, 6.6, f"block, {blocks} times one behind the other", fontsize=9.5, ha="right",
            color="#444444")  # fmt: skip
    arrow(24.3, stream, 49.2, stream)
    ax.text(31, stream - 2.8, f"residual stream  (N, {T}, {d})", fontsize=8, color="#444444")
    for left, name, inside, label, color in (
        (36, "attention", f"by {heads} heads", f"(N, {heads}, {T}, {head})", ORANGE),
        (56, "MLP", "with GELU", f"(N, {T}, {hidden})", BLUE),
    ):
        right = left + 14.5
        arrow(left, stream, left, 20.5)
        box(left, 23, "norm", GRAY, w=8, h=5)
        ax.plot([left, left], [25.5, 35], color="#444444", linewidth=1.2)
        arrow(left, 35, left + 2.5, 35)
        box(left + 8, 35, f"{name}\n{inside}", color, h=9)
        ax.text(left + 8, 41, label, fontsize=8, ha="center", color="#444444")
        ax.plot([left + 13.5, right], [35, 35], color="#444444", linewidth=1.2)
        arrow(right, 35, right, stream + 1.3)
        ax.text(right - 0.8, 24, f"(N, {T}, {d})", fontsize=8, ha="right", color="#444444",
                rotation=90, va="center")  # fmt: skip
        plus(right)
    arrow(51.8, stream, 69.2, stream)
    arrow(71.8, stream, 75, stream)
    box(79, stream, "norm", GRAY, w=8, h=5)
    arrow(83, stream, 85, stream)
    box(89, stream, f"linear\n{d} → {V}", BLUE, w=8)
    arrow(89, stream + 3, 89, stream + 9.5)
    ax.text(89, stream + 12.5, f"logits\n(N, {T}, {V})", ha="center", va="center", fontsize=9.5)
    return figure


def curve_figure(history, ladder, steps, mean_of=25):
    """Draw the losses of a training run, as far as it has come.

    history: as `helpers.transformer.train` returns it, or gives it to `on_check`; {} before.
    ladder: the losses of "uniform", "unigram" and "bigram". steps: of the whole run.
    mean_of: as many batches are averaged for the thick line. Returns a Figure.
    """
    figure, ((ax,),) = fixed_axes((8, 4.2), 1, 1, left=0.09, right=0.98, bottom=0.13, top=0.97)
    loss = np.asarray(history.get("loss", []), dtype=float)
    ax.plot(np.arange(1, len(loss) + 1), loss, color=BLUE, alpha=0.2, linewidth=0.8)
    if len(loss) >= mean_of:
        smooth = np.convolve(loss, np.ones(mean_of) / mean_of, mode="valid")
        ax.plot(np.arange(len(smooth)) + (mean_of + 1) / 2, smooth, color=BLUE,
                label=f"training batches, mean of {mean_of}")  # fmt: skip
    if len(history.get("checked", [])):
        ax.plot(history["checked"], history["validation"], "o-", color=ORANGE, markersize=4,
                label="held-out play")  # fmt: skip
    for name in COUNTED:
        ax.axhline(ladder[name], color=GRAY, linewidth=1, linestyle="--")
        ax.text(steps, ladder[name] + 0.03, name, color=GRAY, ha="right")
    ax.set(xlabel="step", ylabel="loss (nats per character)", xlim=(0, 1.01 * steps),
           ylim=(1.4, 4.4))  # fmt: skip
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc=(0.3, 0.72))
    return figure


def ladder_figure(ladder):
    """Draw losses (nats) as bars, the largest on top, each with its number of choices."""
    ladder = dict(sorted(ladder.items(), key=lambda rung: -rung[1]))
    figure = Figure(figsize=(8, 0.9 + 0.42 * len(ladder)))
    ax = figure.add_subplot()
    colors = [GRAY if name in COUNTED else BLUE for name in ladder]
    bars = ax.barh(list(ladder), list(ladder.values()), color=colors)
    labels = [f"{loss:.2f} nats = {math.exp(loss):.1f} choices" for loss in ladder.values()]
    ax.bar_label(bars, labels, padding=4)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="loss on the held-out play (nats per character); gray: counted, blue: trained",
           xlim=(0, 1.5 * max(ladder.values())))  # fmt: skip
    return figure


def dials_figure(alphabet, guess, settings, shown=14):
    """Draw what the dials of `next_distribution` make of one guess.

    alphabet: str of V characters. guess: (V,) the distribution as it is.
    settings: {title: (V,) distribution}, six of them. shown: how many characters, the likeliest.
    Returns a Figure.
    """
    figure, axes = fixed_axes((9.5, 5.4), 2, 3, left=0.07, right=0.99, bottom=0.1, top=0.94,
                              wspace=0.08, hspace=0.32)  # fmt: skip
    order = np.argsort(-guess, kind="stable")[:shown]
    names = [SEEN.get(alphabet[i], alphabet[i]) for i in order]
    edges = np.arange(shown + 1) - 0.5
    for ax, (title, p) in zip(axes.flat, settings.items(), strict=True):
        ax.bar(range(shown), p[order], color=BLUE, width=0.8)
        ax.stairs(guess[order], edges, color=GRAY, linewidth=1)
        ax.set_xticks(range(shown), names)
        ax.set(title=title, ylim=(0, 1.05), xlim=(-0.6, shown - 0.4))
        ax.grid(axis="x", visible=False)
    for ax in axes[:, 1:].flat:
        ax.set_yticklabels([])
    for ax in axes[:, 0]:
        ax.set_ylabel("probability")
    for ax in axes[-1]:
        ax.set_xlabel("next character")
    return figure


def writing_figure(model, tokenizer, prompt, temperature, top_k, top_p, length, seed):
    """Let a language model continue a prompt, and draw the text shaded by probability.

    model, tokenizer: as `helpers.transformer.load` returns them. The rest as for
    `helpers.transformer.continuation`. Returns a Figure.
    """
    from helpers.transformer import continuation

    tokens = tokenizer.encode(prompt)
    tokens, probabilities = continuation(
        model, tokens, length, temperature, top_k, top_p, seed
    )  # fmt: skip
    return text_figure(tokenizer.decode(tokens), probabilities)


def maps_figure(text, maps, places):
    """Draw where heads look in a text.

    text: T characters. maps: {name: (T, T) weights}. places: {name: (block, head)}, from 0.
    Returns a Figure.
    """
    figure, (axes,) = fixed_axes((10.2, 3.9), 1, len(maps), left=0.045, right=0.995, bottom=0.1,
                                 top=0.93, wspace=0.1)  # fmt: skip
    names = [SEEN.get(character, character) for character in text]
    for ax, (name, weights) in zip(axes, maps.items(), strict=True):
        heatmap(ax, np.where(np.tri(len(text), dtype=bool), weights, np.nan), limit=1.0)
        block, head = places[name]
        ax.set_title(f"{name}: block {block + 1}, head {head + 1}", fontsize=10.5)
        ax.set_xticks(range(len(text)), names, fontsize=7)
        ax.set_yticks(range(len(text)), names, fontsize=7)
        ax.tick_params(length=0, pad=1.5)
        ax.set_xlabel("is looked at", fontsize=9)
    axes[0].set_ylabel("looks", fontsize=9)
    return figure


def ablation_figure(costs):
    """Draw what it costs (nats) to switch off each head.   costs: (blocks, heads)"""
    figure = Figure(figsize=(4.6, 0.9 + 0.55 * len(costs)))
    ax = figure.add_subplot()
    heatmap(ax, costs, numbers=".3f")
    ax.set_aspect("auto")
    ax.set_xticks(range(costs.shape[1]), [f"head {h + 1}" for h in range(costs.shape[1])])
    ax.set_yticks(range(len(costs)), [f"block {b + 1}" for b in range(len(costs))])
    ax.set_title("rise of the loss without the head (nats)", fontsize=11)
    ax.tick_params(length=0)
    return figure
