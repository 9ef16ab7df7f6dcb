package wire_test

import (
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// TestChatGPTByIssuer: which hosts a token may go to follows from who issued it,
// not from the profile that a person chose.
func TestChatGPTByIssuer(t *testing.T) {
	at := func(url string) helper.Credential {
		return helper.Credential{Issuer: helper.Issuer{Profile: "oauth", URL: url}}
	}
	for name, row := range map[string]struct {
		c    helper.Credential
		want bool
	}{
		"the profile alone": {
			helper.Credential{Issuer: helper.Issuer{Profile: "openai", URL: "https://id.example"}},
			true,
		},
		"its issuer":               {at("https://auth.openai.com"), true},
		"with a slash":             {at("https://auth.openai.com/"), true},
		"with a path":              {at("https://auth.openai.com/tenant/x"), true},
		"with its port":            {at("https://auth.openai.com:443"), true},
		"with another port":        {at("https://auth.openai.com:8443"), true},
		"in other case":            {at("HTTPS://Auth.OpenAI.Com"), true},
		"with the root's dot":      {at("https://auth.openai.com./"), true},
		"with user information":    {at("https://id.example@auth.openai.com"), true},
		"without a scheme":         {at("auth.openai.com"), true},
		"without one, with a port": {at("auth.openai.com:443"), true},
		"of a scheme's form":       {at("//auth.openai.com/x"), true},
		"another subdomain":        {at("https://eu.auth.openai.com"), true},
		"the domain":               {at("https://openai.com"), true},
		"its other domain":         {at("https://chatgpt.com"), true},
		"escaped":                  {at("https://auth%2eopenai.com"), true},
		"with a backslash":         {at(`https://auth.openai.com\@id.example`), true},
		"with other dots":          {at("https://auth。openai。com"), true},
		"with other letters":       {at("https://auth.ｏｐｅｎａｉ.com"), true},
		"its token endpoint": {helper.Credential{Issuer: helper.Issuer{
			Profile: "oauth", URL: "https://id.example",
			TokenEndpoint: "https://auth.openai.com/oauth/token",
		}}, true},
		"its authorization": {helper.Credential{Issuer: helper.Issuer{
			Profile:               "oauth",
			AuthorizationEndpoint: "https://auth.openai.com/oauth/authorize",
		}}, true},
		"its device flow": {helper.Credential{Issuer: helper.Issuer{
			Profile:        "oauth",
			DeviceEndpoint: "https://auth.openai.com/device",
		}}, true},
		"its revocation": {helper.Credential{Issuer: helper.Issuer{
			Profile:            "oauth",
			RevocationEndpoint: "https://auth.openai.com/revoke",
		}}, true},
		"the token's issuer":        {helper.Credential{AccessToken: jwt(`{"iss":"https://auth.openai.com"}`)}, true},
		"the token's bare issuer":   {helper.Credential{AccessToken: jwt(`{"iss":"auth.openai.com"}`)}, true},
		"a padded token":            {helper.Credential{AccessToken: helper.NewSecret("e30.eyJpc3MiOiJodHRwczovL2F1dGgub3BlbmFpLmNvbSJ9==.c2ln")}, true},
		"another issuer":            {at("https://id.example"), false},
		"another issuer's token":    {helper.Credential{AccessToken: jwt(`{"iss":"https://id.example"}`)}, false},
		"an opaque token":           {helper.Credential{AccessToken: helper.NewSecret("opaque")}, false},
		"claims that are none":      {helper.Credential{AccessToken: jwt(`[]`)}, false},
		"the name as a prefix":      {at("https://auth.openai.com.id.example"), false},
		"the name as user":          {at("https://auth.openai.com@id.example"), false},
		"the name in the path":      {at("https://id.example/auth.openai.com"), false},
		"a longer name":             {at("https://notopenai.com"), false},
		"loopback":                  {at("http://127.0.0.1:4000"), false},
		"a name of two words":       {at("https://openai.com-login.example"), false},
		"a punycode name":           {at("https://xn--bcher-kva.example"), false},
		"nothing":                   {helper.Credential{}, false},
		"a token of five parts":     {helper.Credential{AccessToken: helper.NewSecret("a.b.c.d.e")}, false},
		"an audience is no issuer":  {helper.Credential{AccessToken: jwt(`{"aud":"https://api.openai.com/v1"}`)}, false},
		"an issuer of another type": {helper.Credential{AccessToken: jwt(`{"iss":["https://id.example"]}`)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wire.ChatGPT(row.c); got != row.want {
				t.Errorf("ChatGPT = %v, want %v", got, row.want)
			}
			gateway, _ := wire.ParseHost("https://gateway.example")
			if got := wire.Foreign(gateway, row.c); got != row.want {
				t.Errorf("Foreign = %v, want %v", got, row.want)
			}
			own, _ := wire.ParseHost("https://chatgpt.com")
			if wire.Foreign(own, row.c) {
				t.Error("ChatGPT's own host is foreign to it")
			}
		})
	}
}
