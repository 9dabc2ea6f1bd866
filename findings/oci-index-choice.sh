#!/usr/bin/env bash
# Four clients ask one image index for linux/amd64 and do not agree: five plain indexes, no one of which gives all four the same image.
#
# Guess:       the entry that says amd64, without a variant, is taken wherever there is one; of amd64/v2 alone, of an entry without a platform
#              or of an index inside an index all make the same.
# Seen:        crane takes the first that may fit: amd64/v2 before amd64, and an entry without a platform as amd64 even before one that says
#              amd64. oras takes v2 as well, but no entry without platform. regctl takes neither. skopeo takes an entry without platform when
#              no other fits, and never v2. An index within an index: crane follows it, oras gives the inner index as the result, skopeo lists what is
#              inside with `inspect` but cannot copy it, not even with --all.
# Versions:    skopeo 1.9.3 (Debian 12); go-containerregistry 0.22.1 (crane), oras-go 2.7.0 (oras), regclient 0.11.7 (regctl); go 1.26.8.
# Consequence: what a tag gives is the client's choice, so a registry must keep order and platforms of an index as they came, must serve nested
#              indexes, and a sync that picks architectures must not count on one rule: keep entries without a platform.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt skopeo=1.9.3+ds1-1+b10
need_go go1.26.8 github.com/google/go-containerregistry@v0.22.1 oras.land/oras-go/v2@v2.7.0 github.com/regclient/regclient@v0.11.7

cat >"$work/layouts.py" <<'PY'
"""Image layouts with a tag `t` on an index. Each image has a label `is` that tells it from the others."""
import gzip, hashlib, io, json, os, sys, tarfile

MANIFEST, INDEX = ('application/vnd.oci.image.' + kind + '.v1+json' for kind in ('manifest', 'index'))

class Layout:
    def __init__(self, name):
        self.folder = f'{sys.argv[1]}/{name}'
        os.makedirs(f'{self.folder}/blobs/sha256')
        self.write('oci-layout', {'imageLayoutVersion': '1.0.0'})

    def write(self, path, value):
        with open(f'{self.folder}/{path}', 'w') as file:
            json.dump(value, file)

    def store(self, media_type, value, **more):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        digest = hashlib.sha256(data).hexdigest()
        with open(f'{self.folder}/blobs/sha256/{digest}', 'wb') as file:
            file.write(data)
        return {'mediaType': media_type, 'digest': f'sha256:{digest}', 'size': len(data), **more}

    def image(self, label, **platform):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode='w') as tar:
            tar.addfile(tarfile.TarInfo(label))
        layer = self.store('application/vnd.oci.image.layer.v1.tar+gzip', gzip.compress(archive.getvalue(), mtime=0))
        inner = 'sha256:' + hashlib.sha256(archive.getvalue()).hexdigest()
        config = {'architecture': 'amd64', 'os': 'linux', 'config': {'Labels': {'is': label}}, 'rootfs': {'type': 'layers', 'diff_ids': [inner]}}
        stored = self.store('application/vnd.oci.image.config.v1+json', config)
        more = {'platform': {'os': 'linux', **platform}} if platform else {}
        return self.store(MANIFEST, {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': stored, 'layers': [layer]}, **more)

    def index(self, *entries, **more):
        return self.store(INDEX, {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': list(entries)}, **more)

    def tag(self, *entries):
        top = self.index(*entries, annotations={'org.opencontainers.image.ref.name': 't'})
        self.write('index.json', {'schemaVersion': 2, 'manifests': [top]})

def layout(name, make):
    it = Layout(name)
    it.tag(*make(it))

amd64 = {'architecture': 'amd64'}
layout('usual', lambda it: [it.image('arm', architecture='arm64'), it.image('amd', **amd64)])
layout('v2-first', lambda it: [it.image('v2', variant='v2', **amd64), it.image('amd', **amd64)])
layout('v2-only', lambda it: [it.image('v2', variant='v2', **amd64)])
layout('none-first', lambda it: [it.image('none'), it.image('amd', **amd64)])
layout('none-only', lambda it: [it.image('none')])
layout('nested', lambda it: [it.index(it.image('amd', **amd64), platform={'os': 'linux', **amd64})])
PY
python3 "$work/layouts.py" "$work/layouts"

cat >"$work/module/main.go" <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient"
	"github.com/regclient/regclient/types/platform"
	"github.com/regclient/regclient/types/ref"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// label says which image of the layout has the digest.
func label(folder, digest string, err error) string {
	if err != nil {
		return "nothing"
	}
	read := func(digest string, into any) {
		bytes := must(os.ReadFile(folder + "/blobs/sha256/" + strings.TrimPrefix(digest, "sha256:")))
		must(0, json.Unmarshal(bytes, into))
	}
	var manifest struct {
		Config    struct{ Digest string }
		Manifests []any
	}
	if read(digest, &manifest); manifest.Manifests != nil {
		return "the inner index"
	}
	var config struct{ Config struct{ Labels map[string]string } }
	read(manifest.Config.Digest, &config)
	return config.Config.Labels["is"]
}

func byCrane(folder, host string) (string, error) {
	root := must(must(layout.FromPath(folder)).ImageIndex())
	index := must(root.ImageIndex(must(root.IndexManifest()).Manifests[0].Digest))
	reference := must(name.ParseReference(host+"/demo:t", name.Insecure))
	must(0, remote.WriteIndex(reference, index))
	image, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	if err != nil {
		return "", err
	}
	return must(image.Digest()).String(), nil
}

func byOras(folder string) (string, error) {
	options := oras.ResolveOptions{TargetPlatform: &ocispec.Platform{OS: "linux", Architecture: "amd64"}}
	found, err := oras.Resolve(context.Background(), must(oci.New(folder)), "t", options)
	return found.Digest.String(), err
}

func byRegctl(folder string) (string, error) {
	wanted := regclient.WithManifestPlatform(must(platform.Parse("linux/amd64")))
	found, err := regclient.New().ManifestGet(context.Background(), must(ref.New("ocidir://"+folder+":t")), wanted)
	if err != nil {
		return "", err
	}
	return found.GetDescriptor().Digest.String(), nil
}

func main() {
	for _, folder := range os.Args[1:] {
		server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
		crane, craneError := byCrane(folder, strings.TrimPrefix(server.URL, "http://"))
		oras, orasError := byOras(folder)
		regctl, regctlError := byRegctl(folder)
		fmt.Printf("crane %s, oras %s, regctl %s\n",
			label(folder, crane, craneError), label(folder, oras, orasError), label(folder, regctl, regctlError))
		server.Close()
	}
}
GO
names=(usual v2-first v2-only none-first none-only nested)
(cd "$work/module" && go mod tidy >"$work/go.log" 2>&1 && go run . "${names[@]/#/$work/layouts/}") >"$work/libraries" 2>"$work/errors" ||
  die "$(tail -q -n 3 "$work/go.log" "$work/errors")"

amd64=(--override-os linux --override-arch amd64)
by_skopeo() {
  rm -rf "$work/copied"
  if ! skopeo copy --quiet --insecure-policy "${amd64[@]}" ${2:-} "oci:$work/layouts/$1:t" "dir:$work/copied" >/dev/null 2>&1; then
    echo nothing
    return
  fi
  skopeo inspect --config --format '{{.Config.Labels.is}}' "dir:$work/copied"
}
for name in "${names[@]}"; do echo "$name: skopeo $(by_skopeo "$name"),"; done >"$work/skopeo"
paste -d ' ' "$work/skopeo" "$work/libraries" >"$work/seen"
check_lines <<'SEEN'
usual: skopeo amd, crane amd, oras amd, regctl amd
v2-first: skopeo amd, crane v2, oras v2, regctl amd
v2-only: skopeo nothing, crane v2, oras v2, regctl nothing
none-first: skopeo amd, crane none, oras amd, regctl amd
none-only: skopeo none, crane none, oras nothing, regctl nothing
nested: skopeo nothing, crane amd, oras the inner index, regctl amd
SEEN
check 'nested: skopeo inspect' amd "$(skopeo inspect "${amd64[@]}" --format '{{index .Labels "is"}}' "oci:$work/layouts/nested:t")"
check 'nested: skopeo copy --all' nothing "$(by_skopeo nested --all)"
