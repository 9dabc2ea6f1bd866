"""A simple index of made-up projects on a free port of 127.0.0.1, and installations from it by pip and uv of this virtual environment."""
import glob
import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.parse
import zipfile

BACKEND = '''
import os, zipfile
def get_requires_for_build_wheel(settings=None): return []
def build_wheel(folder, settings=None, metadata=None):
    name = '{name}-{version}-py3-none-any.whl'
    with open('wheel', 'rb') as source, open(os.path.join(folder, name), 'wb') as target: target.write(source.read())
    return name
'''
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def wheel(name, version, mark):
    """A wheel of one module that says which file it came from."""
    data = io.BytesIO()
    info = f'{name}-{version}.dist-info'
    with zipfile.ZipFile(data, 'w') as archive:
        archive.writestr(f'{name}.py', f'mark = {mark!r}')
        archive.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
        archive.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        archive.writestr(f'{info}/RECORD', '')
    return data.getvalue()


def sdist(name, version, ending):
    """A source distribution that builds without any other package."""
    members = {
        'PKG-INFO': f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'.encode(),
        'pyproject.toml': PYPROJECT.encode(),
        'backend.py': BACKEND.format(name=name, version=version).encode(),
        'wheel': wheel(name, version, ending),
    }
    data = io.BytesIO()
    if ending == 'zip':
        with zipfile.ZipFile(data, 'w') as archive:
            for path, content in members.items():
                archive.writestr(f'{name}-{version}/{path}', content)
    else:
        mode = {'tar.gz': 'gz', 'tgz': 'gz', 'tar.bz2': 'bz2', 'tar.xz': 'xz'}[ending]
        with tarfile.open(fileobj=data, mode=f'w:{mode}') as archive:
            for path, content in members.items():
                member = tarfile.TarInfo(f'{name}-{version}/{path}')
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


class Index:
    """Projects as pages (a dict is JSON, a text is HTML) and files by path."""

    def __init__(self):
        self.pages, self.files = {}, {}
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = urllib.parse.unquote(self.path.split('?')[0])
                page = index.pages.get(path.split('/')[2]) if path.startswith('/simple/') else None
                if isinstance(page, dict):
                    kind, body = 'application/vnd.pypi.simple.v1+json', json.dumps(page).encode()
                elif page:
                    kind, body = 'text/html', page.encode()
                else:
                    kind, body = 'application/octet-stream', index.files.get(path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.send_header('Cache-Control', 'no-cache')
                self.end_headers()
                if self.command == 'GET':
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{server.server_address[1]}'

    def file(self, filename, content, path=None, **more):
        """Adds a file, and gives its entry for a JSON page."""
        path = path or f'/files/{filename}'
        self.files[path] = content
        digest = {'sha256': hashlib.sha256(content).hexdigest()}
        return {'filename': filename, 'url': self.url + path, 'hashes': digest, 'size': len(content), **more}

    def wheel(self, name, version, **more):
        """Adds a wheel, and gives its entry for a JSON page."""
        filename = f'{name}-{version}-py3-none-any.whl'
        return self.file(filename, wheel(name, version, filename), **more)

    def json(self, name, *entries, api_version='1.4'):
        """Makes the JSON page of a project."""
        self.pages[name] = {'meta': {'api-version': api_version}, 'name': name, 'versions': [], 'files': list(entries)}

    def install(self, tool, name):
        """Installs the project and gives what came: the mark of the file, or the first words of the error."""
        with tempfile.TemporaryDirectory() as folder:
            own = {'HOME': folder, 'XDG_CACHE_HOME': folder, 'PIP_CONFIG_FILE': os.devnull, 'UV_NO_CONFIG': '1'}
            if tool == 'pip':
                command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--index-url']
            else:
                uv = os.path.join(os.path.dirname(sys.executable), 'uv')
                command = [uv, 'pip', 'install', '--quiet', '--no-cache', '--python', sys.executable, '--default-index']
            command += [f'{self.url}/simple/', '--no-deps', '--no-build-isolation', '--target', f'{folder}/target', name]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **own})
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                return 'refused'
            with open(glob.glob(f'{folder}/target/*.py')[0]) as module:
                return module.read().split("'")[1]

    def show(self, what, name):
        """Prints what pip and uv install of a project."""
        print(f"{what}: pip {self.install('pip', name)}, uv {self.install('uv', name)}")
