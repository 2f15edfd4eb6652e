"""The one exception that means: the input, not the program, is at fault."""


class UserError(Exception):
    """Bad input: one line that names file, column, value and the way out.

    The command prints it to stderr and exits with code 2; anything else keeps its traceback.
    """
