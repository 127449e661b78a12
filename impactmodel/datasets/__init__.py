"""Small real data that ship with the library, each with its citation, licence and source."""

from impactmodel.datasets.library import DatasetInfo, info, load

__all__ = ["DatasetInfo", "info", "load"]
