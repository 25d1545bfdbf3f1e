"""Finds the packages under the folders that pyproject.toml maps; everything else is said there."""

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

settings = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
roots: dict[str, str] = settings["tool"]["setuptools"]["package-dir"]
found = {f"{package}.{name}" for package, folder in roots.items() for name in find_packages(folder)}

setup(packages=sorted({*roots, *found}))
