package refresh

import (
	"testing"
)

// FuzzGrant: nothing panics; what is printed is printable; and where the strict
// reader of a sign-in finds the tokens, this one finds the same.
func FuzzGrant(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 62\r\n\r\n" + wholeTokens, "HTTP/1.1 500 -\r\n\r\n" + wholeTokens, wholeTokens +
			wholeTokens,
		`{"access_token":" a\n","refresh_token":"r","refresh_token":""}`, `{"error":"invalid_grant"}`, "\ufeff{",
		`{"x":{"access_token":"a","refresh_token":"r"},"access_token":"b","token_type":"Bearer"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := answer{sent: true, raw: raw}
		a.parseRaw(nil)
		g, err := a.grant(ProfileOAuth)
		if token := g.access.Reveal(); token != "" && !tokenText(token) {
			t.Fatalf("an access token of %d bytes that cannot be printed", len(token))
		}
		got := judge(a, err)
		if (err == nil) != (got == success) || err == nil && g.access.IsZero() {
			t.Fatalf("outcome %d with error %v", got, err)
		}
		strict, strictErr := a.strictGrant(ProfileOAuth)
		if strictErr == nil && !strict.refresh.IsZero() && (err != nil || !sameGrant(g, strict)) {
			t.Fatalf("error %v, or other tokens than the strict reader's", err)
		}
	})
}

func sameGrant(a, b grant) bool {
	return a.access.Equal(b.access) && a.refresh.Equal(b.refresh) && a.idToken.Equal(b.idToken) &&
		a.life == b.life && a.expiresAtOnce == b.expiresAtOnce && a.scope == b.scope
}
