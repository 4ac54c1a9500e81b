"""Pages are made by Jinja, which escapes whatever it is given."""

import base64
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from nextlabel.wording.numbers import metric_words


def template(name: str) -> Any:
    """A page's template; every value is escaped, because names of files and classes may hold anything."""
    environment = Environment(
        loader=PackageLoader("nextlabel", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,  # a name that is mistyped in a template raises, instead of printing nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"address": address, "metric_words": metric_words}
    return environment.get_template(name)


def address(png: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
