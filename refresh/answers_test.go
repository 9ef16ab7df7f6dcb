package refresh_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_Answers checks what is stored after answers that authserver does not give, with an expired access token.
func TestRotation_Answers(t *testing.T) {
	temporary, again := helper.ErrTemporary, helper.ErrSignInRequired
	for _, c := range []struct {
		name       string
		status     int
		retryAfter string
		body       string
		err        error
		refused    bool
		unanswered int
		pause      time.Duration
	}{
		{"200, empty", 200, "", "", temporary, false, 1, time.Minute},
		{"200, another JSON", 200, "", `{"ok":true}`, temporary, false, 1, time.Minute},
		{"204", 204, "", "", temporary, false, 1, time.Minute},
		{"301", 301, "", "", temporary, false, 1, time.Minute},
		{"302", 302, "", "", temporary, false, 1, time.Minute},
		{"303", 303, "", "", temporary, false, 1, time.Minute},
		{"308", 308, "", "", temporary, false, 1, time.Minute},
		{"400, not JSON", 400, "", "invalid_grant", temporary, false, 1, time.Minute},
		{"401, a JSON error", 401, "", `{"error":"invalid_client"}`, again, true, 0, 0},
		{"401, no JSON", 401, "", "invalid_grant", temporary, false, 1, time.Minute},
		{"403, a JSON error", 403, "", `{"error":"access_denied"}`, temporary, false, 1, time.Minute},
		{"407", 407, "", "", temporary, false, 1, time.Minute},
		{"413", 413, "", "", temporary, false, 1, time.Minute},
		{"429, a date that is past", 429, "Fri, 01 Jan 2021 00:00:00 GMT", "", temporary, false, 0, time.Second},
		{"502, Retry-After", 502, "7", "", temporary, false, 1, time.Minute},
		{"503, Retry-After and the refusal", 503, "7", `{"error":"invalid_grant"}`, again, true, 0, 0},
		{"504", 504, "", "", temporary, false, 1, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			posts := 0
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				posts++
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Location", "/elsewhere")
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.clock.advance(life)
			before := env.read(t)
			before.Credential.Issuer.TokenEndpoint = base + "/token"
			if _, err := env.rotation.Records.Write(t.Context(), before.Account, before.Credential, before.Version); err != nil {
				t.Fatal(err)
			}
			if _, err := env.refresh(t); !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			rec := env.read(t)
			if got := rec.Credential; (got.Refused != "") != c.refused || got.Generation != 1 ||
				!got.RefreshToken.Equal(before.Credential.RefreshToken) {
				t.Errorf("stored generation %d, refused %q", got.Generation, got.Refused)
			}
			if pause := max(rec.Account.NotBefore.Sub(env.clock.Now()), 0); rec.Account.Unanswered != c.unanswered ||
				pause != c.pause {
				t.Errorf("unanswered %d, next in %v; want %d, %v", rec.Account.Unanswered, pause, c.unanswered, c.pause)
			}
			if posts != 1 {
				t.Errorf("%d requests, want 1", posts)
			}
			env.wantUnreadable(t, c.name == "200, another JSON") // it may hold tokens
			if _, err := env.rotation.Journals.Read(rec.Account.ID, nil); !errors.Is(err, helper.ErrNotFound) {
				t.Errorf("a journal is left: %v", err)
			}
		})
	}
}
