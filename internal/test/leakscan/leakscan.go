// Package leakscan looks for secrets where none may be: in what a program
// printed and in every file that it left. It is for tests.
//
// Start with [Tree] for a directory and [Scan] for the bytes of a stream;
// [RandomParts] says which part of a token to pass to them. Both find 12 bytes
// in a row of a secret, as they are or inside hexadecimal, base64 or base64url
// text at any alignment, and each of these with any part percent-encoded.
//
// They do not look into compressed or encrypted data, into text with other
// escapes (UTF-16), or into extended attributes, and follow no symbolic links.
package leakscan

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Window is the number of bytes in a row of a secret that count as a leak.
const Window = 12

// Scan returns one line for each place in b that holds [Window] or more bytes
// in a row of a secret; none means that b is clean. A line names the label, the
// secret by its place in the list and the offset; of a secret it holds only what
// the label, which may be the name of a file, holds.
//
// The secrets must be random throughout, or what is not raises false alarms.
// An empty list or a secret shorter than Window, which no scan can find, is a
// line of its own, so that such a test cannot pass by mistake.
func Scan(secrets []string, label string, b []byte) []string {
	x, found := newIndex(secrets)
	return append(found, x.scan(label, b)...)
}

// Tree does what [Scan] does for everything below dir: the names, the contents
// of the regular files and the targets of symbolic links. What cannot be read
// is a line too, but for what goes away meanwhile: files that are being replaced
// may be seen under their old names or not at all.
func Tree(secrets []string, dir string) []string {
	x, found := newIndex(secrets)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return append(found, fmt.Sprintf("not scanned: %v", err))
	}
	defer func() { _ = root.Close() }()
	_ = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != "." {
			return nil
		}
		if err != nil {
			found = append(found, fmt.Sprintf("%s: not scanned: %v", path, err))
			return nil
		}
		found = append(found, x.scan("name of "+path, []byte(path))...)
		found = append(found, x.entry(root, path, entry.Type())...)
		return nil
	})
	return found
}

// RandomParts returns what of a token is random and therefore worth looking
// for. Of a signed JWT that is the signature alone: header and claims repeat in
// every token of an issuer, are no use without it, and some (client id, issuer,
// plan) are shown on purpose. Any other token is opaque and returned whole. An
// empty token has no parts.
func RandomParts(token string) []string {
	if token == "" {
		return nil
	}
	segments := strings.Split(token, ".")
	if len(segments) == 3 && isObject(segments[0]) && segments[2] != "" {
		return segments[2:]
	}
	return []string{token}
}

func isObject(segment string) bool {
	b, err := base64.RawURLEncoding.DecodeString(segment)
	var members map[string]any
	return err == nil && json.Unmarshal(b, &members) == nil
}
