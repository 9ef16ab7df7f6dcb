package refresh

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestParseGrant(t *testing.T) {
	for _, c := range []struct {
		body          string
		openai, oauth bool // accepted?
	}{
		{`{"access_token":"a","token_type":"Bearer"}`, true, true},
		{`{"access_token":"a","token_type":"bEARER","unknown":{"x":[1]}}`, true, true},
		{`{"access_token":"a"}`, true, false},
		{`{"access_token":"a","token_type":7}`, true, false},
		{`{"access_token":"a","token_type":"mac"}`, false, false},
		{`{"access_token":"a","token_type":"DPoP"}`, false, false},
		{
			`{"access_token":"a","token_type":"Bearer","expires_in":"soon","scope":["x"],"id_token":7,"refresh_token":null}`,
			true, true,
		},
		{`{"access_token":"","token_type":"Bearer"}`, false, false},
		{`{"access_token":7,"token_type":"Bearer"}`, false, false},
		{`{"access_token":"a b","token_type":"Bearer"}`, false, false},
		{`{"access_token":"a\n","token_type":"Bearer"}`, false, false},
		{`{"access_token":"ä","token_type":"Bearer"}`, false, false},
		{`{"access_token":"a","token_type":"Bearer","refresh_token":"r\u0000"}`, false, false},
		{`{"Access_Token":"a","token_type":"Bearer"}`, false, false},
		{`{"access_token":"a","token_type":"Bearer"`, false, false},
		{`{"access_token":"a","token_type":"Bearer"} {}`, false, false},
		{`access_token=a&token_type=Bearer`, false, false},
		{`["a"]`, false, false},
		{`null`, false, false},
		{``, false, false},
		{`<html>`, false, false},
	} {
		for profile, want := range map[string]bool{ProfileOpenAI: c.openai, ProfileOAuth: c.oauth} {
			if _, err := parseGrant(profile, []byte(c.body)); (err == nil) != want {
				t.Errorf("%s with %s: error %v, want acceptance %t", c.body, profile, err, want)
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	withExp := func(exp string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":`+exp+`}`)) + ".sig"
	}
	in2h := withExp(fmt.Sprint(start.Add(2 * time.Hour).Unix()))
	for _, c := range []struct {
		name, access, expiresIn string
		want                    time.Duration
	}{
		{"a number", in2h, `60`, time.Minute},
		{"a text", in2h, `"60"`, time.Minute},
		{"a fraction", in2h, `60.9`, time.Minute},
		{"missing", in2h, `null`, 2 * time.Hour},
		{"zero", in2h, `0`, 2 * time.Hour},
		{"negative", in2h, `-60`, 2 * time.Hour},
		{"absurd", in2h, `1e18`, 2 * time.Hour},
		{"not a number", in2h, `"NaN"`, 2 * time.Hour},
		{"infinite", in2h, `"Inf"`, 2 * time.Hour},
		{"of another type", in2h, `{"seconds":60}`, 2 * time.Hour},
		{"missing, an opaque token", "opaque", `null`, time.Hour},
		{"zero, an opaque token", "opaque", `0`, 0},
		{"less than a second, an opaque token", "opaque", `"0.5"`, 0},
		{"negative, an opaque token", "opaque", `-60`, time.Hour},
		{"missing, an absurd exp", withExp("1e18"), `null`, time.Hour},
		{"missing, a negative exp", withExp("-1"), `null`, time.Hour},
		{"missing, exp of another type", withExp(`"soon"`), `null`, time.Hour},
		{"missing, exp in the past", withExp(fmt.Sprint(start.Add(-time.Hour).Unix())), `null`, -time.Hour},
	} {
		body := fmt.Sprintf(`{"access_token":%q,"expires_in":%s}`, c.access, c.expiresIn)
		g, err := parseGrant(ProfileOpenAI, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.expiry(start).Sub(start); got != c.want {
			t.Errorf("%s: expiry after %v, want %v", c.name, got, c.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		payload string
		want    helper.Identity
	}{
		{
			`{"sub":"s","email":"a@example.com","https://api.openai.com/auth":{"chatgpt_account_id":"acc","chatgpt_plan_type":"plus","chatgpt_user_id":"u","user_id":"v"}}`,
			helper.Identity{Subject: "s", Email: "a@example.com", AccountID: "acc", Plan: "plus", UserID: "u"},
		},
		{
			`{"https://api.openai.com/profile":{"email":"b@example.com"},"https://api.openai.com/auth":{"user_id":"v"}}`,
			helper.Identity{Email: "b@example.com", UserID: "v"},
		},
		{`{"sub":7,"email":"a@example.com"}`, helper.Identity{Email: "a@example.com"}},
		{`{"sub":"\u001b[2Js\u202e"}`, helper.Identity{Subject: "[2Js"}},
	} {
		got, err := parseClaims("e30." + base64.RawURLEncoding.EncodeToString([]byte(c.payload)) + ".sig")
		if err != nil || got.identity() != c.want {
			t.Errorf("%s: error %v, identity %+v, want %+v", c.payload, err, got.identity(), c.want)
		}
	}
}

func TestDiffers(t *testing.T) {
	stored := helper.Credential{
		Identity: helper.Identity{Subject: "s", AccountID: "a"},
		Issuer:   helper.Issuer{Profile: ProfileOAuth, URL: "https://i.example", ClientID: "me"},
	}
	for payload, want := range map[string]bool{
		`{}`: false,
		`{"sub":"s","aud":"me","iss":"https://i.example","https://api.openai.com/auth":{"chatgpt_account_id":"a"}}`: false,
		`{"sub":"t"}`:                  true,
		`{"aud":["you"]}`:              true,
		`{"iss":"https://i.example/"}`: true,
		`{"https://api.openai.com/auth":{"chatgpt_account_id":"b"}}`: true,
	} {
		var c claims
		if err := json.Unmarshal([]byte(payload), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.isDifferent(stored); got != want {
			t.Errorf("%s: differs %t, want %t", payload, got, want)
		}
	}
}

// FuzzTokenAnswer checks that every grant that parses gives a credential that can be stored, read back and sent in a
// header.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","scope":"openid"}`,
		`{"access_token":"e30.eyJleHAiOjFlOTl9.x","token_type":"bearer","expires_in":-1}`,
		`{"access_token":"e30.eyJleHAiOjJlOX0.x","token_type":"bearer","id_token":"e30.e30.x","scope":"\u0000\ud800"}`,
		`{"error":{"code":"refresh_token_reused","message":"x"}}`, `{"error":"invalid_grant"}`, `null`, `[]`, `{`,
	} {
		f.Add([]byte(seed))
	}
	start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		g, err := parseGrant(ProfileOAuth, body)
		a := answer{host: "a.example", sent: true, status: 400, body: body}
		if text := endpointError(a).Error(); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) ||
			len(text) > 4*(maxText+maxCode) {
			t.Errorf("the error is not fit for a terminal: %q", text)
		}
		if err != nil {
			return
		}
		c := g.renew(helper.Credential{Issuer: helper.Issuer{TokenEndpoint: "x"}}, start)
		item, err := helper.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := helper.Decode(item)
		if err != nil {
			t.Fatal(err)
		}
		again, err := helper.Encode(back)
		if err != nil || !bytes.Equal(item, again) || !back.AccessToken.Equal(c.AccessToken) ||
			!back.RefreshToken.Equal(c.RefreshToken) {
			t.Errorf("stored and read back it is another credential: %v", err)
		}
		if strings.ContainsAny(c.AccessToken.Reveal(), "\r\n \x00") || c.Expiry.After(start.Add(maxLife)) {
			t.Errorf("a token or an expiry (%v) that cannot be", c.Expiry)
		}
	})
}

// FuzzJWTPayload checks that the claims that are used are printable and bounded, and accepted only for this client.
func FuzzJWTPayload(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"s","aud":"me","iss":"https://i.example","exp":1e10}`, `{"aud":["me"],"email":"\u202ex"}`,
		`{"aud":{"me":1},"sub":7}`, `null`, `[]`, `"me"`, `{"https://api.openai.com/auth":[]}`,
	} {
		f.Add([]byte(seed))
	}
	iss := helper.Issuer{Profile: ProfileOpenAI, URL: "https://i.example", ClientID: "me"}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := parseClaims("e30." + base64.RawURLEncoding.EncodeToString(payload) + ".sig")
		if err != nil {
			return
		}
		is := c.identity()
		for _, text := range []string{is.Subject, is.AccountID, is.UserID, is.Plan, is.Email} {
			if text != sanitize(text, len(text)) || len(text) > 4*maxClaim+3 {
				t.Errorf("a claim is not fit for a terminal: %q", text)
			}
		}
		named := bytes.Contains(payload, []byte("me")) || bytes.Contains(payload, []byte(`\u`))
		if c.checkRecipient(iss, time.Unix(0, 0)) == nil && !named {
			t.Error("accepted although it does not name our client")
		}
	})
}
