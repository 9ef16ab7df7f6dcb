//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func (s *stage) workers(*testscript.TestScript, []string) {}

func (s *stage) awaitWorkers(int) []string { return nil }

func (s *stage) awaited(*testscript.TestScript, []string) {}

func (s *stage) holder(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("only Linux tells who has a lock")
}

func (s *stage) readOnly(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("only Linux mounts like that")
}

func (s *stage) writable(*testscript.TestScript, []string) {}
