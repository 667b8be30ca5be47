"""`pdscope`: the simulator's command line with the page's commands added."""

import sys

INTERRUPTED = 130


class ServeCommand:
    """`pdscope serve`: the pages, on this machine unless told otherwise."""

    name = "serve"
    help = "serve the pages on this machine"

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8050, help="port to listen on")
        parser.add_argument("--workers", type=int, default=2, help="processes that answer")
        parser.add_argument(
            "--dask",
            metavar="ADDRESS",
            help="compute sweeps on the workers of the dask scheduler at ADDRESS "
            "(default: $PDSCOPE_DASK)",
        )

    def execute(self, arguments) -> int:
        # Dash and gunicorn take a second to import; the other commands do without.
        from app.server.serve import serve

        serve(arguments.host, arguments.port, arguments.workers, arguments.dask)
        return 0


def write_sweep_html(table, plan, path):
    """Write a sweep as a self-contained page; Plotly is imported only now."""
    from app.sweeps.html import write_html

    write_html(table, plan, path)


def main(argv=None) -> int:
    """Run one command; returns the exit status."""
    try:
        # Half a second of imports, during which one may think better of it.
        import simcore.__main__

        return simcore.__main__.main(
            argv, commands=[ServeCommand()], sweep_writers={".html": write_sweep_html}
        )
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
