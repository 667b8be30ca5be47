"""`pdscope calibrate`: constants from a user's own measurements."""

from simcore.commands.files import check_folder, write_text

name = "calibrate"
help = "fit the cost model to your own measurements"


def add_arguments(parser):
    parser.add_argument(
        "file", metavar="MEASUREMENTS.csv", help="measured steps, or TTFT and TPOT at concurrency"
    )
    parser.add_argument("--gpu", metavar="NAME", required=True, help="which GPU's rows to fit")
    parser.add_argument("--engine", metavar="NAME", default="mine", help="default: mine")
    parser.add_argument("--out", metavar="constants.toml", required=True)


def execute(arguments) -> int:
    # Here rather than above: other commands need not wait for pandas and SciPy.
    from simcore.calibration.tables import SERVING, read_table, shape_of
    from simcore.calibration.user import calibrate_steps
    from simcore.costs.constants import toml_text

    check_folder(arguments.out)
    rows = read_table(arguments.file)
    if shape_of(rows, arguments.file) is SERVING:
        from simcore.calibration.serving_user import calibrate_serving as calibrate
    else:
        calibrate = calibrate_steps
    found = calibrate(rows, gpu=arguments.gpu, engine=arguments.engine, where=arguments.file)
    head = f"Fitted by pdscope calibrate; use it: pdscope predict --constants {arguments.out}"
    write_text(arguments.out, toml_text(found.constants, head=head))
    print(
        f"{found.constants.provenance.rows} rows; mean error {100 * found.seen.mape:.1f} % where "
        f"fitted, {100 * found.unseen.mape:.1f} % where held out (by {found.folds}), median "
        f"{100 * found.unseen.median:.1f} %, p90 {100 * found.unseen.p90:.1f} %"
    )
    return 0
