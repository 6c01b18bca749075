"""Figures of notebook 06: the transformer, how it learns, what it writes, what its heads see."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from helpers.plots import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    fixed_axes,
    text_color,
    text_figure,
    with_alt,
)

COUNTED = ("uniform", "unigram", "bigram")  # rungs that stand as lines in the learning curve
SEEN = {" ": "␣", "\n": "↵"}  # how a character that cannot be seen is written
MAP = LinearSegmentedColormap.from_list("ink", ["white", SKY, BLUE, "#08306b"])  # weights


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
            plt.Rectangle((x - w / 2, y - h / 2), w, h, facecolor=to_rgba(color, 0.15),
                          edgecolor=color)
        )
        ax.text(x, y, text, ha="center", va="center", fontsize=9.5)

    def arrow(x0, y0, x1, y1, label=None, dx=0.0, dy=1.4):
        ax.annotate(
            "", (x1, y1), (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": "#444444", "shrinkA": 0, "shrinkB": 0},
        )
        if label:
            ax.text((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, label, fontsize=8, ha="center",
                    color="#444444")

    def plus(x):
        ax.add_patch(plt.Circle((x, stream), 1.3, facecolor="white", edgecolor="#444444"))
        ax.text(x, stream - 0.05, "+", ha="center", va="center", fontsize=11)

    T, d, V, hidden, head = context, width, vocab_size, 4 * width, width // heads
    ax.text(4, stream, f"tokens\n(N, {T})", ha="center", va="center", fontsize=9.5)
    arrow(8, stream, 11.5, stream)
    box(17.5, stream, f"token table\n{V} × {d}", GREEN, w=12)

    ax.add_patch(
        plt.Rectangle((30, 5.5), 41.5, 39.5, facecolor="#00000008", edgecolor=GRAY, linestyle="--")
    )
    ax.text(70.7, 6.6, f"block, {blocks} times one behind the other", fontsize=9.5, ha="right",
            color="#444444")
    arrow(23.5, stream, 49.2, stream)
    ax.text(31, stream - 2.8, f"residual stream  (N, {T}, {d})", fontsize=8, color="#444444")
    for left, name, inside, label, color in (
        (36, "attention", f"{heads} heads, rotary", f"(N, {heads}, {T}, {head})", ORANGE),
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
                rotation=90, va="center")
        plus(right)
    arrow(51.8, stream, 69.2, stream)
    arrow(71.8, stream, 75, stream)
    box(79, stream, "norm", GRAY, w=8, h=5)
    arrow(83, stream, 85, stream)
    box(89, stream, f"linear\n{d} → {V}", BLUE, w=8)
    arrow(89, stream + 3, 89, stream + 9.5)
    ax.text(89, stream + 12.5, f"logits\n(N, {T}, {V})", ha="center", va="center", fontsize=9.5)
    return with_alt(figure, (
        "From left to right: tokens, the token table, then a line, the residual stream, from "
        "which two branches leave and return by a plus: norm and attention, norm and MLP. The "
        f"two stand in a frame, a block, which is repeated {blocks} times. A norm and a linear "
        "layer follow and give the logits. Shapes stand beside the arrows."
    ))


def curve_figure(history, ladder, steps, mean_of=25):
    """Draw the losses of a training run, as far as it has come.

    history: as `helpers.transformer.train` returns it, or gives it to `on_check`; {} before.
    ladder: the losses of "uniform", "unigram", "bigram" and of what is best counted.
    steps: of the whole run. mean_of: as many batches are averaged for the thick line.
    Returns a Figure.
    """
    figure, ((ax,),) = fixed_axes((8, 4.2), 1, 1, left=0.09, right=0.98, bottom=0.13, top=0.97)
    loss = np.asarray(history.get("loss", []), dtype=float)
    ax.plot(np.arange(1, len(loss) + 1), loss, color=BLUE, alpha=0.2, linewidth=0.8)
    if len(loss) >= mean_of:
        smooth = np.convolve(loss, np.ones(mean_of) / mean_of, mode="valid")
        ax.plot(np.arange(len(smooth)) + (mean_of + 1) / 2, smooth, color=BLUE,
                label=f"training batches, mean of {mean_of}")
    if len(history.get("checked", [])):
        ax.plot(history["checked"], history["validation"], "o-", color=ORANGE, markersize=4,
                label="held-out play")
    lines = [name for name in ladder if name in COUNTED or name.startswith("counted")]
    for name in lines:
        ax.axhline(ladder[name], color=GRAY, linewidth=1, linestyle="--")
        ax.text(steps, ladder[name] + 0.03, name, color=GRAY, ha="right")
    ax.set(xlabel="step", ylabel="loss (nats per character)", xlim=(0, 1.01 * steps),
           ylim=(1.4, 4.4))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc=(0.3, 0.72))
    if not len(loss):
        return with_alt(figure, "The axes before the first step: loss over steps, with dashed "
                        f"lines at the height of {', '.join(lines)}.")
    return with_alt(figure, (
        f"The loss starts at the uniform line and falls to {loss[-mean_of:].mean():.2f} after "
        f"{len(loss)} of {steps} steps, steeply at first and then ever more slowly. Dashed lines "
        f"stand at the height of {', '.join(lines)}; the curve crosses them one after the other. "
        "The held-out play lies slightly above the training batches."
    ))


def counted_figure(losses):
    """Draw the held-out loss of counting over the characters remembered.   losses: (K,)"""
    losses = np.asarray(losses)
    figure = Figure(figsize=(6.6, 3.4))
    ax = figure.add_subplot()
    ax.plot(losses, "o-", color=GRAY, markersize=6)
    best = int(losses.argmin())
    ax.plot(best, losses[best], "o", color=ORANGE, markersize=9)
    for k in (0, 1, best, len(losses) - 1):
        ax.annotate(f"{losses[k]:.2f}", (k, losses[k]), (0, 9), textcoords="offset points",
                    ha="center", fontsize=9.5)
    ax.set(xlabel="characters of memory", ylabel="held-out loss (nats per character)",
           ylim=(losses.min() - 0.25, losses.max() + 0.35))
    ax.set_xticks(range(len(losses)))
    return with_alt(figure, (
        f"A curve over 0 to {len(losses) - 1} characters of memory. It falls from "
        f"{losses[0]:.2f} nats to {losses[best]:.2f} at {best} characters and rises again to "
        f"{losses[-1]:.2f}."
    ))


def ladder_figure(bands, steps):
    """Draw the rungs as bars, each with its number of choices.

    bands: {name: losses (nats) over seeds}, in the order in which they are drawn. A rung that is
    "uniform", "unigram", "bigram" or begins with "counted" was counted, the others were trained.
    steps: of each trained one. Returns a Figure.
    """
    figure = Figure(figsize=(9, 1.0 + 0.4 * len(bands)))
    ax = figure.add_subplot()
    for row, (name, losses) in enumerate(bands.items()):
        counted, mean = name in COUNTED or name.startswith("counted"), float(np.mean(losses))
        ax.barh(row, mean, color="white" if counted else to_rgba(BLUE, 0.75), height=0.7,
                edgecolor=GRAY if counted else BLUE, hatch="////" if counted else None)
        if len(losses) > 1:
            ax.plot([min(losses), max(losses)], [row, row], color=BLACK, linewidth=3)
        seeds = f" ({len(losses)} seeds)" if len(losses) > 1 else ""
        ax.text(max(losses) + 0.05, row, f"{mean:.2f} nats = {math.exp(mean):.1f} choices{seeds}",
                va="center", fontsize=9.5)
    ax.set_yticks(range(len(bands)), list(bands))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlim=(0, 1.42 * max(max(losses) for losses in bands.values())),
           xlabel="loss on the held-out play (nats per character)\nhatched: counted; "
                  f"filled: trained, {steps} steps each; black: from seed to seed")
    worst, last = next(iter(bands)), list(bands)[-1]
    return with_alt(figure, (
        f"{len(bands)} bars, from {worst} with {np.mean(bands[worst]):.2f} nats down to {last} "
        f"with {np.mean(bands[last]):.2f}, which is the shortest. "
        + "; ".join(f"{name} {np.mean(losses):.2f}" for name, losses in bands.items()) + "."
    ))


def read_figure(transformers, mlps):
    """Draw the held-out loss against the number of characters that may be seen.

    transformers: {how long it was trained: {characters: loss}}, one model a curve.
    mlps: {window: loss}, a model each. Returns a Figure.
    """
    figure = Figure(figsize=(8.4, 4.2))
    ax = figure.add_subplot()
    losses = [loss for curve in transformers.values() for loss in curve.values()]
    for (name, curve), style in zip(transformers.items(), ("o--", "o-"), strict=False):
        ax.plot(list(curve), list(curve.values()), style, color=BLUE, markersize=6)
        far = max(curve)
        ax.text(1.12 * far, curve[far], f"one transformer,\n{name}", color=text_color(BLUE),
                va="center")
    ax.plot(list(mlps), list(mlps.values()), "s:", color=ORANGE, markersize=7)
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(curve), [str(seen) for seen in curve])
    ax.minorticks_off()
    last, best = max(mlps), min(mlps, key=mlps.get)
    ax.set(xlabel="characters that may be seen", ylabel="held-out loss (nats per character)",
           ylim=(min(losses) - 0.12, max(*losses, *mlps.values()) + 0.1), xlim=(0.9, 3.2 * far))
    ax.text(1.15 * last, mlps[last], "MLPs, one for\neach window", color=text_color(ORANGE),
            va="center")
    return with_alt(figure, (
        f"Curves over the number of characters that may be seen. The MLPs fall to "
        f"{mlps[best]:.2f} nats at {best} characters and rise to {mlps[last]:.2f} at {last}. "
        + " ".join(f"The transformer after {name} falls from {curve[min(curve)]:.2f} to "
                   f"{curve[8]:.2f} at 8 characters and stands at {curve[far]:.2f} at {far}."
                   for name, curve in transformers.items())
    ))


def left_out_figure(losses):
    """Draw what is lost without each part.   losses: {name: held-out losses over seeds}"""
    order = sorted(losses, key=lambda name: np.mean(losses[name]))
    figure = Figure(figsize=(8.2, 0.9 + 0.4 * len(order)))
    ax = figure.add_subplot()
    for row, name in enumerate(order):
        found, whole = losses[name], name.startswith("as it is")
        ax.barh(row, np.mean(found), height=0.66, edgecolor=BLUE,
                color=to_rgba(BLUE, 0.75) if whole else "white", hatch=None if whole else "////")
        ax.plot(found, [row] * len(found), "o", color=BLACK, markersize=4)
        ax.text(max(found) + 0.06, row, f"{np.mean(found):.2f}", va="center")
    ax.set_yticks(range(len(order)), order)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="loss on the held-out play after 300 steps (nats per character); a dot: one seed",
           xlim=(0, 1.15 * max(max(found) for found in losses.values())))
    return with_alt(figure, "Bars, from the shortest to the longest: " + "; ".join(
        f"{name} {np.mean(losses[name]):.2f}" for name in order) + " nats.")


def roll_figure(curves, far):
    """Draw how the loss on the second call falls while rivals learn.

    curves: {name: (checks, 3) of step, first call, second call}. far: the stored run of an MLP
    over 32 characters, with its "loss" and "steps"; None without. Returns a Figure.
    """
    figure = Figure(figsize=(8.2, 4.0))
    ax = figure.add_subplot()
    styles = zip((ORANGE, BLUE, GREEN), ("s:", "o-", "^--"), strict=True)
    steps = max(curve[-1, 0] for curve in curves.values())
    ends = []
    for (name, curve), (color, style) in zip(curves.items(), styles, strict=True):
        ax.plot(curve[:, 0], curve[:, 2], style, color=color, markersize=5)
        ends.append([curve[-1, 2], f"{name}: {curve[-1, 2]:.2f}", text_color(color)])
    if far is not None:
        words = f"MLP, 32 characters: {far['loss']:.2f}\n(after {far['steps']} steps)"
        ends.append([far["loss"], words, text_color(PINK)])
        ax.plot([0, steps], [far["loss"]] * 2, color=PINK, linestyle="-.", linewidth=1.5)
    height = -1.0
    for value, words, color in sorted(ends):
        height = max(value, height + 0.2)  # labels that would touch move apart
        ax.text(1.02 * steps, height, words, color=color, va="center", fontsize=9.5)
    ax.set(xlabel="step", ylabel="loss on the second call\n(nats per character)",
           xlim=(0, 1.42 * steps), ylim=(0, 3))
    ax.set_xticks(np.arange(0, steps + 1, 400))
    return with_alt(figure, "Loss on the second call over steps. " + " ".join(
        f"{name} ends at {curve[-1, 2]:.2f} nats." for name, curve in curves.items()) + (
        " Two blocks start like the others, then fall almost to zero within a few hundred steps.")
        + ("" if far is None else " A line marks an MLP over 32 characters after "
           f"{far['steps']} steps, {far['loss']:.2f}."))


def induction_figure(text, before, behind, first, second):
    """Draw the two heads that copy, each (T, T), on a text of T characters.

    first, second: their numbers in block 1 and block 2, from 1. Returns a Figure.
    """
    figure, (axes,) = fixed_axes((10.2, 5.2), 1, 2, left=0.04, right=0.995, bottom=0.08, top=0.93,
                                 wspace=0.08)
    titles = (f"block 1, head {first}: one place back",
              f"block 2, head {second}: behind the same letter")
    names = [SEEN.get(character, character) for character in text]
    for ax, weights, title in zip(axes, (before, behind), titles, strict=True):
        ax.imshow(weights, cmap=MAP, vmin=0, vmax=1)
        ax.grid(False)
        ax.set_title(title, fontsize=10.5)
        ax.set_xticks(range(len(names)), names, fontsize=6)
        ax.set_yticks(range(len(names)), names, fontsize=6)
        ax.tick_params(length=0, pad=1)
        ax.set_xlabel("is looked at", fontsize=9)
    axes[0].set_ylabel("looks", fontsize=9)
    return with_alt(figure, (
        "Two maps of a line whose three names come twice. On the left a dark line runs just below "
        "the diagonal: each place looks one back. On the right, in the lower half, where the "
        "second call stands, a dark line runs parallel to the diagonal, one call farther left: "
        "each letter looks at the place behind its like in the first call."
    ))


def dials_figure(alphabet, guess, settings, shown=14):
    """Draw what the dials of `next_distribution` make of one guess.

    alphabet: str of V characters. guess: (V,) the distribution as it is.
    settings: {title: (V,) distribution}, six of them. shown: how many characters, the likeliest.
    Returns a Figure.
    """
    figure, axes = fixed_axes((9.5, 5.4), 2, 3, left=0.07, right=0.99, bottom=0.1, top=0.94,
                              wspace=0.08, hspace=0.32)
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
    return with_alt(figure, (
        f"Bar charts of the same {shown} characters, one for each of: {', '.join(settings)}. Gray "
        "steps show the guess as it is. Greedy has one bar of height 1; a low temperature has "
        "made the likeliest grow, a high one has evened the bars out. Top-k leaves three bars, "
        "top-p as many as make up nine tenths."
    ))


def writing_figure(model, tokenizer, prompt, temperature, top_k=None, top_p=None, length=400,
                   seed=0):
    """Let a language model continue a prompt, and draw the text shaded by probability.

    model, tokenizer: as `helpers.transformer.load` returns them. The rest as for
    `helpers.transformer.continuation`. Returns a Figure.
    """
    from helpers.transformer import continuation

    tokens, probabilities = continuation(
        model, tokenizer.encode(prompt), length, temperature, top_k, top_p, seed)
    text = tokenizer.decode(tokens)
    inside = np.array([a.isalpha() and b.isalpha()
                       for a, b in zip(" " + text, text, strict=False)][: len(text)])
    new = np.arange(len(text)) >= len(prompt)
    starts = new & ~inside & np.array([c.isalpha() for c in text])
    sure = [float(np.mean(probabilities[new & part])) if (new & part).any() else math.nan
            for part in (inside, starts)]
    return with_alt(text_figure(text, probabilities), (
        f"A made-up scene of {length} characters after the prompt, each shaded by its "
        f"probability: inside words it is {sure[0]:.0%} on average, at the beginning of a word "
        f"{sure[1]:.0%}. It begins: {' '.join(text.split())[:120]}"
    ))


def maps_figure(text, maps, places):
    """Draw where heads look in a text.

    text: T characters. maps: {name: (T, T) weights}. places: {name: (block, head)}, from 0.
    Returns a Figure.
    """
    figure, (axes,) = fixed_axes((10.2, 3.9), 1, len(maps), left=0.045, right=0.995, bottom=0.1,
                                 top=0.93, wspace=0.1)
    names = [SEEN.get(character, character) for character in text]
    for ax, (name, weights) in zip(axes, maps.items(), strict=True):
        ax.imshow(np.where(np.tri(len(text), dtype=bool), weights, np.nan), cmap=MAP, vmin=0,
                  vmax=1)
        ax.grid(False)
        block, head = places[name]
        ax.set_title(f"{name}: block {block + 1}, head {head + 1}", fontsize=10.5)
        ax.set_xticks(range(len(text)), names, fontsize=7)
        ax.set_yticks(range(len(text)), names, fontsize=7)
        ax.tick_params(length=0, pad=1.5)
        ax.set_xlabel("is looked at", fontsize=9)
    axes[0].set_ylabel("looks", fontsize=9)
    return with_alt(figure, (
        f"Three triangular maps of the line {text!r}, white where a weight is small. In all of "
        "them the dark cells lie close to the diagonal. In the first they are mostly those of the "
        "character just before; in the others mostly those of the last " + " or ".join(
            name for name in maps if not name.startswith("the ")) + ", where there was one nearby."
    ))


def ablation_figure(costs):
    """Draw what it costs (nats) to switch off each head.   costs: (blocks, heads)"""
    figure = Figure(figsize=(5.2, 0.9 + 0.55 * len(costs)))
    ax = figure.add_subplot()
    limit = max(float(np.max(costs)), 1e-9)
    ax.imshow(costs, cmap=MAP, vmin=0, vmax=limit, aspect="auto")
    ax.grid(False)
    for (b, h), cost in np.ndenumerate(costs):
        ax.text(h, b, f"{cost:.3f}", ha="center", va="center", fontsize=9,
                color="white" if cost > 0.6 * limit else "black")
    ax.set_xticks(range(costs.shape[1]), [f"head {h + 1}" for h in range(costs.shape[1])])
    ax.set_yticks(range(len(costs)), [f"block {b + 1}" for b in range(len(costs))])
    ax.set_title("rise of the loss without the head (nats)", fontsize=11)
    ax.tick_params(length=0)
    return with_alt(figure, (
        f"A table of {costs.shape[0]} blocks by {costs.shape[1]} heads. Without one of them the "
        f"loss rises by {costs.min():.2f} to {costs.max():.2f} nats; the darkest cell is head "
        f"{costs.argmax() % costs.shape[1] + 1} of block {costs.argmax() // costs.shape[1] + 1}."
    ))
