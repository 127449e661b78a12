"""Where register work is computed: DuckDB on one machine, Spark where one machine is outgrown."""

from __future__ import annotations

import tempfile
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from ibis.backends import BaseBackend


@spec
class DuckDbEngine:
    """DuckDB inside this process: out of core, with bounded memory.

    Parameters
    ----------
    memory_limit_mb
        What its buffers may take; beyond it, work spills to ``temporary``.
    threads
        Cores to use.
    temporary
        Folder for spilled work, on a disk where personal data may lie; by default the system's.
    """

    memory_limit_mb: int = 1000
    threads: int = 2
    temporary: str = ""
    type: Literal["duckdb"] = field(default="duckdb", kw_only=True)

    def __post_init__(self) -> None:
        for key, low in (("memory_limit_mb", 50), ("threads", 1)):
            if getattr(self, key) < low:
                raise InputError(
                    f"DuckDB needs at least {low} here", key=key, seen=getattr(self, key)
                )

    def connect(self) -> BaseBackend:
        """Return a fresh connection in memory."""
        import ibis

        connection = ibis.duckdb.connect(
            threads=self.threads,
            memory_limit=f"{self.memory_limit_mb}MB",
            temp_directory=self.temporary or tempfile.gettempdir(),
            preserve_insertion_order=False,
        )
        connection.raw_sql("SET enable_progress_bar = false")
        return connection


@spec
class SparkEngine:
    """Spark, through the session that runs already or one started here (needs `pyspark` and Java).

    Parameters
    ----------
    master
        Where to start a session, such as ``local[2]`` or ``spark://host:7077``; an existing
        session is used as it is.
    partitions
        Parts of a shuffle; for small work few are faster.
    """

    master: str = "local[2]"
    partitions: int = 8
    type: Literal["spark"] = field(default="spark", kw_only=True)

    def connect(self) -> BaseBackend:
        """Return a connection to the session.

        Raises
        ------
        InputError
            If Spark is not installed.
        """
        import ibis

        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise InputError(
                "Spark is not installed here",
                key="engine",
                fix="install impactmodel[spark], or use `engine: {type: duckdb}`",
            ) from None
        builder = SparkSession.builder.master(self.master)
        settings = {
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": str(self.partitions),
            "spark.ui.enabled": "false",
            "spark.sql.ansi.enabled": "false",
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        return ibis.pyspark.connect(builder.getOrCreate())


type Engine = Annotated[DuckDbEngine | SparkEngine, Field(discriminator="type")]
