// Package leakscan searches for secrets where none may be: in the output of a program and in the
// files that it left. It is for tests.
//
// Start with [Tree] for a directory and [Scan] for bytes; [RandomParts] returns the parts of a
// token to search for. Both find 12 consecutive bytes of a secret, plain or inside hexadecimal,
// base64 or base64url text at any alignment, and each of these with any part percent-encoded.
//
// They do not decode compressed or encrypted data or text with other escapes (UTF-16), do not read
// extended attributes, and follow no symbolic links.
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

// Window is the number of consecutive bytes of a secret that count as a leak.
const Window = 12

// Scan returns one line for each place in b that contains [Window] or more consecutive bytes of a
// secret; no lines mean that b is clean. A line contains the label, the index of the secret and the
// offset, and nothing of the secret except what the label, which may be a file name, contains.
//
// The secrets must be random throughout: other parts cause false alarms. An empty list, or a secret
// shorter than Window, which cannot be found, is a line of its own, so that such a test cannot pass
// by mistake.
func Scan(secrets []string, label string, b []byte) []string {
	x, found := newIndex(secrets)
	return append(found, x.scan(label, b)...)
}

// Tree is [Scan] for everything below dir: the names, the contents of regular files and the targets
// of symbolic links. What cannot be read is a line too, except a file that disappears meanwhile:
// files that are being replaced may be read under their old names or not at all.
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

// RandomParts returns the random parts of a token, which are worth searching for. Of a signed JWT
// that is the signature: header and claims are the same in every token of an issuer, are of no use
// without it, and some (client id, issuer, plan) are shown on purpose. Any other token is opaque
// and returned whole. An empty token has no parts.
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
