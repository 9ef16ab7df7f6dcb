//go:build !windows

package process

// ownMask makes new files private to their owner. codex-cred's own files are
// private anyway: this is for files that other code creates in this process.
const ownMask = 0o077
