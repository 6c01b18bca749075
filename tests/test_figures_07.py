"""The figures of notebook 07: what each must show, and the stored runs that they draw."""

import itertools
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.data import data_path
from helpers.layers import GELU
from helpers.lessons.notebook_07 import figures
from helpers.modern import ReLUSquared
from helpers.plots import png

RUNS = json.loads(data_path("modern_runs.json").read_text(encoding="utf-8"))
SWITCHES = ["rotary", "QK-norm", "start at 0", "Muon"]


def texts(figure):
    """Every text of a figure."""
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


@pytest.mark.parametrize("name", ["ideas", "windows", "race", "training_step", "generation"])
def test_every_stored_result_says_how_it_was_made(name):
    entry = RUNS[name]
    assert entry["command"].startswith("python -m benchmarks.")
    assert entry["date"] and entry["processor"] and entry["cores"] >= 1


def test_ideas_were_tried_over_three_seeds_and_in_all_combinations():
    tried = [(tuple(run["without"]), run["seed"]) for run in RUNS["ideas"]["runs"]]
    assert len(tried) == len(set(tried))
    for idea in ["", *figures.LABELS]:
        seeds = {seed for name, seed in tried if name == ((idea,) if idea else ())}
        assert seeds >= {0, 1, 2}, idea
    for n in range(5):
        for some in itertools.combinations(SWITCHES, n):
            assert (some, 0) in tried


def test_the_stored_race_keeps_what_the_notebook_says():
    old, short, long = RUNS["race"]["contestants"].values()
    assert short["goal"] <= 0.25 * (old["goal"] or old["seconds"][-1])
    assert long["seconds"][-1] <= 1.02 * old["seconds"][-1] and long["loss"][-1] <= 1.65


def test_race_figure_ends_with_the_losses():
    figure = figures.race_figure(RUNS["race"])
    for run in RUNS["race"]["contestants"].values():
        assert f"{run['loss'][-1]:.3f}" in texts(figure)
    (ax,) = figure.axes
    assert len({line.get_marker() for line in ax.lines[:3]}) == 3, "told apart without color"


def test_bend_figure_draws_value_and_slope():
    figure = figures.bend_figure({"ReLU²": ReLUSquared(), "GELU": GELU()})
    value, slope = figure.axes
    x, y = value.lines[0].get_data()
    np.testing.assert_allclose(y, np.maximum(x, 0) ** 2)
    np.testing.assert_allclose(slope.lines[0].get_ydata(), 2 * np.maximum(x, 0))


def test_worth_is_sorted_with_notebook_06_at_the_end():
    figure = figures.worth_figure(RUNS["ideas"])
    (ax,) = figure.axes
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert set(labels) == set(figures.LABELS.values()) and labels[-1] == figures.LABELS["all"]
    means = [line.get_xdata()[1] for line in ax.lines if len(line.get_xdata()) == 2
             and line.get_linewidth() == 5]
    assert means[:-1] == sorted(means[:-1])
    runs = RUNS["ideas"]["runs"]
    found = {run["seed"]: run["loss"] for run in runs if run["without"] == ["Muon"]}
    full = {run["seed"]: run["loss"] for run in runs if run["without"] == []}
    cost = np.mean([found[seed] - full[seed] for seed in found])
    assert f"{cost:+.3f}" in texts(figure)


@pytest.mark.parametrize("on", list(itertools.product([True, False], repeat=4)))
def test_every_setting_of_the_switches_is_drawn(on):
    figure = figures.switches_figure(RUNS["ideas"], dict(zip(SWITCHES, on, strict=True)))
    missing = [name for name, value in zip(SWITCHES, on, strict=True) if not value]
    (run,) = [run for run in RUNS["ideas"]["runs"] if run["seed"] == 0
              and run["without"] == missing]
    (ax,) = figure.axes
    assert f"{run['loss']:.3f}" in ax.get_title(loc="left")
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), run["validation"])
    low, high = ax.get_ylim()
    assert all(low < value < high for value in run["validation"][1:])
    assert png(figure) == png(figures.switches_figure(RUNS["ideas"], dict(zip(SWITCHES, on,
                                                                             strict=True))))


def test_places_are_averaged_over_doublings():
    centers, means = figures.doubling(np.arange(16.0))
    assert means == [1, 2.5, 5.5, 11.5] and len(centers) == 4
    figure = figures.place_figure(np.linspace(3, 1, 256))
    assert figure.axes[0].get_xscale() == "log" and figure.alt
    drawn = figures.windows_figure(RUNS["windows"])
    assert {len(line.get_xdata()) for line in drawn.axes[0].lines} == {6, 7, 8}
    runs = [run for run in RUNS["windows"]["runs"] if run["context"] == 64]
    first = np.mean([run["by_place"][1] for run in runs])
    assert drawn.axes[0].lines[0].get_ydata()[0] == pytest.approx(first), "the mean over seeds"
    for line in drawn.axes[0].lines:
        context = int(line.get_label().split(":")[0].split()[-1])
        loss = np.mean([r["loss"] for r in RUNS["windows"]["runs"] if r["context"] == context])
        assert f" {loss:.3f} nats" in line.get_label()


@pytest.mark.parametrize("steps", [3, 60])
def test_curve_says_when_the_goal_was_reached(steps):
    history = {"loss": np.linspace(3, 1.5, steps), "checked": [1, steps], "validation": [2.5, 1.7]}
    figure = figures.curve_figure(history, goal=1.88)
    assert f"from step {steps} on" in figure.alt
    history["validation"] = [2.5, 2.0]
    assert "does not reach" in figures.curve_figure(history, goal=1.88).alt


def test_bars_and_maps_write_their_numbers():
    figure = figures.cost_figure({"one": 1.0, "two": 0.25})
    assert {"1.00", "0.25"} <= set(texts(figure))
    assert {"1.00", "0.50"} <= set(texts(figures.tricks_figure({"a": 4.0, "b": 2.0})))
    shares = np.array([[0.01, 0.9], [0.3, 0.0]])
    figure = figures.copying_figure(np.eye(8), 4, shares)
    assert {"1%", "90%", "30%", "0%"} <= set(texts(figure)) and "90%" in figure.alt


def test_jump_draws_both_times():
    figure = figures.jump_figure([(10, 3.0, 3.0), (20, 2.5, 0.25)])
    first, second = figure.axes[0].lines
    np.testing.assert_allclose(first.get_ydata(), [3.0, 2.5])
    np.testing.assert_allclose(second.get_ydata(), [3.0, 0.25])
    assert "0.25 nats" in figure.alt


def test_singular_values_and_turns():
    start = np.geomspace(1e-3, 1, 5)
    figure = figures.turns_figure(start, {"a": [start] * 3, "b": [start**2] * 3})
    assert len(figure.axes) == 2 and len(figure.axes[1].lines) == 4
    figure = figures.singular_figure(start[::-1], {3: start[::-1], 5: start[::-1]})
    assert figure.axes[0].get_yscale() == "log" and "1000 times" in figure.alt
    figure = figures.sure_figure(np.array([1.0, 2.0]), [0.1, 0.9], [0.1, 0.1])
    assert "0.90" in figure.alt
