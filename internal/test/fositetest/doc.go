// Package fositetest tests codex-cred against an independent authorization server:
// github.com/ory/fosite, in process and on loopback. The tests run the real program.
//
// It is a module of its own, so that codex-cred's go.mod does not need fosite's dependencies.
package fositetest
