// Package helper defines the contracts of codex-cred and makes its one decision: is the stored access token fresh, or
// must it be refreshed?
//
// Start with [Helper.Get], which returns a fresh [Credential], and [Store], which every credential store implements.
// [Records] reads and writes credentials through the store that an account's file names.
//
// The package does no I/O itself, imports only the standard library, does not read the environment and prints nothing.
// Any other package may import it.
package helper
