"""The subcommands of the command line, one file each.

A command is a module with `name`, `help`, `add_arguments(parser)` and `execute(arguments)`, which
returns the exit status.
"""
