package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// otherBus sets the environment to the D-Bus of another user. That bus accepts every client, and
// has an unlocked keyring.
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

// otherKeyring checks that the other user's keyring is empty.
//
//	other-keyring
func (s *stage) otherKeyring(ts *testscript.TestScript, _ []string) {
	if items := s.others.Items(s.t); len(items) > 0 {
		ts.Fatalf("the keyring of another user has the items %q", items)
	}
}
