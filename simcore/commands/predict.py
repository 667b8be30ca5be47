"""`pdscope predict`: predicted times beside measured ones."""

from simcore.commands.files import check_folder, write_text

name = "predict"
help = "predict the times of a table of measurements"

MODELS = ("calibrated", "physical", "reference")


def add_arguments(parser):
    parser.add_argument(
        "file",
        metavar="FILE.csv",
        help="steps, collectives, KV transfers, kernels or serving runs: recognised by its columns",
    )
    parser.add_argument(
        "--out", metavar="OUT.csv", required=True, help="the rows, with predictions"
    )
    parser.add_argument(
        "--cost-model", choices=MODELS, default="calibrated", help="default: calibrated"
    )
    parser.add_argument("--engine", metavar="NAME", help="the engine of rows that name none")
    parser.add_argument(
        "--constants", metavar="FILE.toml", help="what `pdscope calibrate` wrote, in place of ours"
    )


def execute(arguments) -> int:
    # Here rather than above: other commands need not wait for pandas and SciPy.
    from simcore.calibration.predict import predict_file, summary_of
    from simcore.calibration.user import read_constants

    check_folder(arguments.out)
    constants = None
    if arguments.constants is not None:
        constants = read_constants(arguments.constants)
    rows = predict_file(
        arguments.file,
        cost_model=arguments.cost_model,
        engine=arguments.engine,
        constants=constants,
    )
    write_text(arguments.out, rows.to_csv(index=False))
    print(summary_of(rows))
    return 0
