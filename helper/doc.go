// Package helper holds the contracts of codex-cred and its one decision: is
// the stored access token fresh, or must it be refreshed?
//
// Start with [Helper.Get], which answers a fresh [Credential], and [Store],
// which every place that keeps credentials implements. [Records] reads and
// writes whole credentials through the store that an account's file names.
//
// The package does no I/O of its own, imports nothing but the standard
// library, reads no environment and prints nothing. It is safe to import from
// any layer above it.
package helper
