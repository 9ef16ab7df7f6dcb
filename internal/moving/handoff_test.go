package moving_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
)

func TestHandOff(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	doc, err := moving.HandOff(helper.Credential{
		AccessToken: secret("access-token-1"), RefreshToken: secret("refresh-token-1"), Expiry: now.Add(time.Hour),
		Identity: helper.Identity{AccountID: "acct-1", UserID: "u-1", Plan: "plus", Email: "user@example.com"},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	id := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(
		[]byte(`{"exp":1795516200,"https://api.openai.com/auth":{"chatgpt_account_id":"acct-1","chatgpt_plan_type":"plus","chatgpt_user_id":"u-1"}}`)) + ".dW5zaWduZWQ"
	want := `{
  "OPENAI_API_KEY": null,
  "auth_mode": "chatgptAuthTokens",
  "last_refresh": "2026-11-24T09:30:00Z",
  "tokens": {
    "access_token": "access-token-1",
    "account_id": "acct-1",
    "id_token": "` + id + `",
    "refresh_token": ""
  }
}
`
	if diff := cmp.Diff(want, string(doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !moving.IsHandOff(doc) {
		t.Error("it does not know what it made")
	}
	if _, _, err := moving.Parse(doc, ""); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("there is something to move in it: %v", err)
	}
	for _, other := range []string{
		codexFile, "", "{}", `{"auth_mode":"chatgptAuthTokens","tokens":{"refresh_token":"r"}}`,
		`{"auth_mode":"chatgptAuthTokens","OPENAI_API_KEY":"sk-x","tokens":{"refresh_token":""}}`,
	} {
		if moving.IsHandOff([]byte(other)) {
			t.Errorf("something of worth would be replaced: %s", other)
		}
	}
}

// FuzzWithout checks that Without removes every entry that Parse returns.
func FuzzWithout(f *testing.F) {
	for _, seed := range []string{codexFile, openCodeFile, poolFile, `{"TOKENS":{},"tokens":{"access_token":"a","refresh_token":"r"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		format, entries, err := moving.Parse(doc, "")
		if err != nil {
			return
		}
		all := func(token helper.Secret) bool { return !token.IsZero() }
		rest, _, err := moving.Without(doc, format, all)
		if err != nil {
			t.Fatal(err)
		}
		_, left, err := moving.Parse(rest, format)
		if err != nil && !errors.Is(err, helper.ErrNotFound) {
			t.Fatalf("of %d entries, it cannot be read any more: %v", len(entries), err)
		}
		for _, e := range left {
			if !e.Refresh.IsZero() {
				t.Fatalf("%s is still there", e.Place)
			}
		}
	})
}
