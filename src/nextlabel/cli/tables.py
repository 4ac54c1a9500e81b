"""Every option of every command as docs/options.md has them: ``python -m nextlabel.cli.tables > docs/options.md``."""

import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from nextlabel.cli.app import app

HEAD = """\
# Options

Made from the program itself, by `python -m nextlabel.cli.tables`; `nextlabel COMMAND --help` says the same. In Python
the fields of `Experiment`, `Plan` and `Crew`, and the arguments of `compare`, have the same names and defaults; there
a budget alone wants `rounds=None` beside it."""


def options_page() -> str:
    """The page, in Markdown."""
    commands: dict[str, Any] = getattr(get_command(app), "commands")  # noqa: B009  # typer's types hide its own click
    return "\n".join([HEAD, *(line for name, one in commands.items() for line in _command(name, one)), ""])


def _command(name: str, command: Any) -> Iterator[str]:
    # The first paragraph, on one line: what follows are examples and footnotes.
    about = " ".join(command.help.split("\n\n")[0].split())
    yield from ("", f"## {name}", "", about, "", "| | default | |", "|---|---|---|")
    panel = None
    for one in command.params:
        # Options come sorted by panel (`place_of_option`), so each panel is begun once.
        if one.rich_help_panel != panel:
            panel = one.rich_help_panel
            yield f"| **{panel}** | | |"
        typed = " / ".join(f"`{word}`" for word in [*one.opts, *one.secondary_opts])
        yield f"| {typed if one.param_type_name == 'option' else f'`{one.metavar}`'} | {_default(one)} | {one.help} |"


def _default(option: Any) -> str:
    """As it is typed; of a flag, the word that stands for it."""
    if isinstance(option.default, bool):
        return f"`{option.opts[0]}`" if option.default else ""
    return "" if option.default is None or option.required else f"`{option.default}`"


if __name__ == "__main__":
    sys.stdout.write(options_page())
