"""The docstrings of files, which help and schemas are made of: also where Python drops them (`-OO`)."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from importlib.abc import InspectLoader


@cache
def of(module: str) -> str:
    """The docstring of a module by its full name; read out of its source where Python was told to keep none."""
    imported = importlib.import_module(module)
    if imported.__doc__ is not None:
        return imported.__doc__
    return ast.get_docstring(_source(module)) or ""


def of_class(module: str, name: str) -> str:
    """The docstring of a class at the top of a module, read out of its source."""
    classes = (node for node in _source(module).body if isinstance(node, ast.ClassDef) and node.name == name)
    return next((ast.get_docstring(node) or "" for node in classes), "")


@cache
def _source(module: str) -> ast.Module:
    loader = importlib.import_module(module).__loader__
    return ast.parse((loader.get_source(module) if isinstance(loader, InspectLoader) else None) or "")


def summary(module: str) -> str:
    """Its first line."""
    return of(module).strip().partition("\n")[0]
