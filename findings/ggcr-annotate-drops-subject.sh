#!/usr/bin/env bash
# Adding an annotation to a signature or SBOM with go-containerregistry (the library of crane) takes its `subject` away, and nothing else it knows.
#
# Guess:       a change of annotations copies all fields that the library knows: artifactType, subject, descriptors with data; unknown ones are lost.
# Seen:        artifactType, annotations, data and the descriptors' artifactType come through, and so does the config; `subject` is gone, from an
#              image manifest as from an index, though the library has the field and reads it. Adding no layer at all (AppendLayers without a layer)
#              leaves the bytes as they are, so it is the change that loses it.
# Versions:    go-containerregistry 0.22.1, go 1.26.8.
# Consequence: a referrer that was touched by such a tool is pushed as an artifact of its own: the list of referrers does not have it any more. A
#              registry cannot repair that; it must answer OCI-Subject only when the bytes have a subject, and keep the old manifest until deleted.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_go go1.26.8 github.com/google/go-containerregistry@v0.22.1

cat >"$work/module/main.go" <<'GO'
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var folder = os.Args[1]

// store keeps bytes in the layout and gives their descriptor.
func store(mediaType, text string) map[string]any {
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	must(os.WriteFile(folder+"/blobs/sha256/"+digest, []byte(text), 0o644))
	return map[string]any{"mediaType": mediaType, "digest": "sha256:" + digest, "size": len(text)}
}

func text(value any) string {
	bytes, err := json.Marshal(value)
	must(err)
	return string(bytes)
}

func hash(descriptor map[string]any) v1.Hash {
	hash, err := v1.NewHash(descriptor["digest"].(string))
	must(err)
	return hash
}

// fields names the fields of a manifest.
func fields(manifest interface{ RawManifest() ([]byte, error) }) string {
	bytes, err := manifest.RawManifest()
	must(err)
	all := map[string]any{}
	must(json.Unmarshal(bytes, &all))
	names := []string{}
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func main() {
	must(os.MkdirAll(folder+"/blobs/sha256", 0o755))
	const manifestType, indexType = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
	subject := store(manifestType, "signed thing")
	config := store("application/vnd.oci.empty.v1+json", "{}")
	note := map[string]string{"note": "old"}
	signature := store(manifestType, text(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "artifactType": "application/x-signature", "config": config,
		"layers": []any{store("text/plain", "signature")}, "subject": subject, "annotations": note,
	}))
	index := store(indexType, text(map[string]any{
		"schemaVersion": 2, "mediaType": indexType, "artifactType": "application/x-signatures", "manifests": []any{signature},
		"subject": subject, "annotations": note,
	}))
	must(os.WriteFile(folder+"/oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
	must(os.WriteFile(folder+"/index.json", []byte(text(map[string]any{"schemaVersion": 2, "manifests": []any{index}})), 0o644))

	path, err := layout.FromPath(folder)
	must(err)
	root, err := path.ImageIndex()
	must(err)
	oldIndex, err := root.ImageIndex(hash(index))
	must(err)
	oldImage, err := oldIndex.Image(hash(signature))
	must(err)
	parsed, err := oldImage.Manifest()
	must(err)
	fmt.Println("the library reads the subject:", parsed.Subject != nil)
	same, err := mutate.AppendLayers(oldImage)
	must(err)
	change := map[string]string{"note": "new"}
	fmt.Println("manifest:", fields(oldImage))
	fmt.Println("manifest, no layer added:", fields(same))
	fmt.Println("manifest, note changed:", fields(mutate.Annotations(oldImage, change).(v1.Image)))
	fmt.Println("index:", fields(oldIndex))
	fmt.Println("index, note changed:", fields(mutate.Annotations(oldIndex, change).(v1.ImageIndex)))
}
GO
(cd "$work/module" && go run . "$work/layout") >"$work/seen" 2>"$work/errors" || die "$(tail -n 3 "$work/errors")"
check_lines <<'SEEN'
the library reads the subject: true
manifest: annotations artifactType config layers mediaType schemaVersion subject
manifest, no layer added: annotations artifactType config layers mediaType schemaVersion subject
manifest, note changed: annotations artifactType config layers mediaType schemaVersion
index: annotations artifactType manifests mediaType schemaVersion subject
index, note changed: annotations artifactType manifests mediaType schemaVersion
SEEN
