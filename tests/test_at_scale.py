"""The jobs of docs/at-scale.md, run as they stand there in processes of their own: on local clusters of two workers."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing

import pytest

from bouncelib import Context, parse

ROOT = pathlib.Path(__file__).parent.parent
RAWS = [path.read_bytes() for path in sorted((ROOT / "corpus").rglob("*.eml"))]
MOST = 600  # seconds that a cluster may take to start and to work on a machine that is busy


def script(name: str) -> str:
    """The code that the comment `<!-- run: NAME -->` stands above."""
    page = (ROOT / "docs" / "at-scale.md").read_text("utf-8")
    found = re.search(rf"<!-- run: {name} -->\n```python\n(.*?)\n```", page, re.DOTALL)
    assert found
    return found[1]


def run(code: str, where: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this script, which finds its input where it is."""
    (where / "script.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=MOST,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


def test_parse_many(tmp_path: pathlib.Path) -> None:
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    recipients = [recipient for raw in RAWS for recipient in parse(raw).recipients]
    gone = {recipient.subscriber for recipient in recipients if recipient.suppress}
    assert run(script("parse many"), tmp_path).stdout == f"{len(gone)} addresses to stop mailing\n"
    assert len(gone) > 50


# -- clusters


@pytest.fixture
def messages(tmp_path: pathlib.Path) -> typing.Any:
    """Messages in two files of Parquet, one of them null."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    raws = [*RAWS[:200], None, *RAWS[200:]]
    table = pa.table({"id": list(range(len(raws))), "raw": pa.array(raws, pa.binary())})
    (tmp_path / "messages").mkdir()
    half = len(table) // 2
    pq.write_table(table.slice(0, half), tmp_path / "messages" / "0.parquet")
    pq.write_table(table.slice(half), tmp_path / "messages" / "1.parquet")
    return table


def check(directory: pathlib.Path, messages: typing.Any) -> None:
    """The rows are those that one process makes, each message has one, and more than one task has written them."""
    import pyarrow.parquet as pq

    from bouncelib.integrations import arrow

    expected = arrow.parse_table(messages, context=Context(own_domains=["example.com"]))
    order = [("id", "ascending"), ("recipient_number", "ascending")]
    assert len(list(directory.glob("*.parquet"))) > 1
    found = pq.read_table(directory).cast(expected.schema).sort_by(order)
    assert found.equals(expected.sort_by(order))
    (failed,) = [row for row in found.to_pylist() if row["error"]]
    assert (failed["id"], failed["error"], failed["kind"]) == (200, "there is no message: null", None)
    assert set(found["id"].to_pylist()) == set(range(len(messages)))


# Two processes on the loopback interface, and blocks so small that both get some.
RAY = """\
import ray.data

ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1")
ray.data.DataContext.get_current().target_max_block_size = 200_000
"""


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray(tmp_path: pathlib.Path, messages: typing.Any) -> None:
    run(RAY + script("ray"), tmp_path, RAY_USAGE_STATS_ENABLED="0", RAY_DATA_DISABLE_PROGRESS_BARS="1")
    check(tmp_path / "recipients", messages)


# Two executors, each a process beside the master and two workers; parts so small that both get some.
SPARK = """
spark.master local-cluster[2,1,1024]
spark.ui.enabled false
spark.sql.session.timeZone UTC
spark.sql.parquet.outputTimestampType TIMESTAMP_MICROS
spark.sql.files.maxPartitionBytes 400000
"""


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
@pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed")
def test_spark(tmp_path: pathlib.Path, messages: typing.Any) -> None:
    (tmp_path / "spark-defaults.conf").write_text(SPARK, "utf-8")
    run(
        script("spark"),
        tmp_path,
        SPARK_CONF_DIR=str(tmp_path),
        SPARK_LOCAL_IP="127.0.0.1",
        SPARK_LOCAL_DIRS=str(tmp_path / "local"),
        PYSPARK_PYTHON=sys.executable,
    )
    check(tmp_path / "recipients", messages)
