// Package fositetest holds the tests against an authorization server that
// nobody here wrote: github.com/ory/fosite, in process and on loopback. They
// drive the real codex-cred as a person does.
//
// It is a module of its own to keep what fosite needs out of codex-cred's
// go.mod.
package fositetest
