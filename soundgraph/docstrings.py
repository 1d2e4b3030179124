"""The docstrings of files, which help and schemas are made of: also where Python drops them (`-OO`)."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from importlib.abc import InspectLoader


@cache
def of(module: str) -> str:
    """The docstring of a module by its full name; read out of its source where Python was told to keep none."""
    found = importlib.import_module(module)
    if found.__doc__ is not None:
        return found.__doc__
    loader = found.__loader__
    source = loader.get_source(module) if isinstance(loader, InspectLoader) else None
    return (ast.get_docstring(ast.parse(source)) if source else None) or ""


def summary(module: str) -> str:
    """Its first line."""
    return of(module).strip().partition("\n")[0]
