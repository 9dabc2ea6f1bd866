"""The life of a file repository through the published Python bindings; prints one line for each step that went well."""

import hashlib
import json
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from pulpcore.client import pulp_file, pulpcore

base_url, password, manifest_url = os.environ["DECKLE"], os.environ["DECKLE_PASSWORD"], sys.argv[1]
options = {"host": base_url, "username": "admin", "password": password}
core = pulpcore.ApiClient(pulpcore.Configuration(**options))
file = pulp_file.ApiClient(pulp_file.Configuration(**options))
tasks, uploads, status = pulpcore.TasksApi(core), pulpcore.UploadsApi(core), pulpcore.StatusApi(core)
remotes, repositories = pulp_file.RemotesFileApi(file), pulp_file.RepositoriesFileApi(file)
versions, content = pulp_file.RepositoriesFileVersionsApi(file), pulp_file.ContentFilesApi(file)
publications, distributions = pulp_file.PublicationsFileApi(file), pulp_file.DistributionsFileApi(file)
directory = Path(tempfile.mkdtemp())


def ok(what):
    print("ok", what, flush=True)


def finished(response):
    deadline = time.monotonic() + 60
    while (task := tasks.read(response.task)).state in ("waiting", "running"):
        assert time.monotonic() < deadline, task
        time.sleep(0.1)
    assert task.state == "completed", task.error
    return task.created_resources


def wrote(name, data):
    path = directory / name
    path.write_bytes(data)
    return str(path)


def latest(repository):
    return repositories.read(repository.pulp_href).latest_version_href


def served(distribution, path):
    base = distributions.read(distribution).base_url
    with urllib.request.urlopen(urllib.parse.urljoin(base_url, base) + path) as response:
        return response.read()


assert "file" in [component.component for component in status.status_read().versions]
ok("status")

remote = remotes.create({"name": "bindings", "url": manifest_url, "policy": "on_demand"})
repository = repositories.create({"name": "bindings", "remote": remote.pulp_href})
assert len(finished(repositories.sync(repository.pulp_href, {}))) == 1
assert versions.read(latest(repository)).content_summary.present["file.file"]["count"] == 2
assert finished(repositories.sync(repository.pulp_href, {})) == []
ok("sync, and nothing new the second time")

small = wrote("small", b"a small file")
created = finished(content.create("small.txt", file=small, repository=repository.pulp_href, pulp_labels={"by": "hand"}))
assert len(created) == 2 and content.read(created[1]).pulp_labels == {"by": "hand"}
again = content.upload(relative_path="small.txt", file=small)
assert again.pulp_href == created[1]
ok("small uploads")

large = os.urandom(3_000_000)
upload = uploads.create({"size": len(large)})
for start in range(0, len(large), 1_000_000):
    chunk = large[start : start + 1_000_000]
    span = f"bytes {start}-{start + len(chunk) - 1}/{len(large)}"
    uploads.update(span, upload.pulp_href, wrote("chunk", chunk), sha256=hashlib.sha256(chunk).hexdigest())
assert len(uploads.read(upload.pulp_href).chunks) == 3
digest = hashlib.sha256(large).hexdigest()
(artifact,) = finished(uploads.commit(upload.pulp_href, {"sha256": digest}))
unit = finished(content.create("deep/large.bin", artifact=artifact, repository=repository.pulp_href))[1]
assert content.read(unit).sha256 == digest
ok("chunked upload")

content.set_label(unit, {"key": "size", "value": "large"})
repositories.set_label(repository.pulp_href, {"key": "stage", "value": "testing"})
assert content.list(pulp_label_select="size=large").results[0].pulp_href == unit
assert repositories.list(pulp_label_select="stage=testing,!gone").count == 1
repositories.unset_label(repository.pulp_href, {"key": "stage"})
assert repositories.list(pulp_label_select="stage").count == 0
ok("labels")

names = content.list(repository_version=latest(repository), ordering=["relative_path"], fields=["relative_path"])
assert [one.relative_path for one in names.results] == ["deep/large.bin", "hello.txt", "more/world.txt", "small.txt"]
assert content.list(relative_path__startswith="deep/").count == 1
assert content.list(q=f'sha256="{digest}" AND NOT relative_path="x"').count == 1
assert content.list(sha256=digest, limit=1).results[0].relative_path == "deep/large.bin"
ok("lists and filters")

finished(repositories.modify(repository.pulp_href, {"remove_content_units": [unit]}))
assert versions.read(latest(repository)).content_summary.removed["file.file"]["count"] == 1
finished(repositories.modify(repository.pulp_href, {"add_content_units": [unit]}))
ok("modify")

(publication,) = finished(publications.create({"repository": repository.pulp_href}))
(distribution,) = finished(
    distributions.create({"name": "bindings", "base_path": "by/bindings", "publication": publication})
)
assert served(distribution, "small.txt") == b"a small file"
assert served(distribution, "deep/large.bin") == large
assert served(distribution, "hello.txt") == b"hello\n"
assert len(served(distribution, "PULP_MANIFEST").splitlines()) == 4
ok("publish, distribute, download; what was on demand too")

try:
    repositories.create({"name": "bindings"})
    raise AssertionError("a second repository of that name")
except pulp_file.ApiException as error:
    assert (error.status, json.loads(error.body)) == (400, {"name": ["This field must be unique."]})
ok("errors as exceptions")

finished(distributions.delete(distribution))
finished(versions.delete(f"{repository.versions_href}1/"))
publications.delete(publication)
finished(repositories.delete(repository.pulp_href))
finished(remotes.delete(remote.pulp_href))
finished(pulpcore.OrphansCleanupApi(core).cleanup({"orphan_protection_time": 0}))
assert repositories.list(name="bindings").count == 0 and content.list(sha256=digest).count == 0
ok("destroy and clean up")
