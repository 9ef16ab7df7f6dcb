package helper_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
)

// start is the time at which these tests begin.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC) }

// sample returns a credential with something in every field.
func sample() helper.Credential {
	return helper.Credential{
		AccessToken:  helper.NewSecret("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"),
		RefreshToken: helper.NewSecret("rt_refresh-token"),
		Expiry:       start().Add(time.Hour + time.Nanosecond),
		ObtainedAt:   start(),
		Generation:   1<<64 - 1,
		Scope:        "openid offline_access",
		Identity: helper.Identity{
			Subject: "auth0|subject", AccountID: "account", UserID: "user", Plan: "plus", Email: "user@example.com",
		},
		Issuer:  sampleIssuer(),
		Refused: "the server says <refresh token & co> \"reused\"",
	}
}

func sampleIssuer() helper.Issuer {
	return helper.Issuer{
		Profile:               "openai",
		URL:                   "https://auth.openai.com",
		ClientID:              "app_EMoamEEZ73f0CkXaXp7hrann",
		Scope:                 "openid profile email offline_access",
		RedirectURI:           "http://localhost:1455/auth/callback",
		Originator:            "codex-cred",
		AuthorizationEndpoint: "https://auth.openai.com/oauth/authorize",
		TokenEndpoint:         "https://auth.openai.com/oauth/token",
		RevocationEndpoint:    "https://auth.openai.com/oauth/revoke",
		DeviceEndpoint:        "https://auth.openai.com/api/accounts/deviceauth/usercode",
		IssRequired:           true,
	}
}

// TestSample checks that no field of the sample is zero: a field that is new
// and that the codec forgets cannot hide behind a zero value.
func TestSample(t *testing.T) {
	wantFull(t, reflect.ValueOf(sample()), "Credential")
}

func wantFull(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if v.IsZero() {
		t.Errorf("%s of the sample is zero", path)
	}
	if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	for i := range v.NumField() {
		wantFull(t, v.Field(i), path+"."+v.Type().Field(i).Name)
	}
}

// form is one of the two forms of an item.
type form struct {
	name   string
	encode func(helper.Credential) ([]byte, error)
}

func formsOfItems() []form {
	return []form{{"plain", helper.Encode}, {"compact", helper.EncodeCompact}}
}

// roundTrip returns what is read from the form of c.
func roundTrip(t *testing.T, f form, c helper.Credential) helper.Credential {
	t.Helper()
	back, err := helper.Decode(mustEncode(t, f.encode, c))
	if err != nil {
		t.Fatalf("decode the %s form: %v", f.name, err)
	}
	return back
}

func mustEncode(t *testing.T, encode func(helper.Credential) ([]byte, error), c helper.Credential) []byte {
	t.Helper()
	item, err := encode(c)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return item
}

// wantSame compares every field, the texts of the secrets and the times'
// nanoseconds and zones included.
func wantSame(t *testing.T, got, want helper.Credential) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("credential differs (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestCodec_RoundTrip(t *testing.T) {
	for _, f := range formsOfItems() {
		t.Run(f.name, func(t *testing.T) {
			wantSame(t, roundTrip(t, f, sample()), sample())
		})
	}
}

// TestCodec_LeastCredential checks a credential of an issuer that said as
// little as it may.
func TestCodec_LeastCredential(t *testing.T) {
	least := helper.Credential{
		AccessToken: helper.NewSecret("x"), Expiry: start(), Generation: 1,
		Issuer: helper.Issuer{TokenEndpoint: "https://issuer.example/token"},
	}
	for _, f := range formsOfItems() {
		t.Run(f.name, func(t *testing.T) {
			back := roundTrip(t, f, least)
			wantSame(t, back, least)
			if !back.RefreshToken.IsZero() {
				t.Error("a refresh token came from nowhere")
			}
		})
	}
}

// TestCodec_TimesAreUTC checks that an item does not tell the zone of the
// computer, and that the moment stays.
func TestCodec_TimesAreUTC(t *testing.T) {
	c, zone := sample(), time.FixedZone("east", 5*60*60+30*60)
	c.Expiry, c.ObtainedAt = c.Expiry.In(zone), c.ObtainedAt.In(zone)
	for _, f := range formsOfItems() {
		t.Run(f.name, func(t *testing.T) {
			wantSame(t, roundTrip(t, f, c), sample())
		})
	}
	if item := mustEncode(t, helper.Encode, c); bytes.Contains(item, []byte("+05:30")) {
		t.Errorf("the item tells the zone: %s", item)
	}
}

// TestCodec_Tokens checks tokens that look like base64url and are not what an
// encoder writes: padded, of an impossible length, with stray bits at the end,
// with empty segments, with other characters.
func TestCodec_Tokens(t *testing.T) {
	for _, token := range []string{
		"a", "ab", "abc", "abcd", "abcde", "QQ", "QR", "QQ==", "QUI=", "QUJD", "-_-_", "+/+/",
		".", "..", "a.", ".a", "a..b", "QQ.QR.QUI", "eyJ9.QUJE.Zm9v.", "\n", "QUJD\nQUJD", "QUJD\r", "ü.ü", "a b", "{}",
		"\x01",
		"<script>&amp;", "\u2028", "\ufffd",
	} {
		for _, f := range formsOfItems() {
			c := sample()
			c.AccessToken, c.RefreshToken = helper.NewSecret(token), helper.NewSecret("r"+token)
			back := roundTrip(t, f, c)
			if back.AccessToken.Reveal() != token || back.RefreshToken.Reveal() != "r"+token {
				t.Errorf("%s form: token %q came back as %q, with r in front as %q", f.name, token, back.AccessToken.Reveal(),
					back.RefreshToken.Reveal())
			}
		}
	}
}

// TestCodec_FormsAreToldApart checks the first byte of each form: a later form
// needs another one.
func TestCodec_FormsAreToldApart(t *testing.T) {
	plain, compact := mustEncode(t, helper.Encode, sample()), mustEncode(t, helper.EncodeCompact, sample())
	if plain[0] != '{' || compact[0] != 1 {
		t.Errorf("the forms begin with %#x and %#x, want a brace and 1", plain[0], compact[0])
	}
}
