"""The figures of notebook 06: what each must show."""

import itertools
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from benchmarks import rungs
from helpers.data import data_path
from helpers.layers import flatten
from helpers.lessons.notebook_06 import figures
from helpers.plots import png
from helpers.transformer import load

COUNTED = {"uniform": 4.1, "unigram": 3.3, "bigram": 2.5}


def texts(figure):
    """Every text of a figure."""
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


@pytest.mark.parametrize(
    ("width", "heads", "context", "blocks"), [(128, 4, 64, 4), (8, 2, 5, 1), (768, 12, 1024, 12)]
)
def test_transformer_figure_has_every_shape(width, heads, context, blocks):
    found = "\n".join(texts(figures.transformer_figure(65, context, width, heads, blocks)))
    for shape in [
        f"(N, {context})",
        f"(N, {context}, {width})",
        f"(N, {heads}, {context}, {width // heads})",
        f"(N, {context}, {4 * width})",
        f"(N, {context}, 65)",
    ]:
        assert shape in found
    assert f"block, {blocks} times" in found


def test_writing_figure_over_a_grid():
    model, tokenizer = load(data_path("transformer.npz"))
    grid = itertools.product(["HAMLET:\n", "a"], [0, 0.7, 2.0], [1, 62], [0.3, 1.0], [20])
    for prompt, temperature, top_k, top_p, length in grid:
        fig = figures.writing_figure(model, tokenizer, prompt, temperature, top_k, top_p, length, 1)
        shade = fig.axes[0].images[0].get_array().filled(np.nan)
        written = sum(len(t.get_text()) for t in fig.axes[0].texts)
        assert np.nanmax(shade) <= 1 and written > len(prompt.strip())
    again = [png(figures.writing_figure(model, tokenizer, "O", 1.0, 62, 1.0, 20, seed))
             for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]
    with pytest.raises(ValueError, match="the prompt is empty"):
        figures.writing_figure(model, tokenizer, "", 1.0, 5, 1.0, 20, 0)


@pytest.mark.parametrize("done", [0, 1, 24, 25, 80, 200])
def test_the_curve_grows_on_axes_that_stay(done):
    loss = np.linspace(4.1, 2.0, done)
    checked = list(range(20, done + 1, 20))
    history = {"loss": list(loss), "checked": checked, "validation": [2.2] * len(checked)}
    ladder = COUNTED | {"counted, 4 characters": 1.8, "transformer": 1.7}
    figure = figures.curve_figure(history if done else {}, ladder, steps=200)
    (ax,) = figure.axes
    assert ax.get_xlim() == (0, 202) and ax.get_ylim() == (1.4, 4.4)
    assert {*COUNTED, "counted, 4 characters"} <= set(texts(figure))
    assert "transformer" not in texts(figure), "lines stand for what was counted"
    batches = ax.lines[0].get_xydata()
    np.testing.assert_allclose(batches[:, 1], loss)
    assert not done or batches[-1, 0] == done, "the first step is 1"
    labels = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert ("held-out play" in labels) == (done >= 20)
    assert ("training batches, mean of 25" in labels) == (done >= 25)
    if done >= 25:
        smooth = labels["training batches, mean of 25"]
        np.testing.assert_allclose(smooth[0], [13, loss[:25].mean()])
        assert smooth[-1, 0] == done - 12, "as far from the end as from the start"
        assert f"{loss[-25:].mean():.2f} after {done} of 200 steps" in figure.alt


def test_the_counted_curve_marks_its_lowest_point():
    losses = [3.3, 2.5, 2.1, 1.9, 1.8, 1.9, 2.0]
    figure = figures.counted_figure(losses)
    (ax,) = figure.axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), losses)
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [[4, 1.8]])
    assert "1.80 at 4 characters" in figure.alt and "2.00" in figure.alt


def test_the_ladder_says_how_many_choices_and_over_how_many_seeds():
    bands = {name: [loss] for name, loss in COUNTED.items()}
    figure = figures.ladder_figure(
        bands | {"MLP": [2.0, 2.1], "transformer": [1.7, 1.8, 1.9]}, steps=1700)
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == [*COUNTED, "MLP", "transformer"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [4.1, 3.3, 2.5, 2.05, 1.8])
    assert "1.80 nats = 6.0 choices (3 seeds)" in texts(figure)
    np.testing.assert_allclose(ax.lines[-1].get_xdata(), [1.7, 1.9])
    hatched = [bool(bar.get_hatch()) for bar in ax.patches]
    assert hatched == [True, True, True, False, False], "told apart without color"
    assert "1700 steps each" in ax.get_xlabel()


def test_the_reading_curves_stand_beside_the_mlps():
    read = {"10 steps": {1: 2.5, 8: 1.7, 64: 1.7}, "90 steps": {1: 2.5, 8: 1.65, 64: 1.6}}
    mlps = {1: 2.5, 8: 1.8, 32: 1.9}
    figure = figures.read_figure(read, mlps)
    (ax,) = figure.axes
    for line, curve in zip(ax.lines, [*read.values(), mlps], strict=True):
        np.testing.assert_allclose(line.get_xydata(), list(curve.items()))
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.lines}) == 3
    assert "1.80 nats at 8" in figure.alt and "1.90 at 32" in figure.alt
    assert "1.65 at 8 characters and stands at 1.60 at 64" in figure.alt


def test_left_out_parts_are_sorted_and_dotted():
    losses = {"without a": [3.0, 3.2], "as it is": [2.0, 2.1], "without b": [2.5]}
    figure = figures.left_out_figure(losses)
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["as it is", "without b", "without a"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [2.05, 2.5, 3.1])
    np.testing.assert_allclose(ax.lines[2].get_xdata(), [3.0, 3.2])


def test_the_jump_is_drawn_for_every_rival():
    curves = {name: np.array([[100, 2.5, 2.5], [200, 2.2, last]])
              for name, last in [("1 block", 2.0), ("2 blocks", 0.1), ("MLP", 2.1)]}
    figure = figures.roll_figure(curves, {"loss": 1.4, "steps": 1600})
    (ax,) = figure.axes
    for line, curve in zip(ax.lines, curves.values(), strict=False):
        np.testing.assert_allclose(line.get_xydata(), curve[:, [0, 2]])
    found = "\n".join(texts(figure))
    assert "2 blocks: 0.10" in found and "MLP, 32 characters: 1.40" in found
    heights = sorted(t.get_position()[1] for t in ax.texts)
    assert min(np.diff(heights)) > 0.19, "labels do not lie on each other"


def test_induction_names_its_heads():
    weights = np.tri(6) / np.arange(1, 7)[:, None]
    figure = figures.induction_figure("↵ab ab", weights, weights[::-1], 3, 1)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["block 1, head 3: one place back", "block 2, head 1: behind the same letter"]
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), weights[::-1])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == list("↵ab␣ab")


def test_the_dials_are_drawn_over_the_guess():
    guess = np.random.default_rng(0).dirichlet(np.ones(20))
    greedy = (guess == guess.max()).astype(float)
    settings = {f"dial {i}": greedy if i == 0 else guess for i in range(6)}
    figure = figures.dials_figure("\n abcdefghijklmnopqr", guess, settings, shown=5)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(settings)
    order = np.argsort(-guess)[:5]
    for ax, p in zip(figure.axes, settings.values(), strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in ax.patches[:5]], p[order])
    names = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert names == ["↵␣abcdefghijklmnopqr"[i] for i in order]


def test_maps_hide_what_lies_ahead_and_name_the_characters():
    weights = np.tri(4) / np.arange(1, 5)[:, None]
    figure = figures.maps_figure("a b\n", {"spaces": weights, "vowels": weights},
                                 {"spaces": (2, 3), "vowels": (0, 0)})
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["spaces: block 3, head 4", "vowels: block 1, head 1"]
    for ax in figure.axes:
        shown = ax.images[0].get_array()
        assert np.isnan(np.ma.filled(shown, np.nan)[np.triu_indices(4, 1)]).all()
        np.testing.assert_allclose(shown[np.tril_indices(4)], weights[np.tril_indices(4)])
        assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "␣", "b", "↵"]


@pytest.mark.parametrize("shape", [(4, 4), (2, 3), (1, 1)])
def test_ablation_writes_every_cost(shape):
    costs = np.random.default_rng(0).random(shape)
    figure = figures.ablation_figure(costs)
    found = texts(figure)
    assert {f"{cost:.3f}" for cost in costs.flat} <= set(found)
    assert {f"block {shape[0]}", f"head {shape[1]}"} <= set(found)


def test_every_rung_of_the_benchmark_can_be_made_and_the_stored_ones_are_its_own():
    names, steps = rungs.notebook()
    wanted = rungs.runs(names, steps)
    stored = json.loads(rungs.PATH.read_text(encoding="utf-8"))["runs"]
    for name, (make, many, rate, _) in wanted.items():
        size = flatten(make(), dtype=np.float32)[0].size
        for run in stored.get(name, []):
            assert (run["steps"], run["learning_rate"], run["parameters"]) == (many, rate, size)
    assert stored.keys() <= wanted.keys()
