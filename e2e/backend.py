"""A build backend of the test packages that needs nothing: a wheel and a source distribution with one module."""
import io
import os
import tarfile
import tomllib
import zipfile


def _project():
    with open("pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def _metadata(project):
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += ["Requires-Python: >=3.8", "Summary: made by a test"]
    lines += [f"Requires-Dist: {one}" for one in project.get("dependencies", [])]
    return "\n".join(lines) + "\n\nA package for tests.\n"


def _stem(project):
    return f"{project['name'].replace('-', '_')}-{project['version']}"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    project = _project()
    stem, info = _stem(project), f"{_stem(project)}.dist-info"
    module = f"{project['name'].replace('-', '_')}.py"
    files = {
        module: f"VERSION = '{project['version']}'\n",
        f"{info}/METADATA": _metadata(project),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_sdist(directory, config_settings=None):
    project = _project()
    stem = _stem(project)
    with open("pyproject.toml") as file:
        files = {"pyproject.toml": file.read(), "PKG-INFO": _metadata(project)}
    with open(__file__) as file:
        files["backend.py"] = file.read()
    name = f"{stem}.tar.gz"
    with tarfile.open(os.path.join(directory, name), "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{stem}/{path}")
            data = text.encode()
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return name


def build_editable(directory, config_settings=None, metadata_directory=None):
    name = build_wheel(directory)
    project = _project()
    with zipfile.ZipFile(os.path.join(directory, name), "a") as archive:
        archive.writestr(f"{project['name'].replace('-', '_')}_editable.pth", os.getcwd())
    return name
