"""An exporter that stops in the middle of a file, for the test that kills it there."""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuzheng.config.settings")
django.setup()

import pyarrow.parquet as pq  # noqa: E402

from shuzheng.base.core.scope import system_scope  # noqa: E402
from shuzheng.base.stats import exporting  # noqa: E402

_write = pq.ParquetWriter.write_table


def write_and_wait(self: pq.ParquetWriter, *args: object, **options: object) -> None:
    _write(self, *args, **options)
    os.write(1, b"in the middle\n")
    time.sleep(120)


if __name__ == "__main__":
    pq.ParquetWriter.write_table = write_and_wait
    exporting.run(system_scope("stats.export"))
