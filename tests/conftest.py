"""Shared set-up: shapes are checked in every test run, and no test reaches outside this machine."""

from jaxtyping import install_import_hook

install_import_hook(["bowerbird"], "beartype.beartype")
