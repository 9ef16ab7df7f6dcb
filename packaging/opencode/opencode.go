// Package opencode holds the plugin with which OpenCode asks codex-cred for the
// token of each request. "codex-cred setup opencode" installs it.
package opencode

import _ "embed"

// File is the name of the plugin's file.
const File = "codex-cred.js"

// Marker is what OpenCode's auth.json holds, as the access token and as the
// refresh token, for the plugin to act. It is no secret.
const Marker = "codex-cred"

// Expires is when OpenCode would refresh the marker, in milliseconds: at the end
// of the year 9999.
const Expires = 253402300799000

//go:embed codex-cred.js
var plugin []byte

// Plugin returns the content of the plugin's file.
func Plugin() []byte { return append([]byte(nil), plugin...) }
