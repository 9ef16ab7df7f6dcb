// Package opencode holds the plugin with which OpenCode asks codex-cred for the
// token of each request. "codex-cred setup opencode" installs it.
package opencode

import (
	"bytes"
	_ "embed"
)

// File is the name of the plugin's file.
const File = "codex-cred.js"

// Marker is what OpenCode's auth.json holds, as the access token and as the
// refresh token, for the plugin to act. It is no secret.
const Marker = "codex-cred"

// Expires is when OpenCode would refresh the marker, in milliseconds: at the end
// of the year 9999.
const Expires = 253402300799000

// VerifyVariable names the endpoint of a verification for the plugin.
const VerifyVariable = "CODEX_CRED_OPENCODE_ENDPOINT"

// owner is how every version of the plugin begins.
const owner = "// This file belongs to codex-cred,"

//go:embed codex-cred.js
var plugin []byte

// Plugin returns the content of the plugin's file.
func Plugin() []byte { return append([]byte(nil), plugin...) }

// IsPlugin reports whether the content is that of a plugin of ours, of any version.
func IsPlugin(content []byte) bool { return bytes.HasPrefix(content, []byte(owner)) }
