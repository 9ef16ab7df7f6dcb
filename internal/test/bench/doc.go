// Command bench measures codex-cred on the machine at hand, against yardsticks
// that it builds and other programs that it finds:
//
//	go run ./internal/test/bench
//	go run ./internal/test/bench -quick -only file
//	go run ./internal/test/bench -json result.json
//	go run ./internal/test/bench -readme
//
// It works in a directory of its own with a keychain of its own and an
// authorization server on loopback, and touches no account and no keychain of
// yours. What it measures is codex-cred as packaging/build makes it. What is not
// installed (gnome-keyring, strace, secret-tool, gh and others) is left out, and
// it says so.
//
// Times differ between machines, and on one between minutes. So every round runs
// each program once, in an order that is drawn anew, and ratios are those within
// a round. What does not depend on the mood of a machine, its tests hold; see
// counts_linux_test.go.
package main
