package main

import (
	"context"
	"net/http"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/authserver"
)

// approve waits for the device flow with that number and approves it.
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

// ending signs in at the address, in a browser that cannot reach this machine,
// and returns the address that the browser ends at.
func (s *stage) ending(ts *testscript.TestScript, address string) string {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	ts.Check(err)
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	return resp.Header.Get("Location")
}

// hostileUser lets somebody sign in next whose claims hold control characters
// and marks of bidirectional text.
//
//	hostile-user
func (s *stage) hostileUser(*testscript.TestScript, []string) {
	s.server.SetUser(authserver.User{
		Subject: "user\n1", Email: "evil\x1b[31m\u202emoc.elpmaxe@example.com", AccountID: "acct\u20661\x07", UserID: "u\x1b1", Plan: "pl\x07us\u2066",
	})
}
