//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func (s *stage) person(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("only Linux has these terminals")
}
