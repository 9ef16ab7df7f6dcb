package main

import (
	"context"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// approve waits for the given number of device flows, and approves those that wait.
//
//	approve COUNT
func (s *stage) approve(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	ts.Check(s.server.Wait(ctx, authserver.GrantDevice, n))
	for _, code := range s.server.WaitingDevices() {
		ts.Check(s.server.ApproveDevice(code))
	}
}

// hostileUser makes the next sign-in return claims with control characters and bidirectional
// formatting characters.
//
//	hostile-user
func (s *stage) hostileUser(*testscript.TestScript, []string) {
	s.server.SetUser(authserver.User{
		Subject: "user\n1", Email: "evil\x1b[31m\u202emoc.elpmaxe@example.com", AccountID: "acct\u20661\x07", UserID: "u\x1b1", Plan: "pl\x07us\u2066",
	})
}
