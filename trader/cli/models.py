"""`trader models`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("What forecasts: train it, look at it, promote it.")

MODEL = typer.Argument(metavar="ID", help="A trained model, or the beginning of its id.")


@app.command("train")
def models_train(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="logistic, xgboost, lightgbm, catboost, ensemble, or validator."),
    ],
    feed: Annotated[str | None, typer.Option(metavar="FEED", help="Where bars are from.")] = None,
    symbols: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="What to train on; unset, the feed's default.")
    ] = None,
    timeframe: Annotated[str | None, typer.Option(metavar="1d", help="Length of a bar.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day of the history; unset, all of it.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(metavar="N", help="Bars ahead; unset, the desk's.")] = None,
    label: Annotated[
        str | None, typer.Option(metavar="NAME", help="event, or barrier: profit, loss or time.")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Inputs to choose from; unset, the common indicators."),
    ] = None,
    best: Annotated[int | None, typer.Option(metavar="N", help="Inputs that each fold keeps.")] = None,
    folds: Annotated[
        int | None, typer.Option(metavar="N", help="Tests of the walk, or blocks that are combined.")
    ] = None,
    splits: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="walk-forward, or combinatorial: a study, never promoted."),
    ] = None,
    held_out: Annotated[
        int | None, typer.Option(metavar="N", help="Blocks tested at a time, of combinatorial splits: 2.")
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="NAME", help="Of trees: calm, or strong.")] = None,
    calibration: Annotated[str | None, typer.Option(metavar="NAME", help="platt, or beta.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of what is drawn.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Folds at the same time.")] = 1,
) -> int:
    """Train a model and test it out of sample.

    A training that was stopped goes on where it was. It needs no lock: a desk may run meanwhile.
    """
    from trader.commands import models

    flags = models.Flags(
        feed=feed,
        symbols=symbols,
        timeframe=timeframe,
        until=until,
        horizon=horizon,
        label=label,
        features=features,
        best=best,
        folds=folds,
        splits=splits,
        held_out=held_out,
        size=size,
        calibration=calibration,
        seed=seed,
        workers=workers,
    )
    return models.train(context.obj, name, flags)


@app.command("list")
def models_list(context: typer.Context) -> None:
    """Every model that was trained here, and which is in place."""
    from trader.commands import models

    models.show_list(context.obj)


@app.command("show")
def models_show(
    context: typer.Context,
    model: Annotated[str, MODEL],
    feed: Annotated[
        str | None, typer.Option(metavar="FEED", help="Look for drift here; unset, its own feed.")
    ] = None,
) -> None:
    """A model's card, and whether it still fits."""
    from trader.commands import models

    models.show(context.obj, model, feed)


@app.command("promote")
def models_promote(
    context: typer.Context,
    model: Annotated[str, MODEL],
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="Promote it whatever the rule says, and say why.")
    ] = None,
) -> int:
    """Put a model in place, if it was better out of sample.

    Better than the base rate, than logistic regression, and than the one in place, each beyond luck. Exit
    code 1 where it is not.
    """
    from trader.commands import models

    return models.promote(context.obj, model, force)


@app.command("retire")
def models_retire(
    context: typer.Context,
    model: Annotated[str, MODEL],
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for whoever reads it.")] = "",
) -> None:
    """Take a model out of its place."""
    from trader.commands import models

    models.retire(context.obj, model, reason)
