"""Figures of notebook 06: the transformer and what it writes."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.figures import BLUE, GRAY, GREEN, ORANGE, text_figure


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


def writing_figure(model, tokenizer, prompt, temperature, top_k, length, seed):
    """Let a language model continue a prompt, and draw the text shaded by probability.

    model, tokenizer: as `helpers.transformer.load` returns them. The rest as for
    `helpers.transformer.continuation`. Returns a Figure.
    """
    from helpers.transformer import continuation

    tokens = tokenizer.encode(prompt)
    tokens, probabilities = continuation(model, tokens, length, temperature, top_k, seed)
    return text_figure(tokenizer.decode(tokens), probabilities)
