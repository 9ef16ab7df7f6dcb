package wire_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

func jwt(claims string) helper.Secret {
	part := base64.RawURLEncoding.EncodeToString
	return helper.NewSecret(part([]byte(`{}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature")))
}

func TestHeaders(t *testing.T) {
	account := wire.Header{Name: "ChatGPT-Account-Id", Value: "acct-1"}
	for name, row := range map[string]struct {
		profile, accountID string
		token              helper.Secret
		want               []wire.Header
	}{
		"an opaque token": {"openai", "acct-1", helper.NewSecret("at-1"), []wire.Header{account}},
		"no account":      {"openai", "", helper.NewSecret("at-1"), nil},
		"another issuer": {
			"oauth", "acct-1",
			jwt(`{"https://api.openai.com/auth":{"chatgpt_account_is_fedramp":true}}`), nil,
		},
		"a residency": {
			"openai", "acct-1",
			jwt(`{"https://api.openai.com/auth":{"chatgpt_compute_residency":"us"}}`),
			[]wire.Header{account, {Name: "x-openai-internal-codex-residency", Value: "us"}},
		},
		"no constraint": {
			"openai", "acct-1",
			jwt(`{"https://api.openai.com/auth":{"chatgpt_compute_residency":"no_constraint"}}`),
			[]wire.Header{account},
		},
		"FedRAMP": {
			"openai", "acct-1",
			jwt(`{"https://api.openai.com/auth":{"chatgpt_account_is_fedramp":true}}`),
			[]wire.Header{account, {Name: "X-OpenAI-Fedramp", Value: "true"}},
		},
		"by the token's issuer": {"oauth", "acct-1", jwt(`{"iss":"https://auth.openai.com"}`), []wire.Header{account}},
		"an injected header":    {"openai", "acct\r\nX-Evil: 1", helper.NewSecret("at-1"), nil},
		"an injected claim": {
			"openai", "acct-1",
			jwt(`{"https://api.openai.com/auth":{"chatgpt_compute_residency":"us\nX-Evil: 1"}}`),
			[]wire.Header{account},
		},
		"claims of odd types": {"openai", "acct-1", jwt(`{"https://api.openai.com/auth":[1]}`), []wire.Header{account}},
	} {
		t.Run(name, func(t *testing.T) {
			got := wire.NewToken(helper.Credential{
				AccessToken: row.token, Issuer: helper.Issuer{Profile: row.profile},
				Identity: helper.Identity{AccountID: row.accountID},
			})
			if !slices.Equal(got.Headers, row.want) || !got.Access.Equal(row.token) || got.AccountID != row.accountID {
				t.Errorf("headers %v, want %v", got.Headers, row.want)
			}
		})
	}
}
