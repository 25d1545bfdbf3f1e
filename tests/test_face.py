"""What `import qcompile` shows."""

import pytest

import qcompile as qc


@pytest.mark.parametrize("name", qc.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Would catch a name whose module moved."""
    assert getattr(qc, name) is not None
    assert name in dir(qc)


def test_public_names_are_those_with_a_home() -> None:
    """Would catch a name that is shown and cannot be had, or had and not shown."""
    assert sorted(qc.__all__) == sorted(qc._HOME)  # pyright: ignore[reportPrivateUsage]


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Would catch another exception, which `hasattr` would let through."""
    assert not hasattr(qc, "frobnicate")


def test_the_version_is_the_packages() -> None:
    """Would catch a version that is raised in one place only."""
    from importlib.metadata import version

    assert qc.__version__ == version("qcompile")
