package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// otherBus names the bus of another user in the environment, which lets everyone
// in and has an open keyring.
//
//	other-bus path|abstract
func (s *stage) otherBus(ts *testscript.TestScript, args []string) {
	if s.others == nil {
		s.others = testkeyring.StartForeign(s.t)
	}
	for _, address := range s.others.Addresses() {
		if strings.HasPrefix(address, "unix:"+args[0]+"=") {
			ts.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
			return
		}
	}
	ts.Fatalf("the bus has no address of the kind %s", args[0])
}

// otherKeyring wants the keyring of the other user to be empty.
//
//	other-keyring
func (s *stage) otherKeyring(ts *testscript.TestScript, _ []string) {
	if items := s.others.Items(s.t); len(items) > 0 {
		ts.Fatalf("the keyring of another user has the items %q", items)
	}
}
