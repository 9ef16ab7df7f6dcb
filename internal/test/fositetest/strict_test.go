package fositetest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The other tests are valid only if the server is as strict as this.

func TestFositeWantsPKCE(t *testing.T) {
	t.Parallel()
	verifier := strings.Repeat("verifier", 6)
	hash := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(hash[:])
	s := serve(t, time.Hour)
	for _, tt := range []struct {
		name, refusal string
		pairs         []string
	}{
		{"no challenge", "invalid_request", nil},
		{"the plain method", "invalid_request", []string{"code_challenge", verifier, "code_challenge_method", "plain"}},
		{"S256", "", []string{"code_challenge", challenge, "code_challenge_method", "S256"}},
	} {
		if got := s.ask(t, tt.pairs...).Get("error"); got != tt.refusal {
			t.Errorf("an authorization request with %s: error %q, want %q", tt.name, got, tt.refusal)
		}
	}
	for _, tt := range []struct {
		name, verifier, refusal string
	}{
		{"no verifier", "", "invalid_grant"},
		{"another verifier", strings.Repeat("another.", 6), "invalid_grant"},
		{"the verifier", verifier, ""},
	} {
		code := s.ask(t, "code_challenge", challenge, "code_challenge_method", "S256").Get("code")
		got := s.post(t, url.Values{
			"grant_type": {"authorization_code"}, "client_id": {clientID}, "redirect_uri": {redirect},
			"code": {code}, "code_verifier": {tt.verifier},
		})
		if got.Error != tt.refusal || (got.AccessToken != "") != (tt.refusal == "") {
			t.Errorf("a code with %s: status %d, error %q, want %q", tt.name, got.status, got.Error, tt.refusal)
		}
	}
}

func TestFositeRedirectsToLoopbackAddressesOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, time.Hour)
	challenge := strings.Repeat("c", 43)
	for uri, allowed := range map[string]bool{
		redirect:                          true,
		"http://[::1]:49152/callback":     true,
		"http://localhost:49152/callback": false,
		"http://127.0.0.1:49152/other":    false,
		"https://example.com/callback":    false,
	} {
		back := s.ask(t, "redirect_uri", uri, "code_challenge", challenge, "code_challenge_method", "S256")
		if back.Has("code") != allowed {
			t.Errorf("a code for %s: %t, want %t", uri, back.Has("code"), allowed)
		}
	}
}
