"""dbt with the project as it was parsed before: parsing takes longer than building a small shop.

`python parsed.py <folder of parsed projects> <arguments of dbt>` does what dbt does with these arguments. What was
parsed is kept in the folder by the vars that parsing may depend on; the environment decides nothing before nodes run.
"""

import fcntl
import hashlib
import json
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

# What they are decides nothing before nodes run either; whether they are given might.
VALUES = ("as_of", "loaded_until", "reporting_timezone", "reporting_currency")


def vars_of(arguments: list[str]) -> list[str]:
    """The arguments that set vars."""
    if "--vars" not in arguments:
        return []
    position = arguments.index("--vars")
    return arguments[position : position + 2]


def manifest(kept: Path, arguments: list[str]) -> Manifest | None:
    """The parsed project; None where it cannot be parsed, so that dbt itself says why."""
    given = json.loads(next(iter(vars_of(arguments)[1:]), "{}"))
    key = {name: bool(value) if name in VALUES else value for name, value in sorted(given.items())}
    path = kept / hashlib.sha256(json.dumps(key).encode()).hexdigest()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            folders = [arguments[arguments.index(each) + 1] for each in ("--target-path", "--log-path")]
            options = ["--target-path", folders[0], "--log-path", folders[1], "--no-partial-parse", "--quiet"]
            parsed = dbtRunner().invoke(["parse", *options, *vars_of(arguments)])
            if not parsed.success:
                return None
            path.write_bytes(parsed.result.to_msgpack(extended_mashumaro_encoder))
    project = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    project.build_flat_graph()
    return project


if __name__ == "__main__":
    kept, *arguments = sys.argv[1:]
    result = dbtRunner(manifest=manifest(Path(kept), arguments)).invoke(arguments)
    sys.exit(0 if result.success else 1 if result.exception is None else 2)
